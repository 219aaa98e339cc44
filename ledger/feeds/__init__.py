"""Whether what is heard can be relied on: silence, gaps, stale balances, maintenance, and when absence proves something."""

from __future__ import annotations

from ledger.check import Check
from ledger.feeds.sequences import Sequences

CHECKS: tuple[type[Check], ...] = (Sequences,)
"""The checks of this room, in the order in which they hear and speak."""
