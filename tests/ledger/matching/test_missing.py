"""Deposits that are final and not booked, by the time that their route allows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import DEPOSIT, NETWORK, Desk
from tests.ledger.wire import control, reference, stamp

MISSING = "missing_credit P3"


def test_a_deposit_that_is_not_booked_is_told_when_its_route_says_and_again_at_twice() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"))
    assert desk.wait(598) == set()
    assert desk.wait(3) == {MISSING}
    alert = desk.told_of("missing_credit")
    assert "10 BTC of D-1 arrived at hot" in alert.explanation
    assert "within 600 s" in alert.explanation
    assert desk.wait(590) == set()
    assert desk.wait(12) == {"missing_credit P2"}
    assert "within 1200 s, twice what is allowed" in desk.told_of("missing_credit").explanation
    desk.hear(*desk.credit("D-1"))
    assert desk.ended == {"missing_credit": "resolved"}


def test_where_no_route_says_so_a_quarter_of_an_hour_is_allowed() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", asset="USD", to={"location": "bank", "client_id": "ann"}))
    assert desk.wait(895) == set()
    assert desk.wait(10) == {MISSING}


@pytest.mark.parametrize(
    "to",
    [
        {"client_id": "ann"},
        {"account_id": "ann:main"},
        {"address": DEPOSIT["ann"]},
        {"account_id": "house:main"},
    ],
    ids=str,
)
def test_whoever_is_to_have_it_is_known_by_client_account_or_address(to: dict[str, str]) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", to={"location": "hot", **to}))
    assert desk.wait(590) == set()
    assert desk.wait(20) == {MISSING}


@pytest.mark.parametrize(
    ("who", "to", "told"),
    [
        ("ann", {"client_id": "ann"}, set()),
        ("lost", {"client_id": "ann"}, set()),
        ("house", {"client_id": "ann"}, {MISSING}),
        ("house", {"account_id": "house:main"}, set()),
    ],
)
def test_a_booking_in_suspense_is_one_and_what_the_house_takes_is_not_its_clients(
    who: str, to: dict[str, str], told: set[str]
) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", to={"location": "hot", **to}), *desk.credit("D-1", who=who))
    assert desk.wait(700) == told


def test_a_credit_before_the_end_is_one_too() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", "broadcast"), *desk.credit("D-1"), desk.inflow("D-1"))
    assert desk.wait(5_000) == set()


def test_one_that_comes_through_transit_is_booked() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.journal(("out", "-10"), ("way", "10"), of="D-1"))
    desk.hear(*desk.journal(("way", "-10"), ("ann", "10"), of="D-1"))
    assert desk.wait(5_000) == set()


def test_nothing_is_missing_from_books_that_nobody_has_heard() -> None:
    desk = Desk(begun=False)
    desk.hear(desk.inflow("D-1"))
    assert desk.wait(5_000) == set()


def test_dust_is_not_asked_for() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", amount="0.0001"))
    assert desk.wait(5_000) == set()


def test_the_clock_stands_still_in_maintenance() -> None:
    desk = Desk(restarts=True)
    until = {"from": stamp(desk.now), "until": stamp(desk.now + 1_000), "what": "transfers", "location": "hot"}
    desk.hear(control("maintenance", desk.name(), desk.now, **until))
    desk.hear(desk.inflow("D-1"))
    assert desk.wait(1_590) == set()
    assert desk.wait(20) == {MISSING}


def test_what_is_learnt_of_late_still_gets_a_minute() -> None:
    desk = Desk()
    desk.now += 5_000
    late = desk.inflow("D-1")
    late[1]["event_time"] = stamp(desk.now - 4_000)
    desk.hear(late)
    assert desk.wait(50) == set()
    assert desk.wait(15) == {MISSING}


def test_an_owner_who_becomes_known_is_asked_about_from_then_on() -> None:
    desk = Desk()
    unknown = "0x" + "7" * 40
    desk.hear(desk.inflow("D-1", to={"location": "hot", "address": unknown}))
    record: dict[str, Any] = {"address": unknown, "network": NETWORK, "owner": "ann", "role": "client"}
    desk.hear(reference("address", desk.name(), desk.now, **record, state="active"))
    assert desk.wait(100) == set()
    assert desk.wait(600) == {MISSING}


def test_a_payment_that_came_back_and_stays_debited_is_missing_for_the_client() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1"), *desk.settle("W-1"))
    desk.hear(desk.payment("W-1", "returned"))
    assert desk.wait(595) == set()
    assert desk.wait(20) == {MISSING}
    assert "came back to hot" in desk.told_of("missing_credit").explanation
    desk.hear(*desk.credit("W-1"))
    assert desk.ended == {"missing_credit": "resolved"}


def test_an_inflow_that_is_undone_is_not_asked_for_any_more() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"))
    desk.wait(700)
    desk.hear(desk.inflow("D-1", "reorged"))
    assert desk.ended == {"missing_credit": "explained"}
