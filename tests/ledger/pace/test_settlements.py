"""Laws of what is due: parts that add up are quiet in any order, one too few is told at the end, one too many at once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Alert
from ledger.pace import occurrences, pairs
from streams.monitor import Monitor
from streams.record import Record
from tests.ledger.wire import DAY, HOUR, Sent, control, received, reference, stamp, transfer

END_S = 10 * HOUR
FIRM = [
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
    reference("location", "ref-hot", location="hot", role="hot"),
    reference("location", "ref-venue", location="venue", role="venue"),
]


def desk() -> Monitor:
    monitor = Monitor()
    before = transfer("before", 0, "T0", "completed", "external", "hot", "1")
    hear(monitor, [received(sent, 0) for sent in (*FIRM, before)])
    return monitor


def hear(monitor: Monitor, records: Iterable[Record]) -> list[Alert]:
    """Return what is said about settlements."""
    said = [output.value for record in records for output in monitor.step(record) if output.topic == "alerts"]
    return [alert for alert in said if alert.type == "settlement_overdue"]


def plan(amount: int, plan_id: str = "P", **more: object) -> Sent:
    fields = {"op_type": "collateral", "to": "venue", "asset": "BTC", "amount": str(amount), "from": "hot"}
    window = {"not_before": stamp(HOUR), "not_after": stamp(END_S)}
    return control("plan", f"plan-{plan_id}", HOUR, plan_id=plan_id, **fields, **window, **more)


def part(number: int, amount: int, status: str = "completed", **more: object) -> Sent:
    fields = {"op_type": "collateral", "plan_id": "P"} | more
    return transfer(
        f"e{number}{status}", 2 * HOUR + number, f"C{number}", status, "hot", "venue", str(amount), **fields
    )


def tick(second: int) -> Record:
    return received(control("tick", f"tick-{second}", second), second)


def arrive(sent: Iterable[Sent], first_s: int = 3 * HOUR) -> list[Record]:
    return [received(one, first_s + index) for index, one in enumerate(sent)]


@st.composite
def days(draw: st.DrawFn) -> tuple[list[int], list[Sent]]:
    """Return the parts of a plan, and all that is told of them and of the plan, in any order."""
    amounts = draw(st.lists(st.integers(1, 50), min_size=1, max_size=5))
    told = [plan(sum(amounts))]
    for number, amount in enumerate(amounts):
        told += [
            part(number, amount, status)
            for status in draw(st.sampled_from([("completed",), ("requested", "completed")]))
        ]
    return amounts, draw(st.permutations(told))


@given(days())
def test_parts_that_add_up_are_quiet_in_whatever_order_they_and_the_plan_are_told(
    day: tuple[list[int], list[Sent]],
) -> None:
    assert hear(desk(), [*arrive(day[1]), tick(END_S + DAY)]) == []


@given(days(), st.data())
def test_one_too_few_is_told_a_minute_after_the_end_with_what_is_missing(
    day: tuple[list[int], list[Sent]], data: st.DataObject
) -> None:
    amounts, told = day
    lost = data.draw(st.integers(0, len(amounts) - 1))
    heard = [sent for sent in told if sent[1].get("transfer_id") != f"C{lost}"]
    (said,) = hear(desk(), [*arrive(heard), tick(END_S + DAY)])
    assert (said.severity.value, said.updated_at, said.difference) == ("P2", stamp(END_S + 60), f"-{amounts[lost]}")


@given(days(), st.integers(1, 50))
def test_one_too_many_is_told_at_once_and_over_when_it_is_taken_back(
    day: tuple[list[int], list[Sent]], amount: int
) -> None:
    monitor = desk()
    assert hear(monitor, arrive(day[1])) == []
    (said,) = hear(monitor, arrive([part(9, amount, "requested")], 4 * HOUR))
    assert (said.severity.value, said.difference, said.rule) == ("P2", str(amount), "posted_twice")
    (over,) = hear(monitor, arrive([part(9, amount, "cancelled")], 5 * HOUR))
    assert over.state.value == "resolved"
    assert hear(monitor, [tick(END_S + DAY)]) == []


@given(st.permutations(range(4)), st.integers(0, 3))
def test_each_of_several_equal_plans_takes_one_of_the_movements_that_name_none(order: list[int], missing: int) -> None:
    """Four plans for the same, and as many movements but for `missing`: so many plans are unmet, no matter which."""
    told = [plan(7, f"P{number}") for number in range(4)]
    told += [part(number, 7, plan_id=None) for number in range(4 - missing)]
    shuffled = [told[index] for index in order] + told[4:]
    said = hear(desk(), [*arrive(shuffled), tick(END_S + DAY)])
    assert [alert.difference for alert in said] == ["-7"] * missing


def test_state_is_forgotten_with_the_horizon() -> None:
    monitor = desk()
    told = [plan(10), part(1, 6), plan(7, "P2"), part(2, 3, plan_id=None), plan(5, "P3", recurring_s=DAY)]
    legs = [part(number, 1, op_type="settlement", plan_id=None, parent_id="D") for number in (5, 6)]
    hear(monitor, arrive([*told, *legs]))
    said = hear(monitor, [tick(END_S + day * DAY) for day in (1, 2, 38, 39)])
    tables = monitor.state.reconciliation.tables
    sizes = {name: len(tables[name]) for name in ("occurrence", "unplanned", "schedule", "parent")}
    assert sizes == {"occurrence": 35, "unplanned": 0, "schedule": 1, "parent": 0}, "the recurring plan goes on"
    open_ids = {alert.alert_id for alert in said} - {
        alert.alert_id for alert in said if alert.state.value == "resolved"
    }
    assert len(open_ids) == 35, "what is older than the horizon was closed"


def test_what_is_kept_of_unplanned_movements_parts_and_legs_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((occurrences, "PARTS_MAX"), (occurrences, "UNPLANNED_MAX"), (pairs, "LEGS_MAX")):
        monkeypatch.setattr(module, name, 3)
    monitor = desk()
    hear(monitor, arrive([plan(100)]))
    hear(monitor, arrive([part(number, 1) for number in range(5)], 4 * HOUR))
    legs = [part(number, 1, op_type="settlement", plan_id=None, parent_id="D") for number in range(10, 16)]
    hear(monitor, arrive(legs, 5 * HOUR))
    tables = monitor.state.reconciliation.tables
    (paid,) = tables["occurrence"].rows.values()
    (kept,) = tables["unplanned"].rows.values()
    assert (len(paid.movements), kept, len(tables["parent"].rows["D"].legs)) == (3, ["C13", "C14", "C15"], 3)
