from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from streams.simulate import FAULTS, Label, SimEvent, Simulation, WorldConfig
from tests.simulate.tally import Tally, deviations, moment, tally

SEEDS = (1, 3)
NUMBERS = [f"S{number}" for number in range(11, 21)]
NAMES = [name for name, kind in FAULTS.items() if kind.number in NUMBERS]
SLICED = {"salami_skim", "salami_skim_lookalike"}
PRICES = {"BTC": 64_000, "ETH": 3_000, "USDC": 1, "USDT": 1}
Json = dict[str, Any]
everywhere = pytest.mark.parametrize("seed", SEEDS)


class World:
    """A small world with one scenario, run to its end."""

    def __init__(self, name: str, seed: int) -> None:
        simulation = Simulation(WorldConfig(seed=seed, duration_s=6 * 3600, transfers_per_day=4_800), [name])
        self.events: tuple[SimEvent, ...] = tuple(simulation.events())
        self.label: Label = simulation.truth[0]
        self.tally: Tally = tally(self.events)
        self.by_id = {event.value["event_id"]: event for event in reversed(self.events)}  # the first of each
        self.registered = {
            (value["address"], value["network"], value.get("tag")): value for value in self.reference("address")
        }

    def reference(self, kind: str) -> list[Json]:
        return [event.value for event in self.events if event.topic == "reference" and event.value["kind"] == kind]

    def moves(self) -> list[list[Json]]:
        """Return the stages of each movement that the label names, in order of their first."""
        names = dict.fromkeys(event_id.split("/")[0] for event_id in self.label.event_ids if "/" in event_id)
        found = [self.tally.transfers[name] for name in names]
        return sorted(found, key=lambda stages: moment(stages[0]["event_time"]))

    def told(self) -> list[Json]:
        return [self.by_id[event_id].value for event_id in self.label.telling_ids]

    def knows(self, target: Json) -> bool:
        return (target["address"], target["network"], target.get("tag")) in self.registered


@cache
def world(name: str, seed: int) -> World:
    return World(name, seed)


def seconds(stage: Json) -> float:
    return datetime.fromisoformat(stage["event_time"]).timestamp()


def test_each_number_has_its_scenario_and_each_scenario_its_lookalike() -> None:
    scenarios = {name for name in NAMES if not FAULTS[name].lookalike_of}
    assert {FAULTS[name].number for name in scenarios} == set(NUMBERS)
    assert {f"{name}_lookalike" for name in scenarios} <= set(NAMES) - scenarios
    assert {FAULTS[name].lookalike_of for name in set(NAMES) - scenarios} == scenarios


@everywhere
@pytest.mark.parametrize("name", NAMES)
def test_it_is_injected_and_its_label_is_complete(name: str, seed: int) -> None:
    scene, kind = world(name, seed), FAULTS[name]
    assert scene.label.scope
    assert scene.label.note
    assert {*scene.label.event_ids, *scene.label.telling_ids} <= scene.by_id.keys()
    assert bool(scene.label.telling_ids) == (not kind.lookalike_of and name not in SLICED)
    assert bool(scene.label.event_ids) == (name not in SLICED)
    assert bool(kind.expected_alert_types and kind.severity and kind.deadline_s) == (not kind.lookalike_of)


@everywhere
@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLICED])
def test_the_places_hold_what_the_events_say(name: str, seed: int) -> None:
    assert [gap for gap in deviations(world(name, seed).tally) if gap[2]] == []


@everywhere
@pytest.mark.parametrize("name", sorted(SLICED))
def test_slices_stay_below_the_dust_between_snapshots(name: str, seed: int) -> None:
    scene = world(name, seed)
    truth = scene.label.as_json()
    place = (truth["scope"]["location"], truth["scope"]["asset"])
    dust = next(Fraction(asset["dust"]) for asset in scene.reference("asset") if asset["asset"] == place[1])
    found = deviations(scene.tally)
    assert {gap for _, where, gap in found if where != place} == {Fraction(0)}
    gaps = [gap for _, where, gap in found if where == place]
    steps = [after - before for before, after in pairwise(gaps)]
    assert sum(step != 0 for step in steps) >= 5
    assert max(abs(step) for step in steps) <= dust
    assert abs(gaps[-1] - Fraction(truth.get("difference", 0))) <= dust, "what was sliced after the last snapshot"
    if name == "salami_skim":
        assert max(steps) == 0, "one-sided"
        assert gaps[-1] < -2 * dust
    else:
        assert min(steps) < 0 < max(steps)


