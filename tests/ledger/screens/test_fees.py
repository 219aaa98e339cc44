"""Fees out of all proportion, and fees that everybody pays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.screens import fees
from tests.ledger.screens.desk import Desk
from tests.ledger.wire import reference

P1, P2 = "fee_outlier P1", "fee_outlier P2"
USUAL = Decimal("0.001")  # ETH, 3 USD


def pay(desk: Desk, number: int | str, fee: Decimal | str, status: str = "requested", **more: Any) -> set[str]:
    """Hear of a withdrawal with a fee, of an amount that no other has; return what is said of fees."""
    told: dict[str, Any] = {"fee_asset": "ETH", "fee_payer": "sender", "amount": f"1000.{desk.told:06}1"}
    return desk.move(f"W-{number}", status, **{**told, "fee_amount": f"{Decimal(fee):f}", **more}) & {P1, P2}


def used_to(count: int = 30, fee: Decimal = USUAL) -> Desk:
    desk = Desk()
    for number in range(count):
        assert pay(desk, number, fee * (1 + number % 20)) == set()
    return desk


@given(st.permutations(range(1, 21)), st.integers(1, 20))
def test_congestion_that_everybody_pays_for_is_quiet(spread: list[int], times: int) -> None:
    desk = Desk()
    for number, part in enumerate(spread):
        assert pay(desk, number, USUAL * part) == set()
    for number, part in enumerate(spread):
        assert pay(desk, f"c{number}", USUAL * part * times, amount="7000") == set()


def test_one_that_only_one_pays_is_told_by_its_worth() -> None:
    assert pay(used_to(), "x", "2") == {P2}
    assert pay(used_to(), "x", "20") == {P1}
    assert pay(used_to(), "x", "0.4") == set()


def test_half_as_much_is_too_much_where_it_is_a_part_of_the_amount() -> None:
    assert pay(used_to(), "x", "0.4", amount="1.5") == {P2}
    assert pay(used_to(), "x", "0.4", amount="1.7") == set()
    assert pay(used_to(), "x", "0.4", amount="1.5", asset="USDC") == set(), "that is another asset"


def test_it_is_told_when_it_is_first_said() -> None:
    desk = used_to()
    assert pay(desk, "x", USUAL) == set()
    assert pay(desk, "x", USUAL, "approved") == set()
    assert pay(desk, "x", "2", "broadcast") == {P2}
    assert pay(desk, "x", "2", "completed") == set()
    assert pay(desk, "x", USUAL, "completed", revision=1) == set()
    assert desk.ended == {"fee_outlier": "explained"}


def test_what_is_undone_costs_nothing() -> None:
    desk = used_to()
    pay(desk, "x", "2")
    pay(desk, "x", "2", "failed")
    assert desk.ended == {"fee_outlier": "resolved"}


def test_below_a_few_dollars_no_fee_is_worth_a_word() -> None:
    desk = used_to(fee=Decimal("0.0000001"))
    assert pay(desk, "x", "0.003") == set()
    assert pay(desk, "y", "0.004") == {P2}


@pytest.mark.parametrize(
    "other", [{"asset": "XRP", "network": "xrpl:0", "fee_asset": "XRP"}, {"from": {"location": "venue"}}]
)
def test_each_network_and_kind_of_place_has_its_own_usual(other: dict[str, Any]) -> None:
    assert pay(used_to(), "x", "2", **other, amount="100000") == set()


def test_what_a_stranger_pays_is_not_ours() -> None:
    assert pay(used_to(), "x", "2", fee_payer="third_party") == set()


@pytest.mark.parametrize(
    ("fee", "amount", "asset", "said"),
    [("4", "10", "ETH", {P1}), ("4", "17", "ETH", set()), ("3", "10", "ETH", set()), ("4", "5000", "USDC", {P1})],
)
def test_at_first_only_a_large_part_of_the_amount_says_so(fee: str, amount: str, asset: str, said: set[str]) -> None:
    assert pay(used_to(fees.FEES_NEEDED - 1), "x", fee, amount=amount, asset=asset) == said


def test_an_outlier_is_not_learned_until_it_is_the_price() -> None:
    desk = used_to()
    assert [pay(desk, f"x{number}", "2", amount=f"{900 + number}") for number in range(8)] == [{P2}] * 5 + [set()] * 3


def test_outliers_with_usual_fees_in_between_never_are_the_price() -> None:
    desk = used_to()
    for number in range(12):
        assert pay(desk, f"x{number}", "2", amount=f"{900 + number}") == {P2}
        assert pay(desk, f"y{number}", USUAL, amount=f"{800 + number}") == set()


def test_what_is_kept_is_bounded_and_survives_a_restart() -> None:
    desk = used_to(fees.FEES_KEPT + 20)
    desk.story.restarts = True
    pay(desk, "x", "2")
    pay(desk, "y", USUAL)
    rows = desk.story.monitor.state.reconciliation.tables["fees"].rows
    assert [len(row.latest) for row in rows.values()] == [fees.FEES_KEPT]


def test_what_is_paid_at_the_moment_counts_as_much_as_what_is_usual() -> None:
    desk = used_to()
    for number in range(fees.OF_THE_MOMENT):
        assert pay(desk, f"up{number}", USUAL * 200) == set()
    assert pay(desk, "more", USUAL * 6_000) == set()
    assert pay(desk, "far", USUAL * 20_000) == {P1}


@pytest.mark.parametrize(("fees_before", "amount", "said"), [(8, "2", {P2}), (8, "2000", set()), (2, "2", set())])
def test_without_a_price_few_fees_say_enough_where_it_is_a_part_of_the_amount(
    fees_before: int, amount: str, said: set[str]
) -> None:
    desk = Desk(records=(reference("asset", "ref-X", asset="X", decimals=8, dust="0"),))
    for number in range(fees_before):
        assert pay(desk, number, "0.001", asset="X", fee_asset="X") == set()
    assert pay(desk, "x", "1", asset="X", fee_asset="X", amount=amount) == said
