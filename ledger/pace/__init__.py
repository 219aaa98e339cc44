"""Movements in time: how long each route takes, what is late, what clients were promised, and which planned settlements
were not met.
"""

from __future__ import annotations

from ledger.check import Check
from ledger.pace.pairs import Pairs
from ledger.pace.progress import Progress
from ledger.pace.settlements import Settlements
from ledger.pace.stages import Stages

CHECKS: tuple[type[Check], ...] = (Progress, Settlements, Pairs, Stages)
"""The checks of this room, in the order in which they hear and speak."""
