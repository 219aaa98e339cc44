"""The numbers that decide what the checks conclude, each with its unit in its name and its default.

They are part of the monitor's settings, which reach it through the log only.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0, le=1e12)]
Dollars = Annotated[int, Meta(ge=0, le=10**15)]
Times = Annotated[float, Meta(ge=1, le=1e9)]
Number = Annotated[int, Meta(ge=1, le=10**6)]


class Limits(Struct, frozen=True, kw_only=True):
    """What decides in the ledger's checks."""

    material_usd: Dollars = 100_000
    """From this value on one snapshot is enough, and a drift is P1."""

    # --- feeds: whether what is heard can be relied on -------------------------------------------------------
    silent_s: Positive = 900.0
    """A source that says nothing, or delivers nothing, for this long and three times its usual pause is silent."""
    gap_wait_s: Positive = 5.0
    """So long a missing number in a sequence may still come, from a source that sends no heartbeats."""
    stale_snapshots: Number = 3
    """So many identical bodies while flows settle say that a snapshot is stale."""
    suppress_s: Positive = 28_800.0
    """So long bad data hold back the breaks that depend on them."""
    suppress_usd: Dollars = 5_000_000
    """A break of this value is told however bad the data are."""

    # --- books ------------------------------------------------------------------------------------------------
    journal_s: Positive = 10.0
    """So long after its first leg a journal may be incomplete."""
    totals_s: Positive = 60.0
    """So long client liabilities may exceed holdings within the band of racing feeds."""

    # --- matching ---------------------------------------------------------------------------------------------
    unmatched_s: Positive = 60.0
    """So long a movement may wait for its instruction, or a credit for its inflow."""
    wrong_account_s: Positive = 60.0
    """So long a credit may stand on another client's account."""
    missing_debit_s: Positive = 900.0
    """So long after its end a withdrawal may be without a debit."""
    credit_s: Positive = 900.0
    """So long after its end a deposit may be without a credit, where no route says so."""
