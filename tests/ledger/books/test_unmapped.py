"""A client account that nobody has introduced is told once, where accounts are introduced at all."""

from __future__ import annotations

from tests.ledger.books.desk import Desk

TOLD = {"unmapped_account P2 open"}


def introduce(desk: Desk, *accounts: str) -> set[str]:
    who = {"account_class": "client", "client_id": "c"}
    return {said for account in accounts for said in desk.refer("account", account_id=account, **who)}


def test_it_is_told_after_a_minute_and_explained_by_the_reference() -> None:
    desk = Desk(restarts=True)
    introduce(desk, "acme", "bolt", "cove")
    assert desk.book(("client:misc", "7"), ("house", "-7")) == set()
    assert desk.wait(59) == set()
    assert desk.book(("client:misc", "1"), ("house", "-1")) == set()
    assert desk.wait(2) == TOLD
    (alert,) = desk.alerts
    assert (alert.scope.account_id, alert.observed) == ("client:misc", "8")
    assert desk.book(("client:misc", "1"), ("house", "-1")) == set()
    assert desk.wait(600) == set()
    assert introduce(desk, "client:misc") == {"unmapped_account P2 explained"}


def test_a_reference_that_is_late_by_seconds_and_accounts_of_the_firm_are_nothing() -> None:
    desk = Desk(restarts=True)
    introduce(desk, "acme", "bolt", "cove")
    desk.book(("client:misc", "7"), ("house", "-7"))
    desk.wait(30)
    assert introduce(desk, "client:misc") == set()
    assert desk.wait(600) == set()


def test_where_hardly_any_account_is_on_record_its_absence_says_nothing() -> None:
    desk = Desk(restarts=True)
    introduce(desk, "acme", "bolt")
    desk.book(("client:misc", "7"), ("house", "-7"))
    assert desk.wait(600) == set()
    introduce(desk, "cove")
    desk.book(("client:misc", "7"), ("house", "-7"))
    assert desk.wait(61) == TOLD