@everywhere
def test_every_hour_or_so_a_material_amount_goes_to_a_stranger_unasked_for(seed: int) -> None:
    scene = world("silent_outflow_series", seed)
    moves = scene.moves()
    assert len(moves) in (3, 4)
    assert all(seconds(later[0]) - seconds(first[0]) >= 3_600 for first, later in pairwise(moves))
    assert scene.told() == [stages[0] for stages in moves]
    for stages in moves:
        first = stages[0]
        assert [stage["status"] for stage in (first, stages[-1])] == ["broadcast", "completed"]
        assert (first["from"], first["op_type"]) == ({"location": "fireblocks:hot-1"}, "withdrawal")
        assert not scene.knows(first["to"])
        assert Fraction(first["amount"]) * PRICES[first["asset"]] > 100_000
    named = {stages[0]["transfer_id"] for stages in moves}
    assert not [leg for leg in scene.tally.postings if leg.get("transfer_id") in named]


@everywhere
def test_a_consolidation_goes_unasked_for_to_an_address_of_our_own(seed: int) -> None:
    scene = world("silent_outflow_series_lookalike", seed)
    assert len(scene.moves()) in (3, 4)
    for stages in scene.moves():
        assert stages[0]["status"] == "broadcast"
        target = stages[0]["to"]
        own = scene.registered[target["address"], target["network"], None]
        assert (own["role"], own["location"]) == ("hot", target["location"])
        assert own["control_proved_at"]


@everywhere
def test_a_drain_empties_two_dozen_assets_in_ten_minutes_and_is_plain_at_the_third(seed: int) -> None:
    scene = world("hot_wallet_drain", seed)
    firsts = [stages[0] for stages in scene.moves()]
    assert 40 <= len(firsts) <= 150
    assert len({stage["asset"] for stage in firsts}) == 24
    assert seconds(firsts[-1]) - seconds(firsts[0]) <= 600
    assert scene.told() == firsts[:3]
    assert seconds(firsts[2]) - seconds(firsts[0]) < 20
    assert all(stage["status"] == "broadcast" and not scene.knows(stage["to"]) for stage in firsts)
    assert moment(firsts[0]["event_time"]) > "2026-01-05T03:30:00.000Z", "at night"


@everywhere
def test_a_cold_sweep_of_as_many_assets_is_asked_for_and_stays_ours(seed: int) -> None:
    firsts = [stages[0] for stages in world("hot_wallet_drain_lookalike", seed).moves()]
    assert len({stage["asset"] for stage in firsts}) == 24
    assert {(stage["op_type"], stage["status"], stage["to"]["location"]) for stage in firsts} == {
        ("sweep", "requested", "fireblocks:cold-1")
    }


@everywhere
def test_a_swapped_payload_sends_ten_times_what_its_plan_says_to_a_stranger(seed: int) -> None:
    scene = world("payload_swap", seed)
    (stages,) = scene.moves()
    plan = next(event.value for event in scene.events if event.value.get("plan_id") == stages[0]["plan_id"])
    (told,) = scene.told()
    assert told["status"] == "broadcast"
    assert Fraction(plan["amount"]) == Fraction(stages[0]["amount"]) == Fraction(told["amount"]) / 10
    assert stages[0]["to"] == {"location": "fireblocks:hot-1"}
    assert told["to"]["location"] == "external"
    assert not scene.knows(told["to"])
    assert stages[-1]["status"] == "completed"


