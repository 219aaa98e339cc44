"""Errors that show by their shape: destinations, amounts, fees, duplicates, drains. No tuning decides them."""

from __future__ import annotations

from ledger.check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks of this room, in the order in which they hear and speak."""
