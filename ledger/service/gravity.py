"""Which breaches count as errors, and which of them are grave: those that people must act upon now (P1 and P2).

The room of the alerts gives severities, and the ledger does not know it: what is less than P2 is listed here, and a test
holds the two lists against each other.
"""

from __future__ import annotations

from ledger.findings import Breach

_GROWS = frozenset(
    ("missing_credit", "amount_mismatch", "in_transit_overdue", "sla_breach", "settlement_overdue", "restatement",
     "control_total_broken", "suspense_growth", "flow_anomaly")
)  # fmt: skip
"""Grave in their worse case only."""
_MINOR = frozenset(
    ("balance_chain_broken", "source_gap", "unmatched_inflow", "missing_debit", "drift_trend", "stale_snapshot",
     "correction_failed")
)  # fmt: skip


_NO_ERROR = ("brake_applied", "promise_foreseen")
"""What holds a movement, or foresees what will go wrong, has not gone wrong."""


def is_error(breach: Breach) -> bool:
    """Tell whether a breach says that something went wrong."""
    return breach.kind not in _NO_ERROR and breach.rule not in _NO_ERROR


def is_grave(breach: Breach) -> bool:
    """Tell whether a breach is P1 or P2, whatever it is worth."""
    return breach.kind not in _MINOR and (breach.worse or breach.kind not in _GROWS)
