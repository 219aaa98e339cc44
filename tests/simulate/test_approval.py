"""Who lets a request pass: the desk by its policy, people, or whoever gives verdicts from outside."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from typing import Any

import pytest

from streams.simulate import SimEvent, Simulation, WorldConfig
from tests.simulate import quiet
from tests.simulate.quiet import everything, world
from tests.simulate.tally import moment

Json = dict[str, Any]
KINDS = ("withdrawal", "internal", "rebalance", "sweep")
PASSED = ("approved", "queued", "signing", "broadcast", "completed")
SHORT = WorldConfig(seed=3, duration_s=10_800.0, transfers_per_day=3_000, clients=12)


def stages_of(events: tuple[SimEvent, ...] | list[SimEvent]) -> dict[str, list[Json]]:
    """Return what was told of each movement that was asked for, once each and in order of time."""
    told: dict[str, dict[str, Json]] = defaultdict(dict)
    for event in events:
        if event.topic == "transfers" and event.value["op_type"] in KINDS:
            told[event.key].setdefault(event.value["event_id"], event.value)
    stages = {key: sorted(of.values(), key=lambda value: moment(value["event_time"])) for key, of in told.items()}
    return {key: of for key, of in stages.items() if of[0]["status"] == "requested" and "control" in of[0]}


class Outside:
    """Verdicts from outside: by movement a list of actions, the next of them each time that somebody asks."""

    def __init__(self, *actions: str | None) -> None:
        self.actions = actions
        self.asked: Counter[str] = Counter()

    def __call__(self, transfer_id: str) -> str | None:
        self.asked[transfer_id] += 1
        return self.actions[min(self.asked[transfer_id], len(self.actions)) - 1]

    def world(self) -> dict[str, list[Json]]:
        return stages_of(list(Simulation(SHORT, verdicts=self).events()))


def test_with_no_verdict_nothing_passes() -> None:
    made = Outside(None).world()
    assert len(made) > 50
    assert {stage["status"] for of in made.values() for stage in of} <= {"requested", "screening", "rejected"}
    assert not any({"origin", "declared_class"} & of[0]["control"].keys() for of in made.values())


def test_what_is_approved_passes_at_once_as_the_machines_doing() -> None:
    made = Outside("auto_approve").world()
    for of in made.values():
        for stage in of:
            if stage["status"] in PASSED:
                control = stage["control"]
                assert (control["origin"], control["declared_class"], control["approvers"]) == ("auto", "risk_free", [])
    assert "pending_approval" not in {stage["status"] for of in made.values() for stage in of}
    assert {of[0]["op_type"] for of in made.values() if of[-1]["status"] in PASSED} >= {
        "withdrawal",
        "internal",
        "rebalance",
    }


def test_what_is_for_review_is_looked_at_by_people_who_did_not_ask_for_it() -> None:
    made = Outside("review").world()
    passed = [of for of in made.values() if of[-1]["status"] in PASSED]
    assert len(passed) > 40
    for of in passed:
        pending, control = next(s for s in of if s["status"] == "pending_approval"), of[-1]["control"]
        assert pending["control"]["approvers"] == []
        assert (control["origin"], control["declared_class"]) == ("manual", "risky")
        assert len(control["approvers"]) == 2
        assert control["initiator"] not in control["approvers"]


def test_what_is_held_waits_until_it_no_longer_is() -> None:
    waiting = 90
    outside = Outside(*["hold"] * waiting, None, "hold", "auto_approve")
    made = outside.world()
    spans = [
        moment(next(s for s in of if s["status"] in PASSED)["event_time"]) >= later(of[0], waiting)
        for of in made.values()
        if of[-1]["status"] in PASSED
    ]
    assert len(spans) > 40
    assert all(spans)
    assert max(outside.asked.values()) == waiting + 3, "asked about once a second, and no more once it has passed"


def later(stage: Json, seconds: float) -> str:
    return quiet.later(stage["event_time"], seconds)


@cache
def judged() -> dict[str, list[Json]]:
    """Return what was asked for in a busy world with all legitimate patterns, by the desk's own judgement."""
    return stages_of(everything(1, 1.0).events)


