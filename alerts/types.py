"""Every kind of alert by its name, with the one sentence that tells an analyst what to do first, and its runbook.

The names are those of section 8 of the event contract, and some of our own: `unmapped_account`, `control_total_broken`,
`correction_failed`, `brake_applied`, `alert_storm` and `state_disagrees`. More may be added; these never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_ACTIONS: Final[dict[str, str]] = {
    "liabilities_exceed_holdings": "Stop outgoing payments in this asset and find the holding or the credit that is "
    "wrong before anything else leaves.",
    "negative_balance": "Block further debits on this account and trace the posting that took it below zero.",
    "credit_line_breach": "Block further debits on this account and ask credit risk to confirm or call the line.",
    "unbalanced_journal": "Find the missing or wrong leg of this journal in the ledger and have it posted or reversed.",
    "balance_chain_broken": "Ask the ledger for a backfill of this account between the two sequence numbers shown.",
    "source_gap": "Ask this source for a backfill of the sequence numbers that are missing.",
    "unmatched_outflow": "Call the custodian to stop this outflow if it is not final, and find who instructed it.",
    "phantom_credit": "Freeze the credited amount on the client's account until a receipt is found for it.",
    "unmatched_inflow": "Identify the sender of this receipt and book it to the client or to suspense.",
    "missing_credit": "Book the credit for this deposit, or note why it is held back.",
    "missing_debit": "Book the debit for this completed withdrawal before the client can spend the amount again.",
    "double_credit": "Freeze the second credit and have it reversed.",
    "duplicate_payment": "Recall the second payment, and stop the process that sent it twice.",
    "amount_mismatch": "Compare the credited amount with the receipt and correct the posting.",
    "wrong_account": "Move the posting to the account that the movement names, with a second person's approval.",
    "unexpected_destination": "Stop this movement if it is not final and confirm the destination with who planned it.",
    "wrong_network": "Stop this movement if it is not final and ask the venue whether it can recover the asset.",
    "lookalike_address": "Stop this movement and confirm the address with the client by a known telephone number.",
    "unit_or_decimal_error": "Hold this movement and check the amount against the source in whole units of the asset.",
    "reorged_credit": "Reverse the credit until the deposit is confirmed again, and freeze what depends on it.",
    "missing_tag": "Ask the receiver to credit by hand, with the transaction hash, and add the tag to the address.",
    "unregistered_address": "Confirm who owns this address, then register it or have the movement returned.",
    "unproved_address": "Obtain proof of control for this address before it is used again.",
    "policy_violation": "Show this movement to the policy owner and record whether it was an allowed exception.",
    "four_eyes_violation": "Have a second person review this movement now, and report the missing approval.",
    "fee_outlier": "Compare this fee with the network or venue rate at that time and claim back what is too much.",
    "position_drift": "Compare the venue's statement with the movements listed as evidence and find the one that is "
    "missing, doubled or wrong.",
    "drift_trend": "List the small differences of this location and asset since the trend began and look for a fee or "
    "a rounding that is never booked.",
    "in_transit_overdue": "Look the transaction up at the receiver and on the network, and chase whoever holds it.",
    "sla_breach": "Find the step at which this movement is waiting and ask its owner to move it on.",
    "settlement_overdue": "Call the counterparty about the leg that has not settled and hold the other one back.",
    "restatement": "Check whether the old amount was already booked or paid on, and correct what was.",
    "stale_snapshot": "Ask this location for a fresh balance; do not rely on the one shown until it moves.",
    "source_silent": "Check the connection to this source and ask its operator whether it is down.",
    "clock_skew": "Check the clock of this source and of the collector that reads it.",
    "unknown_asset": "Add this asset to the reference data with its decimals, or correct the code at the source.",
    "event_conflict": "Ask this source which of the two versions is right, and have it sent as a new revision.",
    "beyond_horizon": "Decide with finance whether this old event is to be booked by hand; it was not applied.",
    "suspense_growth": "Work the suspense account down: identify the oldest and the largest receipts first.",
    "flow_anomaly": "Confirm this movement with the client or the desk that initiated it, before it is released.",
    "multi_asset_drain": "Freeze all outgoing movements of this location now and call the security lead.",
    "unmapped_account": "Find out whose account this is and have its reference entered, before anything more is booked on "
    "it.",
    "control_total_broken": "Compare books and holdings of this asset account by account and find the entry that only one "
    "of the two has.",
    "correction_failed": "Find what the correction left open, and have the rest corrected with a reference to the same "
    "break.",
    "brake_applied": "Work on the alert that holds these movements; they go on by themselves when it ends.",
    "alert_storm": "Work this incident as one: read its first and its worst alerts and stop what they share.",
    "state_disagrees": "Hold what is released on the word of Driftline, and run `driftline rebuild` to see which rows are "
    "wrong.",
    "monitor_lag": "Treat all figures as old until this closes, and check the worker and its broker.",
}


@dataclass(frozen=True, slots=True)
class AlertType:
    """One kind of alert: its name, the first thing to do (an imperative sentence), and the path of its runbook."""

    name: str
    suggested_action: str
    runbook: str


ALERT_TYPES: Final[Mapping[str, AlertType]] = MappingProxyType(
    {name: AlertType(name, action, f"docs/runbooks/{name}.md") for name, action in _ACTIONS.items()}
)

RAISED: Final[tuple[str, ...]] = tuple(ALERT_TYPES)
"""The types that this release raises: all of them. Each has a page in `docs/runbooks/`."""
