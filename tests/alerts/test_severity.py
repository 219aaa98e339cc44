"""Severity by kind, value and a second bad sign, as rows with the verdict in the last column."""

from __future__ import annotations

import pytest

from alerts.severity import severity_for
from alerts.types import ALERT_TYPES


@pytest.mark.parametrize(
    ("alert_type", "usd_cents", "aggravated", "severity"),
    [
        ("position_drift", None, False, "P2"),
        ("position_drift", 9_999_999, False, "P2"),
        ("position_drift", 10_000_000, False, "P1"),
        ("position_drift", -10_000_000, False, "P1"),
        ("fee_outlier", 999_999, False, "P2"),
        ("fee_outlier", 1_000_000, False, "P1"),
        ("in_transit_overdue", 10_000_000, False, "P3"),
        ("in_transit_overdue", 10_000_000, True, "P2"),
        ("missing_credit", None, True, "P2"),
        ("restatement", None, False, "P3"),
        ("restatement", None, True, "P1"),
        ("amount_mismatch", 1, True, "P1"),
        ("flow_anomaly", None, True, "P2"),
        ("event_conflict", None, True, "P2"),
        ("monitor_lag", None, False, "P1"),
        ("control_total_broken", None, False, "P3"),
        ("control_total_broken", None, True, "P2"),
        ("unmapped_account", None, False, "P2"),
        ("alert_storm", None, False, "P2"),
    ],
)
def test_the_table(alert_type: str, usd_cents: int | None, aggravated: bool, severity: str) -> None:
    assert severity_for(alert_type, usd_cents, aggravated=aggravated) == severity


@pytest.mark.parametrize("name", ALERT_TYPES)
def test_every_type_has_one_and_a_bad_sign_never_lowers_it(name: str) -> None:
    assert severity_for(name, aggravated=True) <= severity_for(name)


def test_the_limit_is_the_callers() -> None:
    assert severity_for("position_drift", 500, p1_from_usd_cents={"position_drift": 500}) == "P1"
    assert severity_for("position_drift", 10**12, p1_from_usd_cents={}) == "P2"


def test_a_type_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_type"):
        severity_for("no_such_type")
