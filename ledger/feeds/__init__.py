"""Whether what is heard can be relied on: silence, gaps, stale balances, maintenance, and when absence proves something."""

from __future__ import annotations

from ledger.check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks of this room, in the order in which they hear and speak."""
