"""Every kind of alert says what to do, and has a page that says it at length."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.types import ALERT_TYPES, RAISED

ROOT = Path(__file__).parents[2]
HEADINGS = ["## What it means", "## What to look at", "## What to do", "## Often confused with"]
CONTRACT = [
    "liabilities_exceed_holdings",
    "negative_balance",
    "credit_line_breach",
    "unbalanced_journal",
    "balance_chain_broken",
    "source_gap",
    "unmatched_outflow",
    "phantom_credit",
    "unmatched_inflow",
    "missing_credit",
    "missing_debit",
    "double_credit",
    "duplicate_payment",
    "amount_mismatch",
    "wrong_account",
    "unexpected_destination",
    "wrong_network",
    "lookalike_address",
    "unit_or_decimal_error",
    "reorged_credit",
    "missing_tag",
    "unregistered_address",
    "unproved_address",
    "policy_violation",
    "four_eyes_violation",
    "fee_outlier",
    "position_drift",
    "drift_trend",
    "in_transit_overdue",
    "sla_breach",
    "settlement_overdue",
    "restatement",
    "stale_snapshot",
    "source_silent",
    "clock_skew",
    "unknown_asset",
    "event_conflict",
    "beyond_horizon",
    "suspense_growth",
    "flow_anomaly",
    "multi_asset_drain",
    "monitor_lag",
]


def test_the_contracts_types_keep_their_names() -> None:
    assert set(CONTRACT) <= set(ALERT_TYPES)


def test_every_type_is_raised() -> None:
    assert set(RAISED) == set(ALERT_TYPES)


@pytest.mark.parametrize("name", ALERT_TYPES)
def test_the_action_is_a_sentence(name: str) -> None:
    kind = ALERT_TYPES[name]
    assert kind.name == name
    assert kind.suggested_action[0].isupper()
    assert kind.suggested_action.endswith(".")
    assert kind.runbook == f"docs/runbooks/{name}.md"


@pytest.mark.parametrize("name", RAISED)
def test_a_type_that_is_raised_has_a_page_of_a_screen(name: str) -> None:
    lines = (ROOT / ALERT_TYPES[name].runbook).read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {name}"
    assert [line for line in lines if line.startswith("## ")] == HEADINGS
    sections = "\n".join(lines).split("\n## ")[1:]
    assert all(len(section.split("\n", 1)[1].strip()) > 80 for section in sections), "a heading with little under it"
    assert 20 <= len(lines) <= 32
    assert max(map(len, lines)) <= 120
    assert any(severity in sections[0] for severity in ("P1", "P2", "P3", "P4")), "how bad it is, is said at once"


def test_no_page_is_for_a_type_that_does_not_exist() -> None:
    pages = {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")}
    assert pages <= set(ALERT_TYPES)
