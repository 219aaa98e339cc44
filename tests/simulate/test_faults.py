from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from streams.simulate import FAULTS, FaultPlan, SimEvent, Simulation, demo_config
from streams.simulate.faults import plan_of
from streams.simulate.units import time_text
from tests.simulate.tally import deviations, moment, tally
from tests.simulate.worlds import SMALL, faulty

DRIFTING = (
    "silent_outflow", "small_leak_break", "wrong_amount", "dropped_event", "duplicated_event", "sign_flip",
    "off_by_one", "fee_not_booked",
)  # fmt: skip
AGREEING = ("brake", "late_event", "stuck_rebalance", "event_conflict", "unknown_asset", "clock_skew", "beyond_horizon")


def test_every_fault_is_looked_at_here() -> None:
    plain = {name: fault for name, fault in FAULTS.items() if not fault.number}  # scenarios have tests of their own
    assert {*DRIFTING, *AGREEING, "salami"} == set(plain)
    assert all(fault.description and fault.expected_alert_types for fault in plain.values())


@pytest.mark.parametrize("name", DRIFTING)
def test_from_its_moment_on_the_place_deviates_by_exactly_the_labelled_amount(name: str) -> None:
    simulation, events = faulty(name)
    (label,) = simulation.truth
    truth = label.as_json()
    place = (truth["scope"]["location"], truth["scope"]["asset"])
    since, difference = moment(truth["injected_at"]), Fraction(truth["difference"])
    found = deviations(tally(events))
    assert {gap for _, where, gap in found if where != place} == {Fraction(0)}
    assert {gap for at, where, gap in found if where == place and at < since} == {Fraction(0)}
    after = [gap for at, where, gap in found if where == place and at >= since]
    assert set(after) == {difference}
    assert len(after) >= 3, "a break shows in two snapshots"


@pytest.mark.parametrize("name", AGREEING)
def test_the_money_agrees_where_only_the_telling_is_wrong(name: str) -> None:
    simulation, events = faulty(name)
    assert "difference" not in simulation.truth[0].as_json()
    assert {gap for _, _, gap in deviations(tally(events))} == {Fraction(0)}


@pytest.mark.parametrize("name", ["wrong_amount", "silent_outflow"])
def test_urgent_faults_are_worth_more_than_100_000_dollars(name: str) -> None:
    label = faulty(name)[0].truth[0]
    prices = {"BTC": 64_000, "ETH": 3_000, "USDC": 1, "USDT": 1}
    assert abs(Fraction(label.as_json()["difference"])) * prices[label.scope["asset"]] > 100_000
    assert label.severity == "P1"


def test_salami_stays_below_the_dust_between_snapshots_and_adds_up() -> None:
    simulation, events = faulty("salami")
    truth = simulation.truth[0].as_json()
    place = (truth["scope"]["location"], truth["scope"]["asset"])
    gaps = [gap for _, where, gap in deviations(tally(events)) if where == place]
    steps = [before - after for before, after in pairwise(gaps)]
    dust = Fraction("0.01")
    assert all(0 <= step <= dust for step in steps)
    assert sum(step > 0 for step in steps) >= 8
    assert 0 <= gaps[-1] - Fraction(truth["difference"]) <= dust, "what was skimmed after the last snapshot"


def test_a_late_event_arrives_an_hour_late_and_no_heartbeat_waits_for_it() -> None:
    simulation, events = faulty("late_event")
    (label,) = simulation.truth
    late = next(event for event in events if event.value["event_id"] in label.event_ids)
    assert late.value["status"] == "completed"
    assert late.observed_at_us - label.injected_at_us >= 3_600 * 1_000_000
    beats = [event.value["watermark"] for event in events if event.topic == "control" and event.key == "fireblocks"]
    assert late.observed_at_us < events[-1].observed_at_us, "there is time left to see it explained"
    assert sum(moment(beat) > moment(late.value["event_time"]) for beat in beats) > 50


def test_a_stuck_rebalance_is_overdue_by_its_route_before_the_world_ends() -> None:
    simulation, events = faulty("stuck_rebalance")
    (label,) = simulation.truth
    stages = [event.value for event in told(events, label.scope["transfer_id"])]
    assert {stage["status"] for stage in stages} == {"requested", "approved", "signing", "broadcast"}
    asset = label.scope["asset"]
    route = next(event.value for event in events if event.key == f"route:{asset}:hot:venue")
    overdue_us = label.injected_at_us + max(route["sla_s"], 3 * route["p99_s"]) * 1_000_000
    assert overdue_us < events[-1].observed_at_us


