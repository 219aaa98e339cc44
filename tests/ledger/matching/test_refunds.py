"""What undoes another movement is never more than that, all of it together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.matching.desk import Desk

MORE = "amount_mismatch P1"
SLIP = "unit_or_decimal_error P1"


def refund(desk: Desk, amount: str, name: str = "R-1", status: str = "requested", **more: Any) -> set[str]:
    usual: dict[str, Any] = {"op_type": "refund", "asset": "USD", "ids": {"refers_to": "P-1"}}
    return desk.hear(desk.own(name, status, amount, **{**usual, **more}))


def charged(*, restarts: bool = False) -> Desk:
    desk = Desk(restarts=restarts)
    desk.hear(desk.own("P-1", amount="100", asset="USD", op_type="fee"))
    return desk


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("100", None),
        ("40", None),
        ("10", None),
        ("100.01", None),
        ("101", MORE),
        ("1000", SLIP),
        ("10474143", MORE),
    ],
)
def test_a_refund_is_at_most_what_it_refers_to(amount: str, told: str | None) -> None:
    desk = charged(restarts=True)
    assert refund(desk, amount) == ({told} if told else set())


def test_an_amount_that_is_the_number_of_an_account_is_a_slip() -> None:
    desk = charged()
    ids = {"refers_to": "P-1", "end_to_end_id": "ACCT-10474143"}
    assert refund(desk, "10474143", ids=ids) == {SLIP}
    assert "its amount is the number in ACCT-10474143" in desk.told_of("unit_or_decimal_error").explanation


def test_a_reversal_names_what_it_reverses() -> None:
    desk = charged()
    assert refund(desk, "200", op_type="reversal", ids={"reverses": "P-1"}) == {MORE}


def test_the_reference_may_be_heard_of_later() -> None:
    desk = Desk()
    assert refund(desk, "200") == set()
    assert desk.hear(desk.own("P-1", amount="100", asset="USD", op_type="fee")) == {MORE}


def test_the_same_number_in_another_asset_is_a_slip() -> None:
    desk = charged()
    assert refund(desk, "100", asset="BTC") == {SLIP}
    assert refund(desk, "0.001", "R-2", asset="BTC") == set()


def test_one_that_is_undone_undoes_nothing() -> None:
    desk = charged(restarts=True)
    refund(desk, "60", "R-1")
    assert refund(desk, "60", "R-2") == {MORE}
    refund(desk, "60", "R-1", "cancelled")
    assert desk.ended == {"amount_mismatch": "explained"}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_of_several_the_first_beyond_the_whole_is_told(amounts: list[int]) -> None:
    desk = charged()
    spent = 0
    for number, amount in enumerate(amounts):
        spent += amount
        said = refund(desk, str(amount), f"R-{number}")
        assert bool(said) == (spent > 100)
