from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from streams.simulate import FAULTS, Label, SimEvent, Simulation, WorldConfig
from tests.simulate.tally import deviations, moment, tally

NAMES = [name for name, kind in FAULTS.items() if kind.number in ("M01", "M02", "M03")]
Json = dict[str, Any]


@cache
def world(name: str) -> tuple[Label, tuple[SimEvent, ...]]:
    usual: Json = {"duration_s": 6 * 3_600.0, "transfers_per_day": 1_600, "clients": 12}
    simulation = Simulation(WorldConfig(seed=3, **{**usual, **FAULTS[name].world}), [name])
    events = tuple(simulation.events())
    (label,) = simulation.truth
    return label, events


def corrections(name: str, op_type: str) -> dict[str, list[Json]]:
    """Return what is told of the corrections of the label, by movement."""
    label, events = world(name)
    found: dict[str, list[Json]] = {}
    for event in events:
        value = event.value
        if event.topic == "transfers" and value["op_type"] == op_type and value["event_id"] in label.event_ids:
            found.setdefault(value["transfer_id"], []).append(value)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_money_is_missing_and_all_is_told_before_the_world_ends(name: str) -> None:
    label, events = world(name)
    assert {gap for _, _, gap in deviations(tally(events))} == {Fraction(0)}
    heard = {event.value["event_id"] for event in events}
    assert set(label.event_ids) <= heard
    assert set(label.telling_ids) <= heard
    assert bool(label.telling_ids) == bool(label.expected_alert_types)
    assert label.note


def test_refunds_name_their_charges_but_the_last() -> None:
    for name, named in (("unnamed_refund", False), ("unnamed_refund_lookalike", True)):
        *before, last = corrections(name, "refund").values()
        known = {event.value.get("transfer_id") for event in world(name)[1]}
        journals = {event.value.get("journal_id") for event in world(name)[1]}
        assert len(before) == 4
        assert {stages[0]["ids"]["refers_to"] for stages in before} <= known
        assert ("ids" in last[0]) == named
        assert not named or last[0]["ids"]["refers_to"] in journals


def test_half_of_what_was_credited_twice_is_reversed() -> None:
    label, events = world("half_reversed")
    ((stages),) = corrections("half_reversed", "reversal").values()
    booked = [event.value for event in events if event.topic == "ledger" and event.value["event_id"] in label.event_ids]
    assert len({leg["journal_id"] for leg in booked}) == 2
    assert {Fraction(leg["amount"]) for leg in booked} == {2 * Fraction(stages[0]["amount"])}
    assert stages[0]["ids"]["reverses"] == label.scope["transfer_id"]


def test_two_parts_are_the_whole_charge() -> None:
    parts = corrections("half_reversed_lookalike", "refund").values()
    (of,) = {stages[0]["ids"]["refers_to"] for stages in parts}
    charge = next(event.value for event in world("half_reversed_lookalike")[1] if event.value.get("transfer_id") == of)
    assert sum(Fraction(stages[0]["amount"]) for stages in parts) == Fraction(charge["amount"])


@pytest.mark.parametrize(("name", "usual", "last"), [("busy_operator", 3, 40), ("busy_operator_lookalike", 40, 80)])
def test_a_clerk_has_a_habit_of_five_days_and_then_one_busy_hour(name: str, usual: int, last: int) -> None:
    days: dict[str, int] = {}
    for stages in corrections(name, "adjustment").values():
        assert stages[0]["control"]["initiator"] == "clerk-1"
        day = moment(stages[0]["event_time"])[:10]
        days[day] = days.get(day, 0) + 1
    assert max(list(days.values())[:4]) <= usual
    assert sum(list(days.values())[-2:]) >= last
