"""The firm's own books: journals that add up to zero, accounts with their chains and lines, and control totals."""

from __future__ import annotations

from ledger.check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks of this room, in the order in which they hear and speak."""
