"""The record as it leaves: the contract's fields in their order, plain decimals, times in UTC, one line of JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.checks import sample
from alerts.records import Scope, Severity, encode, is_plain_decimal, rfc3339, rounded, scope_of

CONTRACT = [
    "alert_id",
    "incident_id",
    "type",
    "severity",
    "state",
    "scope",
    "expected",
    "observed",
    "difference",
    "usd",
    "opened_at",
    "updated_at",
    "seq",
    "count",
    "evidence",
    "explanation",
    "rule",
    "model",
    "score",
    "threshold",
    "suggested_action",
    "runbook",
]
OPTIONAL = {"expected", "observed", "difference", "usd", "rule", "model", "score", "threshold"}


def test_fields_and_their_order_are_the_contracts() -> None:
    assert list(sample(0).__struct_fields__) == CONTRACT
    full = replace(
        sample(0), expected="1", observed="2", difference="1", usd="9.50", model="cusum", score=0.0, threshold=4.5
    )
    assert list(json.loads(encode(full))) == CONTRACT


def test_what_does_not_apply_is_left_out() -> None:
    told = json.loads(encode(replace(sample(0), rule=None)))
    assert set(CONTRACT) - set(told) == OPTIONAL
    assert told["scope"] == {"location": "venue:one", "asset": "BTC"}


def test_the_line_reads() -> None:
    assert encode(replace(sample(3), evidence=("a", "b"))).startswith(
        b'{"alert_id":"al-0123456789abcdef0123","incident_id":"in-0123456789abcdef0123","type":"position_drift",'
        b'"severity":"P2","state":"open","scope":{"location":"venue:one","asset":"BTC"},'
        b'"opened_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z","seq":3,"count":4,'
        b'"evidence":["a","b"],"explanation":'
    )


@given(st.text())
def test_any_text_is_one_printable_line_and_reads_back(text: str) -> None:
    line = encode(sample(0, explanation=text)).decode()
    assert line.isprintable()
    assert json.loads(line)["explanation"] == text


@pytest.mark.parametrize(
    ("at_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_767_225_600_000_000, "2026-01-01T00:00:00Z"),
        (1_767_225_600_250_000, "2026-01-01T00:00:00.250000Z"),
        (1_767_225_600_000_001, "2026-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_exact(at_us: int, text: str) -> None:
    assert rfc3339(at_us) == text


def test_scope_does_not_mind_the_order_of_its_parts() -> None:
    one = scope_of({"asset": "BTC", "location": "venue:one"})
    two = scope_of((("location", "venue:one"), ("asset", "BTC")))
    assert one == two
    assert one.key() == two.key() == "asset=BTC|location=venue:one"
    assert list(one.to_plain()) == ["location", "asset"]
    assert Scope().key() == ""


def test_scope_refuses_a_part_that_the_contract_lacks() -> None:
    with pytest.raises(TypeError, match="desk"):
        scope_of({"desk": "otc"})


def test_severities_sort_worst_first() -> None:
    assert min(Severity) is Severity.P1
    assert sorted(Severity) == [Severity.P1, Severity.P2, Severity.P3, Severity.P4]


@pytest.mark.parametrize("text", ["0", "-0.40", "1" * 60, "1." + "0" * 30])
def test_plain_decimals_pass(text: str) -> None:
    assert is_plain_decimal(text)


@pytest.mark.parametrize("text", ["", "1e5", "+1", ".5", "1.", "NaN", "1\n", "٣", "1" * 401, "1." + "0" * 31])
def test_other_numbers_do_not(text: str) -> None:
    assert not is_plain_decimal(text)


def test_scores_lose_their_last_bits_and_stay_finite() -> None:
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(1.234567891e-12) == 1.23457e-12
    with pytest.raises(AssertionError, match="finite"):
        rounded(float("nan"))
