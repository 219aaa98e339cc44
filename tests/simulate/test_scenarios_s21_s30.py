from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from streams.simulate import FAULTS, Label, SimEvent, Simulation, WorldConfig
from streams.simulate.units import US
from tests.simulate.tally import Tally, deviations, moment, tally

SEEDS = (1, 2)
NUMBERS = [f"S{number}" for number in range(21, 31)]
NAMES = [name for name, kind in FAULTS.items() if kind.number in NUMBERS]
SCENARIOS = [name for name in NAMES if not FAULTS[name].lookalike_of]
UNTOLD = {"settlement_overdue", "margin_call_unmet", "stuck_move", "late_storm"}  # something that does not come
NOTHING = Fraction(0)
Json = dict[str, Any]
everywhere = pytest.mark.parametrize("seed", SEEDS)


class World:
    """A small world with one scenario, run to its end."""

    def __init__(self, name: str, seed: int) -> None:
        size: Json = {"duration_s": 6 * 3600, "transfers_per_day": 2_000, "clients": 20}
        self.config = WorldConfig(seed=seed, **{**size, **FAULTS[name].world})
        simulation = Simulation(self.config, [name])
        self.events: tuple[SimEvent, ...] = tuple(simulation.events())
        self.label: Label
        (self.label,) = simulation.truth
        self.tally: Tally = tally(self.events)
        self.by_id = {event.value["event_id"]: event for event in reversed(self.events)}  # the first of each

    def named(self) -> list[SimEvent]:
        return [self.by_id[event_id] for event_id in self.label.event_ids]

    def moves(self) -> list[list[Json]]:
        """Return the stages of each movement that the label names, in order of their first."""
        names = dict.fromkeys(event.key for event in self.named() if event.topic == "transfers")
        return sorted((self.tally.transfers[name] for name in names), key=lambda stages: seconds(stages[0]))

    def legs(self, transfer_id: str) -> list[Json]:
        legs = [leg for leg in self.tally.postings if leg.get("transfer_id") == transfer_id]
        return sorted(legs, key=lambda leg: int(leg["source_seq"]))

    def plans(self, op_type: str) -> list[Json]:
        plans = [event.value for event in self.events if event.value.get("kind") == "plan"]
        return [plan for plan in {plan["plan_id"]: plan for plan in plans}.values() if plan["op_type"] == op_type]

    def payments(self, plan: Json) -> list[Json]:
        """Return the first completion of each movement that claims a plan."""
        stages = [found for found in self.tally.transfers.values() if found[0].get("plan_id") == plan["plan_id"]]
        return [next(stage for stage in found if stage["status"] == "completed") for found in stages]

    def injected_s(self) -> float:
        return self.label.injected_at_us / US


@cache
def world(name: str, seed: int) -> World:
    return World(name, seed)


def seconds(value: Json, field: str = "event_time") -> float:
    return datetime.fromisoformat(value[field]).timestamp()


def amounts(stages: list[Json]) -> Fraction:
    return sum((Fraction(stage["amount"]) for stage in stages), NOTHING)


def stage(stages: list[Json], status: str) -> Json:
    return next(found for found in stages if found["status"] == status)


def test_each_number_has_its_scenarios_and_each_scenario_its_lookalike() -> None:
    assert {FAULTS[name].number for name in SCENARIOS} == set(NUMBERS)
    assert {f"{name}_lookalike" for name in SCENARIOS} | set(SCENARIOS) == set(NAMES)


@everywhere
@pytest.mark.parametrize("name", NAMES)
def test_it_is_injected_and_its_label_is_complete(name: str, seed: int) -> None:
    told = world(name, seed)
    label, kind = told.label, FAULTS[name]
    assert label.scope
    assert label.note
    assert label.event_ids
    assert {*label.event_ids, *label.telling_ids} <= told.by_id.keys()
    assert len(set(label.event_ids)) == len(label.event_ids)
    assert bool(label.telling_ids) == (not kind.lookalike_of and name not in UNTOLD)
    assert label.severity == kind.severity


