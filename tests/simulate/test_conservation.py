from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from fractions import Fraction

import pytest

from streams.simulate import Simulation, WorldConfig, demo_config
from tests.simulate.tally import Tally, deviations, moment, rows, tally
from tests.simulate.worlds import day

START_US = 1_767_571_200_000_000
NOTHING = Fraction(0)


@pytest.fixture(scope="module")
def world() -> Tally:
    return tally(day())


def test_every_snapshot_of_a_clean_day_is_what_the_events_amount_to(world: Tally) -> None:
    found = deviations(world)
    assert len(found) > 5_000
    assert [deviation for deviation in found if deviation[2]] == []


@pytest.mark.parametrize("seed", [21, 22])
def test_it_holds_for_other_seeds_and_for_the_fast_world_of_the_demo(seed: int) -> None:
    worlds = (
        WorldConfig(seed=seed, duration_s=30_000, transfers_per_day=3_000, clients=3, lateness=3.0, duplicates=0.1),
        demo_config(seed, START_US, duration_s=60),
    )
    for config in worlds:
        found = deviations(tally(Simulation(config).events()))
        assert len(found) > 100
        assert [deviation for deviation in found if deviation[2]] == []


def test_money_in_is_money_out_and_held_and_under_way(world: Tally) -> None:
    by_asset: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for _, _, (location, asset), change in world.effects:
        kind = "transit" if location.startswith("transit:") else location
        by_asset[asset][kind if kind in ("external", "fees", "transit") else "held"] += change
    assert set(by_asset) == {"BTC", "ETH", "USDC", "USDT", "USD", "EUR"}
    last = {snapshot["location"]: snapshot for snapshot in world.snapshots}
    first = {snapshot["location"]: snapshot for snapshot in reversed(world.snapshots)}
    stamps = {place: moment(snapshot["as_of"]) for place, snapshot in last.items()}
    for asset, kinds in by_asset.items():
        assert -kinds["external"] == kinds["held"] + kinds["transit"] + kinds["fees"]
        gained = sum(rows(last[place]).get(asset, NOTHING) - rows(first[place]).get(asset, NOTHING) for place in last)
        since = sum(change for at, _, place, change in world.effects
                    if place[1] == asset and at > stamps.get(place[0], "9"))  # fmt: skip
        assert gained + since == kinds["held"], f"what the places report of {asset} is what the events brought them"


def test_the_books_see_of_each_movement_what_the_places_see(world: Tally) -> None:
    held: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for _, transfer_id, (location, asset), change in world.effects:
        if not location.startswith(("transit:", "external", "fees")):
            held[transfer_id, asset] += change
    booked: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for leg in world.postings:
        if leg["account_class"] == "external" and leg["op_type"] != "opening":
            booked[leg["transfer_id"], leg["asset"]] += Fraction(leg["amount"])
    settled = {
        transfer_id
        for transfer_id, stages in world.transfers.items()
        if stages[-1]["event_time"] < "2026-01-05T22:00:00Z"
        and stages[-1]["status"] in ("completed", "failed", "returned", "rejected", "cancelled")
    }
    assert len(settled) > 2_000
    keys = {key for key in held.keys() | booked.keys() if key[0] in settled}
    assert {key for key in keys if held[key] + booked[key]} == set()


def test_journals_add_up_and_the_chains_of_balances_hold(world: Tally) -> None:
    sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    legs: Counter[str] = Counter()
    totals = {leg["journal_id"]: leg["legs_total"] for leg in world.postings}
    balances: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    postings = sorted(world.postings, key=lambda leg: int(leg["source_seq"]))
    assert [leg["source_seq"] for leg in postings] == [str(number) for number in range(1, len(postings) + 1)]
    for leg in postings:
        amount, chain = Fraction(leg["amount"]), (leg["account_id"], leg["asset"])
        sums[leg["journal_id"], leg["asset"]] += amount
        legs[leg["journal_id"]] += 1
        balances[chain] += amount
        assert Fraction(leg["balance_after"]) == balances[chain]
        assert balances[chain] >= 0 or leg["account_class"] in ("external", "pnl"), leg
    assert legs == totals
    assert not any(sums.values())


def test_a_clean_day_has_every_way_that_a_movement_can_go(world: Tally) -> None:
    seen = Counter((stage["op_type"], stage["status"]) for stages in world.transfers.values() for stage in stages)
    for status in ("replaced", "failed", "cancelled", "rejected", "returned", "pending_approval"):
        assert seen["withdrawal", status], status
    for op_type in ("deposit", "internal", "rebalance", "sweep", "settlement", "fee", "funding", "rebate", "interest"):
        assert seen[op_type, "completed"], op_type
    stages = [stage for stages in world.transfers.values() for stage in stages]
    assert {"sender", "deducted", "third_party"} <= {stage.get("fee_payer") for stage in stages}
    assert any(stage["revision"] for stage in stages)
    assert any(stage["asset"] == "XBT" for stage in stages)
    parents = Counter(stage["parent_id"] for stage in stages if "parent_id" in stage)
    assert max(parents.values()) == 2


def test_movements_keep_the_promises_of_their_routes(world: Tally) -> None:
    roles = {"external": "external"}
    promises: dict[tuple[str, str, str], int] = {}
    for event in day():
        value = event.value
        if event.topic == "reference" and value["kind"] == "location":
            roles[value["location"]] = value["role"]
        elif event.topic == "reference" and value["kind"] == "route":
            promises[value["asset"], value["from_role"], value["to_role"]] = value["sla_s"]
    checked = 0
    for stages in world.transfers.values():
        first, done = stages[0], next((stage for stage in stages if stage["status"] == "completed"), None)
        if done is None or first["from"]["location"] == first["to"]["location"] or len(stages) < 2:
            continue
        route = (first["asset"].replace("XBT", "BTC"), roles[first["from"]["location"]], roles[first["to"]["location"]])
        assert seconds(done["event_time"]) - seconds(first["event_time"]) <= promises[route], stages
        checked += 1
    assert checked > 1_000


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
