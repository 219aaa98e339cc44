"""The numbers that decide what the checks conclude, each with its unit in its name and its default.

They are part of the monitor's settings, which reach it through the log only.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from ledger.policy.document import Policy, default_policy

Positive = Annotated[float, Meta(gt=0, le=1e12)]
Dollars = Annotated[int, Meta(ge=0, le=10**15)]
Times = Annotated[float, Meta(ge=1, le=1e9)]
Number = Annotated[int, Meta(ge=1, le=10**6)]
Share = Annotated[float, Meta(ge=1e-9, lt=1)]


class Limits(Struct, frozen=True, kw_only=True):
    """What decides in the ledger's checks."""

    policy: Policy = field(default_factory=default_policy)
    """Which movements are free of risk, what holds them, and what clients were promised."""
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
    control_total_s: Positive = 900.0
    """So long a booking between own accounts and the outside may be without its movement."""
    suspense_age_s: Positive = 259_200.0
    """From this age on a receipt in suspense is old."""
    suspense_usd: Dollars = 10_000
    """From this value on the growth of a suspense account within a day may be unusual."""
    suspense_growth_s: Positive = 14_400.0
    """So long unusual growth of a suspense account may stand before it is told: most of it is placed soon."""

    # --- matching ---------------------------------------------------------------------------------------------
    unmatched_s: Positive = 60.0
    """So long a movement may wait for its instruction, or a credit for its inflow."""
    wrong_account_s: Positive = 60.0
    """So long a credit may stand on another client's account."""
    missing_debit_s: Positive = 900.0
    """So long after its end a withdrawal may be without a debit."""
    credit_s: Positive = 900.0
    """So long after its end a deposit may be without a credit, where no route says so."""
    undone_credit_s: Positive = 5.0
    """So long a credit may stand whose inflow failed before it ever arrived."""
    match_window_s: Positive = 86_400.0
    """So far apart a movement and a posting that names none, or a request under another id, may be one."""
    executed_share: Share = 0.01
    """By so much of the amount, besides the fee, an execution may differ from its instruction."""

    # --- screens ----------------------------------------------------------------------------------------------
    manual_credit_usd: Dollars = 1_000_000
    """From this value on a credit that no money came for may be a slip of the unit."""
    manual_credit_times: Times = 20.0
    """So many times the largest of its kind so far is a slip of the unit."""
    fee_times: Times = 50.0
    """A fee beyond so many times what is usual lately is an outlier; half of that, if it is a quarter of the amount."""
    fee_min_usd: Dollars = 10
    """Below this value no fee is an outlier."""
    fee_alone_usd: Dollars = 10_000
    """From this value on a fee of a quarter of the amount is an outlier where no other fees are known."""
    duplicate_s: Positive = 86_400.0
    """So long after a payment another like it is taken for the same."""
    drain_s: Positive = 600.0
    """Unplanned outflows of several assets within this time are one drain."""
    drain_wait_s: Positive = 30.0
    """So long after the first of two unplanned outflows a third one is waited for."""
    drain_over_s: Positive = 3_600.0
    """A place that nothing unplanned has left for this long is no longer being drained."""
    split_s: Positive = 7_200.0
    """Withdrawals within this time may be one that was split to stay under a limit."""
    split_count: Number = 4
    """From so many withdrawals just under a limit on it looks like splitting."""
    split_percent: Annotated[int, Meta(ge=1, le=100)] = 70
    """From this part of a limit on a withdrawal is just under it."""
    correction_s: Positive = 900.0
    """So long after a correction the break that it names may still stand."""

    # --- pace -------------------------------------------------------------------------------------------------
    learned_p99_moves: Number = 50
    """So many finished movements say how long a route takes whose record does not."""
    learned_only_moves: Number = 30
    """So many finished movements say how long a way takes that is on no record at all."""
    transit_max_s: Positive = 604_800.0
    """Longer than this nothing that was learned lets value be under way."""
    settlement_s: Positive = 60.0
    """So long after its end a planned settlement, or collateral that was called for, may be unmet."""
    second_leg_s: Positive = 900.0
    """So long after its first leg the second one of a trade may come, where no route says so."""
    second_leg_pairs: Number = 5
    """So many trades of two legs, seen at a place, say that they come in pairs there."""