@everywhere
@pytest.mark.parametrize("name", SCENARIOS)
def test_it_can_be_known_in_time_before_the_world_ends(name: str, seed: int) -> None:
    told = world(name, seed)
    label = told.label
    known_us = min((told.by_id[ident].observed_at_us for ident in label.telling_ids), default=label.injected_at_us)
    deadline_s = FAULTS[name].deadline_s if label.deadline_s is None else label.deadline_s
    assert deadline_s > 0
    assert told.config.end_us is not None
    assert label.injected_at_us <= known_us < told.config.end_us - (deadline_s + 600) * US


@everywhere
@pytest.mark.parametrize("name", [name for name in NAMES if name != "stale_snapshot"])
def test_places_agree_with_what_is_told_of_them(name: str, seed: int) -> None:
    assert {gap for _, _, gap in deviations(world(name, seed).tally)} == {NOTHING}


@everywhere
@pytest.mark.parametrize(("name", "times"), [("decimals_swap", 100), ("decimals_swap_lookalike", 1)])
def test_s21_the_second_leg_of_a_swap_is_so_many_times_the_first(name: str, times: int, seed: int) -> None:
    told = world(name, seed)
    out, back = told.moves()
    assert out[0]["parent_id"] == back[0]["parent_id"]
    assert out[0]["asset"] == back[0]["asset"]
    assert (out[0]["to"], back[0]["from"]) == ({"location": "external"},) * 2
    assert Fraction(back[-1]["amount"]) == times * Fraction(out[-1]["amount"])
    assert seconds(out[-1]) < seconds(back[0])
    for stages in (out, back):
        booked = [leg for leg in told.legs(stages[0]["transfer_id"]) if leg["account_class"] == "house"]
        assert abs(amounts(booked)) == Fraction(stages[0]["amount"])


@everywhere
def test_s22_the_numbers_of_a_lost_page_are_missing_for_an_hour_and_no_heartbeat_waits(seed: int) -> None:
    told = world("lost_page", seed)
    page = told.named()
    numbers = [int(event.value["source_seq"]) for event in page]
    assert numbers == list(range(numbers[0], numbers[0] + len(page)))
    assert 5 <= len(page) <= 50
    after = told.by_id[told.label.telling_ids[0]]
    assert int(after.value["source_seq"]) == numbers[-1] + 1
    assert all(event.observed_at_us > after.observed_at_us + 3_500 * US for event in page)
    beats = [event for event in told.events if event.topic == "control" and event.key == told.label.scope["source"]]
    early = [beat for beat in beats if beat.observed_at_us < page[0].observed_at_us]
    assert max(moment(beat.value["watermark"]) for beat in early) > moment(page[-1].value["event_time"])
    assert told.label.as_json()["forbidden_alert_types"] == ["position_drift"]


@everywhere
def test_s22_a_page_that_comes_twice_is_on_time_first(seed: int) -> None:
    told = world("lost_page_lookalike", seed)
    page = set(told.label.event_ids)
    arrivals: dict[str, list[int]] = defaultdict(list)
    for event in told.events:
        if event.value["event_id"] in page:
            arrivals[event.value["event_id"]].append(event.observed_at_us)
    assert all(max(times) - min(times) > 3_000 * US for times in arrivals.values())


@everywhere
def test_s23_a_place_repeats_itself_while_flows_settle_and_tells_the_truth_afterwards(seed: int) -> None:
    told = world("stale_snapshot", seed)
    location = told.label.scope["location"]
    reports = [report for report in told.tally.snapshots if report["location"] == location]
    places = [report["snapshot_id"] for report in reports]
    first = places.index(told.label.event_ids[0]) - 1
    repeated = reports[first : first + 1 + len(told.label.event_ids)]
    assert len(repeated) >= 6
    assert all(report["rows"] == repeated[0]["rows"] for report in repeated)
    telling = places.index(told.label.telling_ids[0])
    assert telling >= first + 2, "the third of its kind"
    wrong = [(at, place) for at, place, gap in deviations(told.tally) if gap]
    assert {place[0] for _, place in wrong} == {location}
    assert {at for at, _ in wrong} <= {moment(report["as_of"]) for report in repeated[1:]}
    for before, report in zip(reports[telling - 2 : telling], reports[telling - 1 : telling + 1], strict=True):
        span = (moment(before["as_of"]), moment(report["as_of"]))
        assert any(span[0] < at <= span[1] and place[0] == location for at, _, place, _ in told.tally.effects)


