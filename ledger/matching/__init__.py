"""The three-way join: what was instructed, what the books say, and what moved; and what stands on one side only."""

from __future__ import annotations

from ledger.check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks of this room, in the order in which they hear and speak."""
