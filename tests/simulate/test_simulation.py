from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import islice, pairwise
from pathlib import Path

import pytest

from streams.simulate import SimEvent, Simulation, WorldConfig, demo_config, write
from streams.simulate.units import time_text
from tests.simulate.tally import moment
from tests.simulate.worlds import DAY, day

ROOT = Path(__file__).parents[2]
KEYS = {"transfers": "transfer_id", "ledger": "account_id", "balances": "location", "control": "scope"}


def test_events_come_in_order_of_arrival_and_say_so_themselves() -> None:
    events = day()
    assert all(before.observed_at_us <= after.observed_at_us for before, after in pairwise(events))
    assert all(event.value["observed_at"] == time_text(event.observed_at_us) for event in events)


def test_events_of_one_source_are_out_of_order_some_are_late_and_some_come_twice() -> None:
    events = [event for event in day() if event.topic == "transfers"]
    stamps = [moment(event.value["event_time"]) for event in events]
    assert sum(before > after for before, after in pairwise(stamps)) > len(stamps) // 20
    twice = Counter(event.value["event_id"] for event in events)
    assert 0.003 < sum(count > 1 for count in twice.values()) / len(twice) < 0.03


def test_a_repeated_event_has_the_same_content() -> None:
    first: dict[str, dict[str, object]] = {}
    repeated = 0
    for event in day():
        content = {name: value for name, value in event.value.items() if name != "observed_at"}
        known = first.setdefault(event.value["event_id"], content)
        assert known == content
        repeated += known is not content
    assert repeated > 100


def test_keys_are_those_of_the_contract() -> None:
    for event in day():
        if event.topic == "reference":
            assert event.key == f"{event.value['kind']}:{event.value['id']}"
        else:
            assert event.key == event.value[KEYS[event.topic]]


def test_no_asset_account_or_place_is_used_before_its_reference_arrives() -> None:
    known: dict[str, set[str]] = {"asset": set(), "location": {"external"}, "account": set()}
    for event in day():
        value = event.value
        if event.topic == "reference" and value["kind"] in known:
            known[value["kind"]].update([value["id"], *value.get("aliases", ())])
        elif event.topic == "ledger":
            assert value["asset"] in known["asset"]
            assert value["account_id"] in known["account"]
        elif event.topic == "transfers":
            assert {value["asset"], value.get("fee_asset", value["asset"])} <= known["asset"]
            assert {value["from"]["location"], value["to"]["location"]} <= known["location"]
        elif event.topic == "balances":
            assert {row["asset"] for row in value["rows"]} <= known["asset"]


def test_a_heartbeat_never_passes_an_event_of_its_source_that_is_still_to_come() -> None:
    passed: dict[str, str] = {}
    seen: set[str] = set()
    beats = 0
    for event in day():
        value = event.value
        if value.get("kind") == "heartbeat":
            passed[value["of_source"]] = max(passed.get(value["of_source"], ""), moment(value["watermark"]))
            beats += 1
        elif value["event_id"] not in seen:
            seen.add(value["event_id"])
            assert moment(value["event_time"]) > passed.get(value["source"], ""), value
    assert beats > 8_000


def test_venues_number_the_transfers_that_they_tell_without_a_gap_and_nobody_else_does() -> None:
    numbers: dict[str, set[int]] = {}
    for event in day():
        if event.topic == "transfers":
            assert ("source_seq" in event.value) == (event.value["source"] in ("binance:main", "kraken:main"))
            if "source_seq" in event.value:
                numbers.setdefault(event.value["source"], set()).add(int(event.value["source_seq"]))
    assert len(numbers) == 2
    assert all(found == set(range(1, len(found) + 1)) for found in numbers.values())


def test_a_rebalance_is_announced_before_it_is_asked_for() -> None:
    plans: set[str] = set()
    asked = 0
    for event in day():
        if event.value.get("kind") == "plan":
            plans.add(event.value["plan_id"])
        elif event.value.get("op_type") == "rebalance" and event.topic == "transfers":
            assert event.value["plan_id"] in plans
            asked += 1
    assert asked > 50


