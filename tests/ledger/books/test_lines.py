"""A client below zero, or beyond its line, is told at once; a line that covers it is no breach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.books.desk import Desk

NEGATIVE, BREACH = "negative_balance P1 open", "credit_line_breach P1 open"


def line(desk: Desk, **lines: str) -> set[str]:
    return desk.refer("account", account_id="acme", account_class="client", client_id="acme", credit_line=lines or None)


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=15), st.integers(0, 30))
def test_it_stands_exactly_while_the_balance_is_beyond_the_line(amounts: list[int], limit: int) -> None:
    desk = Desk()
    line(desk, XBT=str(limit))
    balance = 0
    for amount in amounts:
        balance += amount
        desk.book(("acme", str(amount)), ("house", str(-amount)), asset="BTC")
        kind = "credit_line_breach" if limit else "negative_balance"
        assert desk.standing == ({kind} if balance < -limit else set())


def test_it_says_by_how_much_and_by_which_postings() -> None:
    desk = Desk(restarts=True)
    line(desk)
    desk.book(("acme", "10"), ("out", "-10"))
    first, second = desk.legs(("acme", "-6"), ("way", "6"), transfer_id="W1"), desk.legs(("acme", "-6"), ("way", "6"))
    desk.hear(first[0])
    assert desk.hear(second[0]) == {NEGATIVE}
    (alert,) = desk.alerts
    assert (alert.expected, alert.observed, alert.difference) == ("0", "-2", "-2")
    assert (alert.scope.account_id, alert.scope.client_id, alert.scope.asset) == ("acme", "acme", "USD")
    assert alert.evidence[:2] == (second[0][1]["event_id"], first[0][1]["event_id"])
    assert "2 beyond zero, with no credit line in USD" in alert.explanation


def test_people_hear_again_when_it_has_grown_by_a_tenth() -> None:
    desk = Desk()
    assert desk.book(("acme", "-100"), ("house", "100")) == {NEGATIVE}
    assert desk.book(("acme", "-9"), ("house", "9")) == set()
    assert desk.book(("acme", "-1"), ("house", "1")) == {NEGATIVE}
    assert desk.book(("acme", "50"), ("house", "-50")) == set()
    assert desk.book(("acme", "60"), ("house", "-60")) == {"negative_balance P1 resolved"}
    assert desk.book(("acme", "-1"), ("house", "1")) == {NEGATIVE}


def test_a_larger_line_explains_it_and_a_smaller_one_breaches_it() -> None:
    desk = Desk(restarts=True)
    line(desk, USD="100")
    assert desk.book(("acme", "-150"), ("house", "150")) == {BREACH}
    assert line(desk, USD="200") == {"credit_line_breach P1 explained"}
    assert line(desk, USD="120") == {BREACH}
    assert line(desk) == {"credit_line_breach P1 explained", NEGATIVE}
    assert line(desk, BTC="500") == set()


@pytest.mark.parametrize("account", ["house", "out", "way", "fees", "pnl", "lost"])
def test_accounts_of_the_firm_may_be_below_zero(account: str) -> None:
    desk = Desk()
    assert desk.book((account, "-5"), ("house:other", "5")) == set()


def test_an_older_posting_that_was_below_zero_is_past_when_a_newer_one_is_not() -> None:
    desk = Desk(restarts=True)
    desk.book(("acme", "10"), ("out", "-10"))
    below, above = desk.legs(("acme", "-15"), ("way", "15")), desk.legs(("acme", "20"), ("out", "-20"))
    assert {said for sent in (*above, *below) for said in desk.hear(sent)} == set()


def test_a_balance_that_is_only_added_up_waits_for_what_its_source_has_yet_to_deliver() -> None:
    desk = Desk(restarts=True)
    desk.book(("acme", "10"), ("out", "-10"), balances=False, op_type="opening")
    desk.beat()
    credit, debit = (
        desk.legs(*legs, balances=False) for legs in ([("acme", "5"), ("out", "-5")], [("acme", "-12"), ("way", "12")])
    )
    desk.now += 60
    assert {said for sent in debit for said in desk.hear(sent)} == set()
    assert {said for sent in credit for said in desk.hear(sent)} == set()
    assert desk.beat(after=1) == set()
    assert desk.book(("acme", "-4"), ("way", "4"), balances=False) == set()
    assert desk.beat(after=1) == {NEGATIVE}


def test_a_balance_that_is_only_added_up_is_told_at_once_where_the_source_sends_no_heartbeats() -> None:
    desk = Desk()
    desk.book(("acme", "10"), ("out", "-10"), balances=False, op_type="opening")
    assert desk.book(("acme", "-12"), ("way", "12"), balances=False) == {NEGATIVE}


def test_an_account_whose_past_nobody_knows_is_not_below_zero() -> None:
    desk = Desk()
    assert desk.book(("acme", "-12"), ("way", "12"), balances=False) == set()
