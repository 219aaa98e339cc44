"""The three-way join: what was instructed, what the books say, and what moved; and what stands on one side only."""

from __future__ import annotations

from ledger.check import Check
from ledger.matching.join import Join

CHECKS: tuple[type[Check], ...] = (Join,)
"""The checks of this room, in the order in which they hear and speak."""