@everywhere
def test_of_a_move_with_another_fee_nothing_else_changes(seed: int) -> None:
    (stages,) = world("payload_swap_lookalike", seed).moves()
    assert {(stage["amount"], stage["to"]["location"]) for stage in stages} == {
        (stages[0]["amount"], "fireblocks:hot-1")
    }
    assert len({stage["fee_amount"] for stage in stages}) == 2


@everywhere
@pytest.mark.parametrize("name", ["concurrent_withdrawals", "concurrent_withdrawals_lookalike"])
def test_twenty_requests_within_a_tenth_of_a_second_take_ten_times_the_balance(name: str, seed: int) -> None:
    scene = world(name, seed)
    firsts = [stages[0] for stages in scene.moves()]
    client_id, asset = scene.label.scope["client_id"], scene.label.scope["asset"]
    assert [stage["status"] for stage in firsts] == ["requested"] * 20
    assert seconds(firsts[-1]) - seconds(firsts[0]) < 0.1
    legs = [leg for leg in scene.tally.postings if leg.get("client_id") == client_id and leg["asset"] == asset]
    named = {stage["transfer_id"] for stage in firsts}
    debits = sorted(
        (leg for leg in legs if leg.get("transfer_id") in named), key=lambda leg: int(leg["source_seq"])
    )  # fmt: skip
    before = Fraction(debits[0]["balance_after"]) - Fraction(debits[0]["amount"])
    assert all(Fraction(stage["amount"]) <= before for stage in firsts)
    assert len(debits) == 20
    assert -sum(Fraction(leg["amount"]) for leg in debits) >= 9 * before
    if name == "concurrent_withdrawals":
        assert scene.told() == [leg for leg in debits if Fraction(leg["balance_after"]) < 0]
        return
    lines = [account["credit_line"] for account in scene.reference("account") if "credit_line" in account]
    assert min(Fraction(leg["balance_after"]) for leg in legs) >= -Fraction(lines[-1][asset])


@everywhere
def test_a_blown_fee_is_first_said_at_the_broadcast_and_more_than_what_is_moved(seed: int) -> None:
    scene = world("fee_blowout", seed)
    (stages,) = scene.moves()
    (told,) = scene.told()
    assert told["status"] == "broadcast"
    fee, price = Fraction(told["fee_amount"]), PRICES[told["fee_asset"]]
    assert fee * price > 50_000
    assert fee > Fraction(told["amount"])
    assert Fraction(stages[0]["fee_amount"]) * price < 100


@everywhere
def test_in_congestion_everybody_pays_twenty_times_as_much(seed: int) -> None:
    scene = world("fee_blowout_lookalike", seed)
    since = moment(scene.moves()[0][0]["event_time"])
    fees: dict[bool, list[Fraction]] = {True: [], False: []}
    for stages in scene.tally.transfers.values():
        first = stages[0]
        if first["from"]["location"].startswith("fireblocks") and first.get("fee_asset") == "ETH":
            asked_s = seconds(first) - datetime.fromisoformat(since).timestamp()
            if asked_s < -1_000 or 0 <= asked_s < 3_600:
                fees[asked_s >= 0].append(Fraction(first["fee_amount"]))
    assert len(fees[True]) > 5
    assert max(fees[False]) < Fraction("0.0041")
    assert min(fees[True]) >= Fraction("0.004")


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_request_names_a_network_that_the_asset_or_the_address_is_not_on(seed: int) -> None:
    scene = world("wrong_network", seed)
    (told,) = scene.told()
    assert told["status"] == "requested"
    target = told["to"]
    assert {told["network"]} == {target["network"]}
    networks = next(asset["networks"] for asset in scene.reference("asset") if asset["asset"] == told["asset"])
    elsewhere = {network for address, network, _ in scene.registered if address == target["address"]}
    assert (target["network"] in networks) == (target["network"] not in elsewhere)
    assert scene.moves()[0][-1]["status"] == "cancelled"


