"""The legitimate patterns: they leave the world in order, and the rest of it as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.simulate import PATTERNS, Simulation, WorldConfig, main
from tests.simulate.quiet import (
    everything,
    faults_of_the_books,
    faults_of_the_policy,
    unexplained,
    world,
)

ROOT = Path(__file__).parents[2]


def test_there_are_twenty_and_each_says_what_it_is() -> None:
    assert sorted(kind.number for kind in PATTERNS.values()) == list(range(1, 21))
    assert all(name == kind.name and kind.description for name, kind in PATTERNS.items())


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_leaves_books_positions_and_policy_in_order(name: str) -> None:
    assert unexplained(world(name)) == []
    assert faults_of_the_books(world(name)) == []
    assert faults_of_the_policy(world(name)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_so_do_all_of_them_together(seed: int) -> None:
    assert unexplained(everything(seed)) == []
    assert faults_of_the_books(everything(seed)) == []
    assert faults_of_the_policy(everything(seed)) == []


def test_all_of_them_happen_in_one_world() -> None:
    numbers = {
        int(transfer_id.split("-p")[1][:2]) for transfer_id in everything(1).tally.transfers if "-p" in transfer_id
    }
    assert numbers == {1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16, 19, 20}, "the rest move nothing of their own"


def test_no_asset_account_or_place_is_used_before_its_reference_arrives() -> None:
    known: dict[str, set[str]] = {"asset": set(), "location": {"external"}, "account": set()}
    for event in everything(1).events:
        value = event.value
        if event.topic == "reference" and value["kind"] in known:
            known[value["kind"]].update([value["id"], *value.get("aliases", ())])
        elif event.topic == "ledger":
            assert value["asset"] in known["asset"]
            assert value["account_id"] in known["account"]
        elif event.topic == "transfers":
            assert {value["asset"], value.get("fee_asset", value["asset"])} <= known["asset"], value
            assert {value["from"]["location"], value["to"]["location"]} <= known["location"]
        elif event.topic == "balances":
            assert {row["asset"] for row in value["rows"]} <= known["asset"]


@pytest.mark.parametrize("name", ["untidy_snapshots", "replays", "reversal_pairs"])
def test_what_leaves_balances_alone_leaves_the_rest_of_the_world_alone(name: str) -> None:
    config = world(name).config
    without = Simulation(WorldConfig(config.seed, config.start_us, config.duration_s, config.transfers_per_day, 20))
    assert what_happens(without.events()) == what_happens(world(name).events)


def test_the_same_seed_writes_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    written = []
    for hash_seed in ("1", "777"):
        out = tmp_path / f"{hash_seed}.jsonl"
        command = [sys.executable, "-m", "streams.simulate", "--seed", "9", "--days", "0.2", "--out", str(out),
                   "--transfers-per-day", "1000", "--pattern", "all"]  # fmt: skip
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed},
                       capture_output=True)  # fmt: skip
        written.append(out.read_bytes())
    assert written[0] == written[1]


def test_a_pattern_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no pattern is called 'gremlin'"):
        Simulation(WorldConfig(patterns=("all", "gremlin")))


def test_the_help_of_the_command_names_every_pattern(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert "--pattern NAME" in shown
    assert all(name in shown for name in PATTERNS)


def what_happens(events: Any) -> list[tuple[str, ...]]:
    """Return what the rest of a world does, whatever its feeds are like."""
    told = {
        (value["transfer_id"], value["status"], value["event_time"], value["amount"])
        for event in events
        if event.topic == "transfers" and "-p" not in (value := event.value)["transfer_id"] and not value["revision"]
    }
    return sorted(told)
