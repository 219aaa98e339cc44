"""Journals that name no movement, and the movements that they may be for."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.matching import loose
from tests.ledger.matching.desk import Desk

PHANTOM = "phantom_credit P1"


def test_a_credit_that_names_nothing_finds_its_inflow_by_client_amount_and_time() -> None:
    for first_credit in (False, True):
        desk = Desk(restarts=True)
        inflow, credit = [desk.inflow("D-1")], desk.credit(None)
        assert desk.hear(*(credit + inflow if first_credit else inflow + credit)) == set()
        assert desk.wait(5_000) == set()
        assert [leg.by for leg in desk.join.claims.table.rows["D-1"].legs.values()] == ["amount"]


def test_one_that_finds_none_is_told_and_an_inflow_that_fits_says_that_no_id_shows_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(*desk.credit(None))
    assert desk.wait(61) == {PHANTOM}
    assert "names no movement" in desk.told_of("phantom_credit").explanation
    desk.hear(desk.inflow("D-1"))
    assert desk.ended == {"phantom_credit": "explained"}
    assert "by amount, client and time alone, and by no id" in desk.told_of("phantom_credit").explanation
    assert desk.wait(5_000) == set()


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "11"},
        {"asset": "USD"},
        {"to": {"location": "hot", "client_id": "bob"}},
        {"status": "failed"},
    ],
    ids=str,
)
def test_an_inflow_that_differs_is_not_taken_for_it(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", **other), *desk.credit(None))
    assert desk.wait(61) == {PHANTOM}


def test_what_is_for_another_is_named_and_not_taken() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", to={"location": "hot", "client_id": "bob"}), *desk.credit(None))
    assert desk.wait(61) == {PHANTOM}
    assert desk.told_of("phantom_credit").explanation.endswith("D-1 of that amount has no posting, and is for another.")


def test_an_inflow_a_day_before_is_another() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", to={"location": "hot", "client_id": "ann"}))
    desk.wait(90_000)
    desk.hear(*desk.credit(None))
    assert desk.wait(61) == {PHANTOM}


def test_each_journal_and_each_inflow_is_taken_once() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit(None), *desk.credit(None))
    assert desk.wait(100) == {PHANTOM}
    desk.hear(desk.inflow("D-2"))
    assert desk.open == set()
    desk.hear(desk.inflow("D-3"))
    assert desk.wait(700) == {"missing_credit P3"}


def test_a_posting_that_names_the_movement_takes_the_place_of_one_that_only_fitted() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit(None))
    assert desk.wait(200) == set()
    assert desk.hear(*desk.credit("D-1")) == set()
    assert desk.wait(61) == {PHANTOM}


def test_two_inflows_that_would_mean_different_things_are_not_taken_and_the_words_say_so() -> None:
    desk = Desk()
    for name, client in (("D-1", "ann"), ("D-2", "bob")):
        desk.hear(desk.inflow(name, to={"location": "hot", "client_id": client}), after=0.0)
    desk.hear(*desk.journal(("out", "-10"), ("ann", "5"), ("bob", "5")))
    assert desk.wait(61) == {PHANTOM}
    told = desk.told_of("phantom_credit").explanation
    assert told.endswith("More than one could be meant, and none is taken for it: D-1, D-2.")


def test_several_journals_that_add_up_to_an_inflow_are_for_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit(None, "4"), *desk.credit(None, "6"), *desk.credit(None, "25"))
    assert desk.wait(61) == {PHANTOM}, "of the one that is too much"
    assert desk.told_of("phantom_credit").observed == "25"
    assert {leg.by for leg in desk.join.claims.table.rows["D-1"].legs.values()} == {"sum"}


def test_one_journal_may_be_for_several_inflows() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", amount="4"), desk.inflow("D-2", amount="6"), *desk.credit(None))
    assert desk.wait(5_000) == set()
    assert {leg.by for leg in desk.join.claims.table.rows["D-1"].legs.values()} == {"part"}


def test_a_debit_that_names_nothing_finds_its_payment() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "requested"), *desk.hold(None), desk.payment("W-1"), *desk.settle(None))
    assert desk.wait(5_000) == set()


def test_a_debit_within_the_fee_is_found_after_one_that_is_exact() -> None:
    desk = Desk()
    fee = {"fee_amount": "0.5", "fee_asset": "BTC", "fee_payer": "sender"}
    desk.hear(desk.payment("W-1", "requested", **fee), *desk.hold(None, "10.5"), *desk.hold(None, "10"))
    desk.hear(desk.payment("W-1", **fee))
    assert desk.wait(5_000) == set()
    (leg,) = desk.join.claims.table.rows["W-1"].legs.values()
    assert leg.units == -10 * 10**30


def test_income_that_is_booked_without_its_id_is_found() -> None:
    desk = Desk()
    desk.hear(desk.inflow("F-1", op_type="funding", to={"location": "hot"}))
    desk.hear(*desk.credit(None, who="house", op_type="funding"))
    assert desk.wait(5_000) == set()


def test_a_journal_that_reverses_another_takes_it_away() -> None:
    desk = Desk(restarts=True)
    desk.hear(*desk.credit(None))
    assert desk.wait(100) == {PHANTOM}
    desk.hear(*desk.journal(("ann", "-10"), ("out", "10"), op_type="reversal", reverses="whatever"))
    assert desk.ended == {"phantom_credit": "resolved"}


def test_money_that_is_spent_at_once_does_not_hide_that_it_never_came() -> None:
    desk = Desk()
    desk.hear(*desk.credit(None), *desk.hold(None))
    assert desk.wait(61) == {PHANTOM}


def test_a_hold_that_is_given_back_is_no_debit_of_the_next_payment() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold(None), desk.payment("W-1", "cancelled"))
    desk.hear(*desk.journal(("way", "-10"), ("ann", "10"), op_type="withdrawal"))
    desk.hear(desk.payment("W-2", "requested"), desk.payment("W-2"))
    assert desk.wait(1_000) == {"missing_debit P3"}


def test_an_early_credit_waits_for_the_inflow_that_it_fits() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", "broadcast"), *desk.credit(None))
    assert desk.wait(500) == set()
    desk.hear(desk.inflow("D-1", "failed"))
    assert desk.wait(6) == {PHANTOM}


def test_no_more_are_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loose, "LOOSE_MAX", 5)
    desk = Desk(restarts=True)
    for number in range(9):
        desk.hear(*desk.credit(None, str(number + 20)), after=0.1)
    rows = desk.join.loose.table.rows
    assert sorted(row.units // 10**30 for row in rows.values()) == [24, 25, 26, 27, 28]
    assert desk.wait(100) == {PHANTOM}


@pytest.mark.parametrize("of", [None, "B-1"])
def test_a_journal_that_stays_incomplete_is_taken_as_it_is_until_its_legs_come(of: str | None) -> None:
    desk = Desk(restarts=True)
    taken, given = desk.journal(("bob", "-10"), ("ann", "10"), of=of, op_type="internal")
    desk.hear(given)
    assert desk.wait(100) == {PHANTOM}
    desk.hear(taken)
    assert desk.ended == {"phantom_credit": "resolved"}


def test_what_is_given_back_for_a_payment_that_was_returned_finds_it() -> None:
    desk = Desk(restarts=True)
    for wait_s in (10, 2_000):
        name = f"W-{wait_s}"
        desk.hear(desk.payment(name, "requested"), *desk.hold(None), desk.payment(name), *desk.settle(None))
        assert desk.wait(wait_s) == set()
        desk.now += 10
        desk.hear(desk.payment(name, "returned"), *desk.credit(None))
        assert desk.wait(5_000) == set()