@everywhere
def test_an_address_on_both_networks_of_its_asset_is_right(seed: int) -> None:
    scene = world("wrong_network_lookalike", seed)
    (stages,) = scene.moves()
    target = stages[0]["to"]
    networks = [asset["networks"] for asset in scene.reference("asset") if asset["asset"] == stages[0]["asset"]][-1]
    assert len(networks) == 2
    assert target["network"] == stages[0]["network"] == networks[1]
    assert {network for address, network, _ in scene.registered if address == target["address"]} == set(networks)


@everywhere
@pytest.mark.parametrize("name", ["missing_memo", "missing_memo_lookalike"])
def test_where_a_tag_is_required_it_is_missing_or_the_registered_one(name: str, seed: int) -> None:
    scene = world(name, seed)
    (stages,) = scene.moves()
    target = stages[0]["to"]
    required = [asset["tag_required"] for asset in scene.reference("asset") if "tag_required" in asset]
    assert required[-1] == [target["network"]]
    assert ("tag" in target, scene.knows(target)) == ((name != "missing_memo"),) * 2
    assert [tag for address, _, tag in scene.registered if address == target["address"]] != [None]


@everywhere
@pytest.mark.parametrize("name", ["lookalike_address_request", "lookalike_address_request_lookalike"])
def test_a_speck_comes_from_an_address_that_looks_like_the_clients_own(name: str, seed: int) -> None:
    scene = world(name, seed)
    speck, asked = scene.moves()
    poison, target = speck[0]["from"]["address"], asked[0]["to"]
    assert Fraction(speck[0]["amount"]) * PRICES[speck[0]["asset"]] < 10
    own = {
        address for (address, _, _), value in scene.registered.items()
        if value["owner"] == target["client_id"] and (address[:6], address[-6:]) == (poison[:6], poison[-6:])
    }  # fmt: skip
    assert len(own) == 1
    assert poison not in own
    assert {target["address"]} == ({poison} if name == "lookalike_address_request" else own)


@everywhere
@pytest.mark.parametrize("name", ["hidden_liability", "hidden_liability_lookalike"])
def test_an_account_of_no_client_goes_far_below_its_first_line(name: str, seed: int) -> None:
    scene = world(name, seed)
    misc = [account for account in scene.reference("account") if account["account_id"] == "client:misc"]
    lines = [Fraction(account["credit_line"]["USD"]) for account in misc]
    assert all(account["account_class"] == "client" and "client_id" not in account for account in misc)
    legs = [leg for leg in scene.tally.postings if leg["account_id"] == "client:misc"]
    assert len(legs) >= 80
    lowest = min(Fraction(leg["balance_after"]) for leg in legs)
    assert lowest < -3 * lines[0]
    breaching = [leg["event_id"] for leg in legs if Fraction(leg["balance_after"]) < -lines[-1]]
    assert sorted(scene.label.telling_ids) == sorted(breaching)
    assert bool(breaching) == (name == "hidden_liability")


@everywhere
@pytest.mark.parametrize("name", ["uncontrolled_address", "uncontrolled_address_lookalike"])
def test_deposits_come_to_an_address_of_ours_with_or_without_proof(name: str, seed: int) -> None:
    scene = world(name, seed)
    moves = scene.moves()
    assert len(moves) == 3
    for stages in moves:
        target = stages[0]["to"]
        own = scene.registered[target["address"], target["network"], None]
        assert (own["role"], own["location"]) == ("hot", target["location"])
        assert ("control_proved_at" in own) == (name != "uncontrolled_address")
        assert moment(own["event_time"]) < moment(stages[0]["event_time"])


@everywhere
def test_otherwise_money_goes_only_to_registered_addresses(seed: int) -> None:
    scene = world("hidden_liability_lookalike", seed)
    asked = [stages[0] for stages in scene.tally.transfers.values() if stages[0]["op_type"] == "withdrawal"]
    assert len(asked) > 50
    assert {"iban", "eip155:1"} <= {stage["to"]["network"] for stage in asked}
    for stage in asked:
        target = stage["to"]
        assert scene.registered[target["address"], target["network"], None]["owner"] == target["client_id"]