@everywhere
def test_s23_a_quiet_place_repeats_itself_because_only_its_books_move(seed: int) -> None:
    told = world("stale_snapshot_lookalike", seed)
    cold = told.label.scope["location"]
    start, end = told.injected_s(), told.injected_s() + 4_500
    rows = [report["rows"] for report in told.tally.snapshots
            if report["location"] == cold and start < seconds(report, "as_of") < end]  # fmt: skip
    assert len(rows) >= 10
    assert all(row == rows[-1] for row in rows[-8:])
    assert len(told.moves()) >= 10
    assert all(stages[0]["from"]["location"] == stages[0]["to"]["location"] == cold for stages in told.moves())


@everywhere
@pytest.mark.parametrize(
    ("name", "op_type"), [("settlement_overdue", "settlement"), ("margin_call_unmet", "collateral")]
)
def test_s24_s26_what_is_due_passes_its_end_unmet_and_is_paid_much_later(name: str, op_type: str, seed: int) -> None:
    told = world(name, seed)
    late = [plan for plan in told.plans(op_type) if plan["plan_id"] in told.label.event_ids]
    (plan,) = late
    (payment,) = told.payments(plan)
    assert told.injected_s() == seconds(plan, "not_after")
    assert seconds(payment) > seconds(plan, "not_after") + 1_000
    assert told.label.scope == {"location": plan["to"], "asset": plan["asset"]}
    _other_plans_are_met(told, op_type, late)


@everywhere
def test_s24_a_cycle_settles_another_net_than_was_planned(seed: int) -> None:
    told = world("settlement_net", seed)
    (plan,) = (plan for plan in told.plans("settlement") if plan["plan_id"] in told.label.event_ids)
    (payment,) = told.payments(plan)
    assert Fraction(payment["amount"]) / Fraction(plan["amount"]) not in (0, 1)
    assert abs(Fraction(payment["amount"]) / Fraction(plan["amount"]) - 1) > Fraction(1, 10)
    assert seconds(payment) < seconds(plan, "not_after") < told.injected_s() + 130
    _other_plans_are_met(told, "settlement", [plan])


@everywhere
@pytest.mark.parametrize(
    ("name", "op_type"),
    [("settlement_overdue_lookalike", "settlement"), ("settlement_net_lookalike", "settlement"),
     ("margin_call_unmet_lookalike", "collateral"), ("collateral_twice_lookalike", "collateral")],
)  # fmt: skip
def test_s24_s26_of_a_lookalike_every_plan_is_met_to_the_unit_in_time(name: str, op_type: str, seed: int) -> None:
    _other_plans_are_met(world(name, seed), op_type, [])


def _other_plans_are_met(told: World, op_type: str, odd: list[Json]) -> None:
    plans = [plan for plan in told.plans(op_type) if plan not in odd]
    assert len(plans) + len(odd) == len({plan["plan_id"] for plan in plans + odd})
    for plan in plans:
        payments = told.payments(plan)
        assert amounts(payments) == Fraction(plan["amount"])
        assert all(seconds(payment) < seconds(plan, "not_after") for payment in payments)
        assert all(payment["from"]["location"] == plan["from"] for payment in payments)


@everywhere
def test_s26_the_second_collateral_for_one_call_tells(seed: int) -> None:
    told = world("collateral_twice", seed)
    (plan,) = told.plans("collateral")
    first, second = told.moves()
    assert amounts(told.payments(plan)) == 2 * Fraction(plan["amount"])
    assert {event_id.split("/")[0] for event_id in told.label.telling_ids} == {second[0]["transfer_id"]}
    assert seconds(first[-1]) < seconds(second[0])


@everywhere
def test_s26_an_early_top_up_is_there_before_the_call_begins(seed: int) -> None:
    told = world("margin_call_unmet_lookalike", seed)
    (plan,) = told.plans("collateral")
    assert all(seconds(payment) < seconds(plan, "not_before") for payment in told.payments(plan))
    assert len(world("collateral_twice_lookalike", seed).plans("collateral")) == 2