def test_a_conflict_has_the_id_of_the_first_and_another_amount() -> None:
    simulation, events = faulty("event_conflict")
    (event_id,) = simulation.truth[0].event_ids
    copies = [event.value for event in events if event.value["event_id"] == event_id]
    first, second = copies[0], copies[-1]
    assert Fraction(second["amount"]) == 2 * Fraction(first["amount"])
    unequal = {name for name in first if first[name] != second[name]}
    assert unequal == {"amount", "observed_at"}


def test_an_unknown_asset_moves_and_is_held_before_its_reference_arrives() -> None:
    simulation, events = faulty("unknown_asset")
    told_at = next(event.observed_at_us for event in events if event.key == "asset:SOL")
    moved_at = [event.observed_at_us for event in events if event.value.get("asset") == "SOL"]
    held_at = [event.observed_at_us for event in events if "SOL" in [r["asset"] for r in event.value.get("rows", ())]]
    assert min(moved_at) < told_at
    assert min(held_at) < told_at < max(held_at)
    assert simulation.truth[0].scope == {"asset": "SOL"}


@pytest.mark.parametrize(("name", "ahead_s"), [("clock_skew", 600), ("beyond_horizon", -40 * 86_400)])
def test_stamps_are_ahead_or_ages_old(name: str, ahead_s: int) -> None:
    simulation, events = faulty(name)
    (label,) = simulation.truth
    odd = [event for event in events if event.value["event_id"] in label.event_ids]
    assert odd
    for event in odd:
        stamp = moment(event.value["event_time"])
        assert time_text(event.observed_at_us + (ahead_s - 30) * 1_000_000) < stamp
        assert stamp <= moment(time_text(event.observed_at_us + ahead_s * 1_000_000))


def test_a_dropped_deposit_is_named_by_no_event() -> None:
    simulation, events = faulty("dropped_event")
    (label,) = simulation.truth
    assert label.event_ids, "the truth names what was lost"
    assert not {event.value["event_id"] for event in events} & set(label.event_ids)
    assert not told(events, label.event_ids[0].split("/")[0])


def test_faults_change_nothing_before_they_happen() -> None:
    clean = [event for event in Simulation(SMALL).events() if event.observed_at_us < SMALL.start_us + 3_000 * 1_000_000]
    events = list(Simulation(SMALL, [FaultPlan("wrong_amount", 4_000.0)]).events())
    assert events[: len(clean)] == clean


def test_the_moment_can_be_set_and_several_faults_are_all_labelled() -> None:
    plans: list[str | FaultPlan] = [FaultPlan("silent_outflow", 5_000.0), "off_by_one", "salami"]
    simulation = Simulation(SMALL, plans)
    list(simulation.events())
    assert {label.scenario for label in simulation.truth} == {"silent_outflow", "off_by_one", "salami"}
    outflow = next(label for label in simulation.truth if label.scenario == "silent_outflow")
    assert outflow.injected_at_us == SMALL.start_us + 5_000 * 1_000_000
    assert all(label.note in simulation.describe(label) for label in simulation.truth)


def test_a_fault_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError, match="no fault is called 'gremlin'"):
        plan_of("gremlin")


def test_in_the_demo_the_wrong_amount_shows_within_two_snapshots() -> None:
    simulation = Simulation(demo_config(3, SMALL.start_us, duration_s=90), ["wrong_amount"])
    events = list(simulation.events())
    (label,) = simulation.truth
    asked_us = SMALL.start_us + 60 * 1_000_000
    assert asked_us < label.injected_at_us < asked_us + 10 * 1_000_000
    wrong = [at for at, _, gap in deviations(tally(events)) if gap]
    assert wrong[0] < time_text(label.injected_at_us + 6 * 1_000_000)
    assert len(wrong) >= 3


def told(events: tuple[SimEvent, ...], transfer_id: str) -> list[SimEvent]:
    return [event for event in events if event.topic == "transfers" and event.key == transfer_id]
