"""How bad it is: severity by the kind of alert, by its value where an amount decides, and by a second bad sign.

The defaults are those of section 8 of the event contract. Amounts are integers, in US cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from alerts.records import Severity

_P1, _P2, _P3, _P4 = Severity.P1, Severity.P2, Severity.P3, Severity.P4

P1_FROM_USD_CENTS: Final[Mapping[str, int]] = MappingProxyType({"position_drift": 10_000_000, "fee_outlier": 1_000_000})
"""From which value, in US cents and inclusive, an alert of this type is P1."""

_BASE: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "liabilities_exceed_holdings": _P1,
        "negative_balance": _P1,
        "credit_line_breach": _P1,
        "unbalanced_journal": _P2,
        "balance_chain_broken": _P3,
        "source_gap": _P3,
        "unmatched_outflow": _P1,
        "phantom_credit": _P1,
        "unmatched_inflow": _P3,
        "missing_credit": _P3,
        "missing_debit": _P3,
        "double_credit": _P1,
        "duplicate_payment": _P1,
        "amount_mismatch": _P3,
        "wrong_account": _P2,
        "unexpected_destination": _P1,
        "wrong_network": _P1,
        "lookalike_address": _P1,
        "unit_or_decimal_error": _P1,
        "reorged_credit": _P1,
        "missing_tag": _P2,
        "unregistered_address": _P2,
        "unproved_address": _P2,
        "policy_violation": _P2,
        "four_eyes_violation": _P2,
        "fee_outlier": _P2,
        "position_drift": _P2,
        "drift_trend": _P3,
        "in_transit_overdue": _P3,
        "sla_breach": _P3,
        "settlement_overdue": _P3,
        "restatement": _P3,
        "stale_snapshot": _P3,
        "source_silent": _P2,
        "clock_skew": _P2,
        "unknown_asset": _P2,
        "event_conflict": _P2,
        "beyond_horizon": _P2,
        "control_total_broken": _P3,
        "unmapped_account": _P2,
        "correction_failed": _P3,
        "suspense_growth": _P3,
        "flow_anomaly": _P3,
        "multi_asset_drain": _P1,
        "alert_storm": _P2,
        "brake_applied": _P4,
        "monitor_lag": _P1,
        "state_disagrees": _P1,
    }
)

_AGGRAVATED: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "missing_credit": _P2,  # twice the time it may take
        "in_transit_overdue": _P2,  # the same
        "sla_breach": _P2,
        "settlement_overdue": _P2,
        "amount_mismatch": _P1,  # more was credited than came
        "restatement": _P1,  # the old amount is already paid on
        "control_total_broken": _P2,  # nobody can say why
        "suspense_growth": _P2,  # a second signal agrees
        "flow_anomaly": _P2,
    }
)


def severity_for(
    alert_type: str,
    usd_cents: int | None = None,
    *,
    aggravated: bool = False,
    p1_from_usd_cents: Mapping[str, int] = P1_FROM_USD_CENTS,
) -> Severity:
    """Return the severity of an alert of this type.

    `usd_cents` is its value, of either sign; None (no price known) leaves the severity of the type. `aggravated` says
    that the worse case of the type applies: twice the deadline, more credited than came, already paid on, a second
    signal, or no cause that anybody can name. Raises KeyError for a type that the table does not have.

    >>> severity_for("position_drift", -10_000_000).value
    'P1'
    """
    limit = p1_from_usd_cents.get(alert_type)
    if limit is not None and usd_cents is not None and abs(usd_cents) >= limit:
        return Severity.P1
    base = _BASE[alert_type]
    return _AGGRAVATED.get(alert_type, base) if aggravated else base
