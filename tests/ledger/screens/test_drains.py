"""A place that is being emptied, told as one; and outflows that are none."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.screens import drains
from tests.ledger.screens.desk import DEPOSIT, PAYOUT, RECORDS, STRANGER, Desk
from tests.ledger.wire import HOUR

DRAIN = "multi_asset_drain P1"
ASSETS = ("ETH", "USDC", "XRP", "BTC")


def desk_with_requests(**more: Any) -> Desk:
    """Return a desk at which requests are heard, as they must be for their absence to say anything."""
    desk = Desk(**more)
    desk.move("W-usual", "completed")
    desk.move("W-usual", "requested", at=3_000)
    return desk


def outflow(
    desk: Desk, number: int | str, asset: str, status: str = "broadcast", *, to: str = STRANGER, **more: Any
) -> bool:
    """Hear that something leaves the hot place; return whether a drain is told."""
    usual: dict[str, Any] = {
        "from": {"location": "hot"},
        "to": {"location": "external", "address": to},
        "network": None,
    }
    return DRAIN in desk.move(f"O-{number}", status, asset=asset, **{**usual, **more})


def test_the_third_outflow_of_several_assets_is_a_drain_and_one_alert() -> None:
    desk = desk_with_requests()
    assert [outflow(desk, number, ASSETS[number % 2]) for number in range(3)] == [False, False, True]
    for number in range(3, 150):
        outflow(desk, number, ASSETS[number % 4], after=3)
    told = desk.alerts("multi_asset_drain")
    assert len({alert.alert_id for alert in told}) == 1
    assert len(told) < 10, "it is told anew when it has doubled"
    assert "128 outflows" in told[-1].explanation
    assert len({alert.incident_id for alert in desk.story.alerts if alert.rule == "unplanned_outflows"}) == 1


def test_two_are_a_drain_when_no_third_comes_for_a_while() -> None:
    desk = desk_with_requests(restarts=True)
    assert not outflow(desk, 1, "ETH")
    assert not outflow(desk, 2, "BTC", after=10)
    assert desk.wait(15) == set()
    assert desk.wait(10) == {DRAIN}
    (alert,) = desk.alerts("multi_asset_drain")
    assert alert.updated_at == "2026-01-05T01:00:33Z", "30 s after the first was heard"


def test_a_second_after_that_while_is_told_at_once() -> None:
    desk = desk_with_requests(restarts=True)
    outflow(desk, 1, "ETH")
    assert outflow(desk, 2, "BTC", after=120)


def test_in_a_backlog_the_requests_may_come_next() -> None:
    for asked in (False, True):
        desk = desk_with_requests(restarts=True)
        for number in range(4):
            assert not outflow(desk, number, ASSETS[number % 2], to=PAYOUT, at=3_000 + number, amount=str(number))
        for number in range(4) if asked else ():
            outflow(desk, number, ASSETS[number % 2], "requested", to=PAYOUT, at=2_900, amount=str(number))
        assert desk.wait(60) == (set() if asked else {DRAIN})


@pytest.mark.parametrize("after", [700, 3 * HOUR])
def test_outflows_far_apart_are_no_drain(after: float) -> None:
    desk = desk_with_requests(restarts=True)
    for number in range(6):
        assert not outflow(desk, number, ASSETS[number % 2], after=after)


def test_one_asset_alone_is_no_drain_of_a_place() -> None:
    desk = desk_with_requests()
    assert not any(outflow(desk, number, "ETH") for number in range(10))


@pytest.mark.parametrize("op", sorted(drains.UNASKED))
def test_what_venues_and_networks_take_of_themselves_is_none(op: str) -> None:
    desk = desk_with_requests()
    assert not any(outflow(desk, number, ASSETS[number], op_type=op) for number in range(4))


def test_what_goes_to_our_own_places_is_none() -> None:
    desk = desk_with_requests()
    own: dict[str, Any] = {"to": {"location": "cold"}, "op_type": "sweep"}
    assert not any(outflow(desk, number, ASSETS[number], **own) for number in range(4))
    named: dict[str, Any] = {"network": "eip155:1"}
    assert not any(outflow(desk, f"n{number}", ASSETS[number % 2], to=DEPOSIT, **named) for number in range(4))


def test_what_was_asked_for_and_goes_to_a_known_address_is_none() -> None:
    desk = desk_with_requests()
    for number in range(4):
        outflow(desk, number, ASSETS[number % 2], "requested", to=PAYOUT, amount=str(number + 1))
    assert not any(outflow(desk, n, ASSETS[n % 2], to=PAYOUT, amount=str(n + 1)) for n in range(4))


def test_what_was_asked_for_and_goes_to_strangers_may_be_one() -> None:
    desk = desk_with_requests()
    for number in range(3):
        outflow(desk, number, ASSETS[number % 2], "requested")
    assert [outflow(desk, number, ASSETS[number % 2]) for number in range(3)] == [False, False, True]


def test_what_a_plan_says_is_none() -> None:
    desk = desk_with_requests()
    for number, asset in enumerate(ASSETS):
        plan = {"to": None, "to_role": "external", "asset": asset, "op_type": "withdrawal", "amount": "1"}
        desk.plan(f"P-{number}", **plan, **{"from": "hot"})
    assert not any(outflow(desk, number, asset) for number, asset in enumerate(ASSETS))


def test_where_requests_were_never_heard_their_absence_says_nothing() -> None:
    desk = Desk(records=tuple(sent for sent in RECORDS if sent[1]["kind"] != "address"))
    assert not any(outflow(desk, number, ASSETS[number]) for number in range(4))


def test_while_the_source_of_requests_is_in_trouble_nothing_is_concluded() -> None:
    desk = desk_with_requests()
    sources = desk.story.monitor.state.reconciliation.context.sources
    row = sources.table.edit("desk")
    assert row is not None
    row.trouble_us = 1 + desk.story.monitor.state.clock_us
    assert not any(outflow(desk, number, ASSETS[number]) for number in range(4))


@pytest.mark.parametrize(("status", "end"), [("requested", "explained"), ("failed", "resolved")])
def test_outflows_that_were_planned_or_undone_take_it_back(status: str, end: str) -> None:
    desk = desk_with_requests(restarts=True)
    for number in range(3):
        outflow(desk, number, ASSETS[number % 2], to=PAYOUT)
    assert desk.open == {DRAIN} | (desk.open - {DRAIN})
    outflow(desk, 1, ASSETS[1], status, to=PAYOUT)
    assert desk.ended["multi_asset_drain"] == end


def test_it_is_over_an_hour_after_the_last() -> None:
    desk = desk_with_requests(restarts=True)
    for number in range(3):
        outflow(desk, number, ASSETS[number % 2], to=PAYOUT)
    desk.wait(HOUR - 10)
    assert DRAIN in desk.open
    desk.wait(20)
    assert desk.ended["multi_asset_drain"] == "resolved"
    assert not desk.story.monitor.state.reconciliation.tables["drain"].rows
    assert [outflow(desk, f"n{n}", ASSETS[n % 2], to=PAYOUT) for n in range(3)] == [False, False, True]


def test_one_more_asset_alone_after_a_pause_goes_on_with_it() -> None:
    desk = desk_with_requests(restarts=True)
    for number in range(3):
        outflow(desk, number, ASSETS[number % 2])
    outflow(desk, 3, "XRP", after=1_800)
    assert desk.alerts("multi_asset_drain")[-1].explanation.startswith("4 outflows")


def test_what_is_kept_of_a_drain_is_bounded() -> None:
    desk = desk_with_requests()
    for number in range(drains.OUTFLOWS_KEPT + 20):
        outflow(desk, number, ASSETS[number % 2])
    (row,) = desk.story.monitor.state.reconciliation.tables["drain"].rows.values()
    assert (len(row.outflows), row.count) == (drains.OUTFLOWS_KEPT, drains.OUTFLOWS_KEPT + 20)
