"""Movements in time: how long each route takes, what is late, and which planned settlements were not met."""

from __future__ import annotations

from ledger.check import Check
from ledger.pace.pairs import Pairs
from ledger.pace.progress import Progress
from ledger.pace.settlements import Settlements

CHECKS: tuple[type[Check], ...] = (Progress, Settlements, Pairs)
"""The checks of this room, in the order in which they hear and speak."""