def promise_s(told: World, stages: list[Json]) -> float:
    route = next(event.value for event in told.events if event.key == f"route:{stages[0]['asset']}:hot:venue")
    return float(max(route["sla_s"], 3 * route["p99_s"]))


@everywhere
def test_s25_a_stuck_move_is_overdue_when_its_deadline_passes(seed: int) -> None:
    told = world("stuck_move", seed)
    (stages,) = told.moves()
    assert stages[-1]["status"] == "broadcast"
    assert told.label.deadline_s is not None
    assert promise_s(told, stages) < told.label.deadline_s < promise_s(told, stages) + 180


@everywhere
def test_s25_a_maintenance_accounts_for_what_a_move_takes_too_long(seed: int) -> None:
    told = world("stuck_move_lookalike", seed)
    (stages,) = told.moves()
    (closed,) = (event.value for event in told.named() if event.topic == "control")
    assert closed["location"] == stages[0]["to"]["location"]
    whole_s = seconds(stage(stages, "completed")) - seconds(stages[0])
    assert whole_s > promise_s(told, stages) > whole_s - (seconds(closed, "until") - seconds(closed, "from"))
    assert seconds(stage(stages, "completed")) > seconds(closed, "until") > seconds(stage(stages, "broadcast"))
    begun = [found[0] for found in told.tally.transfers.values() if found[0]["to"]["location"] == closed["location"]]
    assert not [first for first in begun if seconds(closed, "from") < seconds(first) < seconds(closed, "until")]


@everywhere
def test_s25_what_a_third_party_refused_is_under_way_until_it_returns(seed: int) -> None:
    told = world("third_party_failed", seed)
    (stages,) = told.moves()
    assert [found["status"] for found in stages[-2:]] == ["completed", "returned"]
    assert stages[-2]["sub_status"] == "completed_but_3rd_party_failed"
    assert told.label.telling_ids == [stages[-2]["event_id"]]
    assert seconds(stages[-1]) > seconds(stages[-2]) + 1_700
    remark = stage(world("third_party_failed_lookalike", seed).moves()[0], "completed")
    assert "sub_status" in remark


@everywhere
def test_s27_a_restated_deposit_holds_a_tenth_from_its_revision_on_in_the_vaults_and_in_the_books(seed: int) -> None:
    told = world("restated_deposit", seed)
    (stages,) = told.moves()
    first, again = stages[-2:]
    assert (again["status"], again["revision"], first["revision"]) == ("completed", 1, 0)
    assert Fraction(first["amount"]) == 10 * Fraction(again["amount"])
    assert seconds(again) > seconds(first) + 2.4 * 3600
    booked = [leg for leg in told.legs(first["transfer_id"]) if leg["account_class"] == "client"]
    assert len(booked) == 2
    assert amounts(booked) == Fraction(again["amount"])
    assert {leg["client_id"] for leg in booked} == {told.label.scope["client_id"]}


@everywhere
def test_s27_a_revision_that_says_the_same_comes_twice_under_ids_of_its_own(seed: int) -> None:
    (stages,) = world("restated_deposit_lookalike", seed).moves()
    said = [found for found in stages if found["status"] == "completed"]
    assert [found["revision"] for found in said] == [0, 1, 1]
    assert len({found["event_id"] for found in said}) == 3
    assert len({found["amount"] for found in said}) == 1


@everywhere
def test_s28_the_client_who_is_credited_is_not_the_one_who_paid_in(seed: int) -> None:
    told = world("wrong_account", seed)
    (stages,) = told.moves()
    (booked,) = (leg for leg in told.legs(stages[0]["transfer_id"]) if leg["account_class"] == "client")
    assert booked["amount"] == stages[-1]["amount"]
    assert booked["client_id"] != told.label.scope["client_id"]
    assert told.label.telling_ids == [booked["posting_id"]]
    completed = told.by_id[stages[-1]["event_id"]]
    assert completed.observed_at_us < told.by_id[booked["posting_id"]].observed_at_us


