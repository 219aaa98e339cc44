"""Bookings on the account of somebody who has no part in the movement."""

from __future__ import annotations

import pytest

from tests.ledger.matching.desk import DEPOSIT, Desk
from tests.ledger.wire import reference, stamp

WRONG = "wrong_account P2"


@pytest.mark.parametrize("to", [{"client_id": "ann"}, {"account_id": "ann:main"}, {"address": DEPOSIT["ann"]}], ids=str)
def test_a_deposit_on_another_clients_account_is_told_after_a_minute(to: dict[str, str]) -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", to={"location": "hot", **to}), *desk.credit("D-1", who="bob"))
    assert desk.wait(54) == set()
    assert desk.wait(7) == {WRONG}
    alert = desk.told_of("wrong_account")
    assert alert.explanation == "D-1 is meant for ann, and others were credited for it: bob 10 BTC."
    assert alert.scope.account_id == "bob:main"


def test_a_reallocation_within_the_minute_is_quiet_and_a_later_one_mends_it() -> None:
    for wait_s, ended in ((30, {}), (90, {"wrong_account": "resolved"})):
        desk = Desk(restarts=True)
        desk.hear(desk.inflow("D-1"), *desk.credit("D-1", who="bob"))
        desk.wait(wait_s)
        desk.hear(*desk.journal(("bob", "-10"), ("ann", "10"), of="D-1", op_type="adjustment"))
        desk.wait(500)
        assert (desk.open, desk.ended) == (set(), ended)


def test_what_was_booked_rightly_and_is_moved_on_is_another_matter() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    desk.hear(*desk.journal(("ann", "-10"), ("bob", "10"), of="D-1", op_type="adjustment"))
    assert desk.wait(500) == set()


@pytest.mark.parametrize("who", ["lost", "house"])
def test_accounts_of_no_client_are_not_another_clients(who: str) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1", who=who))
    assert desk.wait(200) == set()


def test_it_waits_for_the_money_to_come() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", "broadcast"), *desk.credit("D-1", who="bob"))
    assert desk.wait(500) == set()
    desk.hear(desk.inflow("D-1"))
    assert desk.wait(61) == {WRONG}


def test_another_account_of_the_same_client_is_right() -> None:
    desk = Desk()
    desk.hear(reference("account", desk.name(), account_id="ann:two", account_class="client", client_id="ann"))
    desk.hear(desk.inflow("D-1"), *desk.journal(("out", "-10"), ("ann", "10"), of="D-1", account_id="ann:two"))
    assert desk.wait(500) == set()


def test_a_payment_of_one_client_debited_to_another_is_told() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1", who="bob"))
    assert desk.wait(61) == {WRONG}
    assert "W-1 is a payment of ann, and others were debited" in desk.told_of("wrong_account").explanation


def test_a_book_transfer_on_a_third_account_is_told() -> None:
    desk = Desk()
    desk.hear(desk.own("B-1"), *desk.journal(("ann", "-10"), ("eve", "10"), of="B-1", op_type="internal"))
    assert desk.wait(61) == {WRONG}


def test_the_minute_counts_from_what_happened_and_not_from_when_it_was_told() -> None:
    desk = Desk()
    desk.now += 100
    events = [desk.inflow("D-1"), *desk.credit("D-1", who="bob")]
    for _, event in events:
        event["event_time"] = stamp(desk.now - 20)
    desk.hear(*events, after=0.0)
    assert desk.wait(39) == set()
    assert desk.wait(2) == {WRONG}
