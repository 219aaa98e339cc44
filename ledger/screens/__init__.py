"""Errors that show by their shape: destinations, amounts, fees, duplicates, drains. No tuning decides them."""

from __future__ import annotations

from ledger.check import Check
from ledger.screens.controls import Controls
from ledger.screens.corrections import Corrections
from ledger.screens.destinations import Destinations
from ledger.screens.drains import Drains
from ledger.screens.duplicates import Duplicates
from ledger.screens.executed import Executed
from ledger.screens.fees import FeeOutliers
from ledger.screens.legs import Legs
from ledger.screens.manual import ManualCredits
from ledger.screens.planned import Planned
from ledger.screens.proofs import Proofs
from ledger.screens.splitting import Splitting

CHECKS: tuple[type[Check], ...] = (
    Planned, Executed, Destinations, Proofs, Legs, ManualCredits, FeeOutliers, Duplicates, Drains, Controls, Splitting,
    Corrections,
)  # fmt: skip
"""The checks of this room, in the order in which they hear and speak."""