@everywhere
def test_s28_a_reallocation_has_both_legs_after_a_correct_credit(seed: int) -> None:
    told = world("wrong_account_lookalike", seed)
    (stages,) = told.moves()
    booked = [leg for leg in told.legs(stages[0]["transfer_id"]) if leg["account_class"] == "client"]
    owner = told.label.scope["client_id"]
    assert [leg["client_id"] == owner for leg in booked] == [True, True, False]
    assert amounts(booked[:2]) == NOTHING
    assert booked[1]["journal_id"] == booked[2]["journal_id"]


@everywhere
@pytest.mark.parametrize(
    ("name", "origin", "declared"),
    [("auto_misclassified", "auto", "risk_free"), ("auto_misclassified_lookalike", "manual", "risky")],
)
def test_s29_the_address_is_on_record_for_two_hours_of_the_day_it_is_held(
    name: str, origin: str, declared: str, seed: int
) -> None:
    told = world(name, seed)
    (stages,) = told.moves()
    target = stages[0]["to"]
    (record,) = (
        event.value for event in told.events if event.key == f"address:{target['network']}:{target['address']}"
    )
    assert record["owner"] == target["client_id"]
    assert seconds(record, "observed_at") - seconds(record, "added_at") < 5
    assert 7_199 < seconds(stages[0]) - seconds(record, "added_at") < 7_300
    control = stages[0]["control"]
    assert (control["origin"], control["declared_class"]) == (origin, declared)
    assert control["initiator"] not in control["approvers"]
    assert stages[-1]["status"] == "completed"
    (limit,) = (event.value for event in told.events if event.key == f"limit:limit-withdrawal-{stages[0]['asset']}")
    assert limit["address_hold_s"] == 86_400
    assert Fraction(stages[0]["amount"]) < Fraction(limit["single"])


@everywhere
def test_s30_a_source_is_silent_for_eight_hours_and_then_tells_all_within_half_an_hour(seed: int) -> None:
    told = world("late_storm", seed)
    silent_us = told.label.injected_at_us
    ours = [event for event in told.events if event.value.get("source") == "fireblocks"]
    speaking = [event for event in ours if event.topic in ("transfers", "control")]
    assert not [e for e in speaking if silent_us < e.observed_at_us < silent_us + 8 * 3600 * US]
    storm = [event for event in speaking if event.topic == "transfers"
             and 0 <= event.observed_at_us - silent_us - 8 * 3600 * US < 1_860 * US]  # fmt: skip
    late = [event for event in storm if seconds(event.value) < silent_us / US + 8 * 3600]
    assert len(late) > 300
    assert 0.005 < 1 - len({event.value["event_id"] for event in late}) / len(late) < 0.06
    stamps = [moment(event.value["event_time"]) for event in late]
    assert sum(before > after for before, after in pairwise(stamps)) > len(stamps) // 3
    assert told.label.as_json()["forbidden_from_severity"] == "P2"


def test_s30_balances_are_polled_on_in_one_world_and_silent_in_another() -> None:
    heard = []
    for seed in SEEDS:
        told = world("late_storm", seed)
        dark = range(told.label.injected_at_us + 60 * US, told.label.injected_at_us + 8 * 3600 * US)
        heard.append(sum(e.topic == "balances" and e.value["source"] == "fireblocks" and e.observed_at_us in dark
                         for e in told.events))  # fmt: skip
    assert min(heard) == 0 < max(heard)


@everywhere
@pytest.mark.parametrize("name", ["late_storm", "late_storm_lookalike"])
def test_s30_no_heartbeat_passes_what_its_source_has_still_to_tell(name: str, seed: int) -> None:
    passed: dict[str, str] = defaultdict(str)
    seen: set[str] = set()
    for event in world(name, seed).events:
        value = event.value
        if value.get("kind") == "heartbeat":
            passed[value["of_source"]] = max(passed[value["of_source"]], moment(value["watermark"]))
        elif value["event_id"] not in seen:
            seen.add(value["event_id"])
            assert moment(value["event_time"]) > passed[value["source"]], value


@everywhere
def test_s30_ten_minutes_are_less_than_anybody_calls_silence(seed: int) -> None:
    told = world("late_storm_lookalike", seed)
    ours = [event.observed_at_us for event in told.events if event.value.get("source") == "fireblocks"]
    gaps = [after - before for before, after in pairwise(ours)]
    assert 590 * US < max(gaps) < 700 * US