def test_nights_are_quieter_than_days_and_sizes_are_heavy_tailed() -> None:
    hours: Counter[int] = Counter()
    sizes: list[float] = []
    for event in day():
        if event.topic == "transfers" and event.value["status"] == "requested":
            hours[int(event.value["event_time"][11:13])] += 1
            if event.value["asset"] in ("USDC", "USDT", "USD"):
                sizes.append(float(event.value["amount"]))
    assert sum(hours[hour] for hour in range(11, 17)) > 1.5 * sum(hours[hour] for hour in range(6))
    sizes.sort()
    assert sum(sizes[-len(sizes) // 20 :]) > sum(sizes) * 0.2, "the largest twentieth moves a fifth of the value"


def test_what_is_under_way_does_not_grow_with_the_world() -> None:
    simulation = Simulation(WorldConfig(seed=2, duration_s=None, transfers_per_day=20_000, clients=10))
    waiting = [len(simulation.desk.outbox) for _ in islice(simulation.events(), 40_000)]
    assert max(waiting[20_000:]) < 2 * max(waiting[1_000:20_000]) + 200


def test_the_demo_is_busy_quick_and_never_late() -> None:
    events = list(Simulation(demo_config(7, DAY.start_us, duration_s=60)).events())
    begun = {event.key for event in events if event.topic == "transfers"}
    assert 5 <= len(begun) / 60 <= 20
    seen: set[str] = set()
    for event in events:
        if event.value["event_id"] not in seen:
            seen.add(event.value["event_id"])
            stamp = moment(event.value["event_time"])
            assert moment(time_text(event.observed_at_us - 500_000)) <= stamp, event
    assert 1 <= seconds_under_way(events) <= 10


def seconds_under_way(events: list[SimEvent]) -> float:
    """Return how long the slowest of the withdrawals over a chain took from request to completion."""
    spans: list[float] = []
    asked: dict[str, datetime] = {}
    for event in events:
        if event.topic == "transfers" and event.value["op_type"] == "withdrawal" and "network" in event.value:
            at = datetime.fromisoformat(event.value["event_time"])
            if event.value["status"] == "requested":
                asked[event.key] = at
            elif event.value["status"] == "completed" and event.key in asked:
                spans.append((at - asked[event.key]).total_seconds())
    return sorted(spans)[len(spans) * 9 // 10]


def test_the_same_seed_writes_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    written = []
    for hash_seed in ("1", "777"):
        out, truth = tmp_path / f"{hash_seed}.jsonl.gz", tmp_path / f"{hash_seed}.truth"
        command = [sys.executable, "-m", "streams.simulate", "--seed", "9", "--days", "0.1", "--out", str(out),
                   "--truth", str(truth), "--scenario", "salami", "--scenario", "sign_flip"]  # fmt: skip
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed},
                       capture_output=True)  # fmt: skip
        written.append((out.read_bytes(), truth.read_bytes()))
    assert written[0] == written[1]
    assert len(written[0][1].splitlines()) == 2


def test_another_seed_is_another_world() -> None:
    config = {"duration_s": 600.0, "clients": 3, "transfers_per_day": 5_000}
    first, second = (list(Simulation(WorldConfig(seed=seed, **config)).events()) for seed in (1, 2))  # type: ignore[arg-type]  # plain numbers by name
    assert first != second


def test_a_file_holds_one_envelope_a_line_and_its_truth(tmp_path: Path) -> None:
    config = WorldConfig(seed=4, duration_s=7_200, transfers_per_day=2_000, clients=5)
    simulation = Simulation(config, ["small_leak_break"])
    lines = write(simulation, tmp_path / "world.jsonl.gz", tmp_path / "truth.jsonl")
    with gzip.open(tmp_path / "world.jsonl.gz", "rt", encoding="utf-8") as file:
        envelopes = [json.loads(line) for line in file]
    assert len(envelopes) == lines
    again = list(Simulation(config, ["small_leak_break"]).events())
    assert envelopes == [{"topic": event.topic, "value": event.value} for event in again]
    (label,) = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert label["scenario"] == "small_leak_break"
    assert label["expected_alert_types"] == ["position_drift"]


def test_amounts_are_plain_decimals_within_the_places_of_their_asset() -> None:
    decimals = {e.value["asset"]: e.value["decimals"] for e in day() if e.key.startswith("asset:")} | {"XBT": 8}
    plain = re.compile(r"-?\d{1,60}(\.(\d{1,30}))?")
    for event in day():
        for name, asset in (("amount", "asset"), ("fee_amount", "fee_asset"), ("balance_after", "asset")):
            if name in event.value:
                match = plain.fullmatch(event.value[name])
                assert match, event.value[name]
                assert len(match[2] or "") <= decimals[event.value[asset]]


@pytest.mark.parametrize(
    "wrong",
    [{"clients": 0}, {"transfers_per_day": 0}, {"duration_s": 0.0}, {"time_scale": 0.0}, {"rhythm": 1.0},
     {"duplicates": -0.1}, {"snapshot_every_s": 0.0}],
)  # fmt: skip
def test_a_world_that_cannot_run_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"world needs|above zero|shares"):
        WorldConfig(**wrong)  # type: ignore[arg-type]  # wrong on purpose
