"""Movements in time: how long each route takes, what is late, and which planned settlements were not met."""

from __future__ import annotations

from ledger.check import Check

CHECKS: tuple[type[Check], ...] = ()
"""The checks of this room, in the order in which they hear and speak."""
