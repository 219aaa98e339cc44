"""Incidents of the field as the join tells them, each heard by a monitor that restarts between any two events."""

from __future__ import annotations

import json
from typing import Any

from streams.monitor import Monitor
from streams.record import Record
from tests.ledger.matching.desk import KINDS, STRANGER, Desk
from tests.ledger.wire import HOUR, Sent, control
from tests.simulate.worlds import day

CHAIN: dict[str, Any] = {"source": "chain:eip155:1"}


def test_internal_calls_that_reverted_after_their_credit() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", "broadcast", **CHAIN), *desk.credit("D-1"), desk.inflow("D-1", "confirming", **CHAIN))
    assert desk.wait(HOUR) == set(), "it is on its way"
    desk.hear(desk.inflow("D-1", "failed", sub_status="internal_call_reverted", **CHAIN))
    assert desk.wait(6) == {"phantom_credit P1"}
    desk.hear(*desk.journal(("ann", "-10"), ("out", "10"), of="D-1", op_type="reversal"))
    assert desk.ended == {"phantom_credit": "resolved"}


def test_a_partial_payment_and_the_same_credited_as_it_came() -> None:
    for credited, told in (("10000", {"amount_mismatch P1"}), ("0.01", set())):
        desk = Desk(restarts=True)
        desk.hear(
            desk.inflow("D-1", "confirming", "10000"), desk.inflow("D-1", amount="10000", amount_delivered="0.01")
        )
        assert desk.hear(*desk.credit("D-1", credited)) == told
        assert desk.wait(2 * HOUR) == set()


def test_a_deep_reorganisation_is_one_incident_and_ends_one_by_one() -> None:
    desk = Desk(restarts=True)
    names = ("D-1", "D-2", "D-3")
    for name in names:
        desk.hear(desk.inflow(name, "confirming"), desk.inflow(name), *desk.credit(name))
    desk.wait(2 * HOUR)
    for name in names:
        assert desk.hear(desk.inflow(name, "reorged")) == {"reorged_credit P1"}
    assert len({alert.incident_id for alert in desk.alerts}) == 1
    desk.wait(60)
    desk.hear(desk.inflow("D-1"), *desk.journal(("ann", "-10"), ("out", "10"), of="D-2"))
    ends = {alert.scope.transfer_id: alert.state.value for alert in desk.alerts}
    assert ends == {"D-1": "explained", "D-2": "resolved", "D-3": "open"}


def test_a_shallow_one_of_which_the_books_never_heard() -> None:
    desk = Desk(restarts=True)
    for status in ("broadcast", "confirming", "reorged", "broadcast", "confirming", "completed"):
        desk.now += 10
        desk.hear(desk.inflow("D-1", status))
    assert desk.hear(*desk.credit("D-1")) == set()
    assert desk.wait(2 * HOUR) == set()


def test_a_wallet_that_loses_a_little_every_six_hours() -> None:
    desk = Desk(restarts=True)
    stolen: dict[str, Any] = {"from": {"location": "hot"}, "to": {"location": "external", "address": STRANGER}}
    for number in range(3):
        desk.hear(desk.payment(f"X-{number}", "broadcast", "200", **stolen))
        assert desk.wait(61) == {"unmatched_outflow P1"}
        assert desk.hear(desk.payment(f"X-{number}", "completed", "200", **stolen)) == set()
        assert desk.wait(6 * HOUR) == set(), "the debit that is missing too is no news"
    assert len({alert.incident_id for alert in desk.alerts}) == 1


def test_a_storm_of_late_news_is_held_back_until_the_source_has_caught_up() -> None:
    desk = Desk(restarts=True)
    desk.beat()
    desk.hear(*desk.credit("D-1"), desk.payment("W-1", "broadcast"))
    assert desk.wait(2 * HOUR) == set(), "the source has fallen silent"
    late = [desk.inflow("D-1"), desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1")]
    assert desk.hear(*late) == set()
    desk.beat()
    assert desk.wait(2 * HOUR) == set()


def test_a_month_of_postings_without_ids() -> None:
    desk = Desk(restarts=True)
    for number in range(5):
        desk.hear(desk.inflow(f"D-{number + 1}", amount=f"{number + 2}"), *desk.credit(None, f"{number + 2}"))
        name = f"W-{number + 1}"
        desk.hear(desk.payment(name, "requested"), *desk.hold(None), desk.payment(name), *desk.settle(None))
        assert desk.wait(1_000) == set()
    assert len(desk.join.loose.table) == 0


def test_a_closed_alert_is_not_told_again() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"), *desk.credit("D-1"))
    alert = desk.told_of("double_credit")
    desk.hear(close(desk, alert.alert_id))
    assert desk.hear(desk.inflow("D-1", source="chain")) == set()
    assert desk.wait(HOUR) == set()


def close(desk: Desk, alert_id: str) -> Sent:
    return control("close", desk.name(), desk.now, alert_id=alert_id, actor="eve", verdict="expected")


def test_a_clean_simulated_day_is_quiet() -> None:
    monitor = Monitor()
    said = [
        output.value
        for event in day()
        for output in monitor.step(Record(event.topic, json.dumps(event.value).encode()))
        if output.topic == "alerts"
    ]
    assert [(alert.type, alert.explanation) for alert in said if alert.type in KINDS] == []