def test_the_desk_lets_the_machine_pass_most_and_people_the_rest() -> None:
    origins = Counter((of[0]["op_type"], of[0]["control"]["origin"]) for of in judged().values())
    assert origins["withdrawal", "auto"] > 5 * origins["withdrawal", "manual"] > 0
    assert origins["rebalance", "auto"] > origins["rebalance", "manual"] > 0
    assert origins["sweep", "auto"] > 0
    assert origins["internal", "manual"] > origins["internal", "auto"] > 0


def automatic() -> list[Json]:
    return [of[0] for of in judged().values() if of[0]["control"]["origin"] == "auto"]


def test_what_the_machine_passes_is_declared_free_of_risk_and_nobody_has_approved_it() -> None:
    for request in automatic():
        assert request["control"]["declared_class"] == "risk_free"
        assert request["control"]["approvers"] == []


def test_the_machine_pays_clients_at_their_own_addresses_only_and_no_money_to_another() -> None:
    owners = {
        (value["address"], value["network"], value.get("tag")): value["owner"]
        for value in everything(1, 1.0).of("reference", "address")
    }
    accounts = {value["account_id"]: value.get("client_id") for value in everything(1, 1.0).of("reference", "account")}
    for request in automatic():
        target, payer = request["to"], request["from"].get("client_id")
        if request["op_type"] == "withdrawal":
            assert owners[target["address"], target["network"], target.get("tag")] == payer
        elif request["op_type"] == "internal":
            assert accounts[target["account_id"]] == payer


def test_the_machine_stays_within_the_limits() -> None:
    limits = everything(1, 1.0).of("reference", "limit")
    single = {value["scope"]["asset"]: float(value["single"]) for value in limits if "single" in value}
    kyt_max = min(value["kyt_max"] for value in limits if "kyt_max" in value)
    for request in automatic():
        if request["op_type"] == "withdrawal":
            assert float(request["amount"]) <= single[{"XBT": "BTC"}.get(request["asset"], request["asset"])]
            assert request["control"]["kyt_score"] <= kyt_max
        assert (request["op_type"], request["from"]["location"]) != ("rebalance", "fireblocks:cold-1"), "by two people"


def test_the_machine_stays_within_what_a_client_may_ask_for_in_an_hour() -> None:
    counts = {
        value["scope"]["client_id"]: value["window_count"]
        for value in everything(1, 1.0).of("reference", "limit")
        if value["limit_id"].startswith("limit-hourly-")
    }
    asked: dict[str, list[str]] = defaultdict(list)
    for of in sorted(judged().values(), key=lambda of: moment(of[0]["event_time"])):
        client = of[0]["from"].get("client_id")
        if of[0]["op_type"] == "withdrawal" and client in counts:
            asked[client].append(moment(of[0]["event_time"]))
            if of[0]["control"]["origin"] == "auto":
                since = later(of[0], -3_600)
                assert sum(at >= since for at in asked[client]) <= counts[client]


def test_firm_limits_say_all_that_a_policy_may_ask_for() -> None:
    named = {name for value in world("month_end").of("reference", "limit") for name in value}
    assert {"single", "share_of_balance", "window_s", "window_sum", "window_count", "address_hold_s", "kyt_max",
            "quorum", "hours"} <= named  # fmt: skip


@pytest.mark.parametrize("kind", ["location", "asset"])
def test_while_a_brake_is_known_what_touches_it_waits(kind: str) -> None:
    simulation = Simulation(SHORT)
    value = {"location": "bank:acme-usd", "asset": "USD"}[kind]
    simulation.desk.standing.brakes.add((kind, value))
    made = stages_of(list(simulation.events()))
    held = [of for of in made.values() if of[0]["asset"] == "USD" and of[0]["op_type"] == "withdrawal"]
    assert len(held) > 5
    assert not any(stage["status"] in PASSED and stage["control"]["origin"] == "auto" for of in held for stage in of)
    others = [of for of in made.values() if of[0]["asset"] == "BTC" and of[0]["op_type"] == "withdrawal"]
    assert any(of[-1]["status"] == "completed" for of in others)
