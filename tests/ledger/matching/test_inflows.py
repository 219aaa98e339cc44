"""Money of an unknown owner, and charges and income that nobody booked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import Desk
from tests.ledger.wire import reference

NOBODYS = "unmatched_inflow P3"
UNKNOWN = {"location": "hot", "address": "0x" + "7" * 40}
INCOME = ("fee", "funding", "interest", "reward", "rebate", "settlement")


def test_money_of_an_unknown_owner_is_told_after_a_minute() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", to=UNKNOWN))
    assert desk.wait(58) == set()
    assert desk.wait(4) == {NOBODYS}
    assert "10 BTC of an unknown owner reached hot as deposit D-1" in desk.told_of("unmatched_inflow").explanation
    desk.hear(*desk.credit("D-1", who="lost"))
    assert desk.ended == {"unmatched_inflow": "resolved"}


@pytest.mark.parametrize("who", ["lost", "house", "bob"])
def test_any_posting_for_it_is_enough(who: str) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", to=UNKNOWN), *desk.credit("D-1", who=who))
    assert desk.wait(2_000) == set()


def test_an_account_in_suspense_is_nobody() -> None:
    desk = Desk()
    desk.hear(reference("account", desk.name(), account_id="lost:main", account_class="suspense"))
    desk.hear(desk.inflow("D-1", to={"location": "hot", "account_id": "lost:main"}))
    assert desk.wait(62) == {NOBODYS}


@pytest.mark.parametrize("op_type", ["rebalance", "sweep", "internal"])
def test_what_was_ours_before_needs_no_posting(op_type: str) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", op_type=op_type, to={"location": "hot"}))
    assert desk.wait(2_000) == set()


def test_a_speck_is_nobodys_business() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", amount="0.0001", to=UNKNOWN))
    assert desk.wait(2_000) == set()


@pytest.mark.parametrize("op_type", INCOME)
def test_income_needs_a_leg_in_the_books_within_a_minute(op_type: str) -> None:
    desk = Desk(restarts=True)
    assert desk.hear(desk.inflow("F-1", op_type=op_type, to={"location": "hot"})) == set()
    assert desk.wait(61) == {NOBODYS}
    desk.hear(*desk.credit("F-1", who="house", op_type=op_type))
    assert desk.ended == {"unmatched_inflow": "resolved"}


@pytest.mark.parametrize("op_type", INCOME)
def test_a_charge_needs_one_too_and_no_request(op_type: str) -> None:
    desk = Desk(restarts=True)
    ends: dict[str, Any] = {"from": {"location": "hot"}, "to": {"location": "external"}}
    gone = desk.payment("F-1", op_type=op_type, **ends)
    assert desk.hear(gone) == set()
    assert desk.wait(61) == {"unmatched_outflow P1"}
    assert desk.told_of("unmatched_outflow").rule == "no_ledger_leg"


@pytest.mark.parametrize("who", ["house", "ann", "pnl", "fees", "way"])
def test_a_leg_of_any_class_will_do(who: str) -> None:
    desk = Desk()
    desk.hear(desk.inflow("F-1", op_type="funding", to={"location": "hot"}))
    desk.hear(*desk.credit("F-1", who=who, op_type="funding"))
    assert desk.wait(2_000) == set()


def test_one_posting_may_be_for_both_legs_of_a_trade() -> None:
    desk = Desk(restarts=True)
    ours = {"location": "hot", "client_id": "ann"}
    leg: dict[str, Any] = {"op_type": "settlement", "parent_id": "T-1"}
    away: dict[str, Any] = {"from": ours, "to": {"location": "external"}}
    desk.hear(desk.payment("S-1", **leg, **away))
    desk.hear(desk.inflow("S-2", asset="USD", amount="500000", to=ours, **leg))
    base, quote = desk.journal(("ann", "-10"), ("out", "10")), desk.journal(("ann", "500000"), ("out", "-500000"))
    whole = [*base, *((topic, {**event, "asset": "USD"}) for topic, event in quote)]
    for number, (_, event) in enumerate(whole, 1):
        event |= {"journal_id": "j-trade", "leg_no": number, "legs_total": 4, "transfer_id": "S-1"}
    assert desk.hear(*whole) == set()
    assert desk.wait(2_000) == set()


def test_in_books_that_nobody_has_heard_nothing_is_missing() -> None:
    desk = Desk(begun=False)
    desk.hear(desk.inflow("D-1", to=UNKNOWN), desk.inflow("F-1", op_type="funding", to={"location": "hot"}))
    assert desk.wait(5_000) == set()
