"""Unusual requests: each of a known kind, labelled with what must be decided of it, and never passed by a machine."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from streams.simulate import SimEvent, Simulation, WorldConfig, main
from streams.simulate.unusual import KINDS
from tests.simulate.tally import deviations, tally

SHARE = 0.25
CONFIG = WorldConfig(seed=2, duration_s=0.6 * 86_400, transfers_per_day=5_000, unusual_share=SHARE)


@cache
def told() -> tuple[Simulation, tuple[SimEvent, ...]]:
    """Return a world of which a quarter of the requests are unusual, run to its end."""
    simulation = Simulation(CONFIG)
    return simulation, tuple(simulation.events())


def test_every_kind_happens_and_their_share_is_as_wanted() -> None:
    simulation, events = told()
    assert {label.scenario for label in simulation.truth} == {f"unusual_{kind.name}" for kind in KINDS}
    kinds = ("withdrawal", "internal", "rebalance", "sweep")
    asked = {
        event.key for event in events if event.value.get("status") == "requested" and event.value["op_type"] in kinds
    }
    assert SHARE * 0.6 < len(simulation.truth) / len(asked) < SHARE * 1.4


def test_each_label_names_the_request_and_what_is_to_be_decided_of_it() -> None:
    simulation, events = told()
    asked = {event.value["event_id"]: event.key for event in events if event.value.get("status") == "requested"}
    for label in simulation.truth:
        (expected,) = label.expected_decisions
        assert asked[label.telling_ids[0]] == expected.transfer_id
        assert expected.rules
        assert expected.actions in (("review",), ("hold",))
        assert label.as_json()["expected_decisions"][0]["transfer_id"] == expected.transfer_id


def test_no_machine_lets_one_pass_and_people_turn_most_of_them_down() -> None:
    simulation, events = told()
    labelled = {label.scope["transfer_id"] for label in simulation.truth}
    ends = {event.key: event.value["status"] for event in events if event.key in labelled}
    assert not any(event.key in labelled and event.value.get("control", {}).get("origin") == "auto" for event in events)
    counts = Counter(ends.values())
    assert counts["rejected"] + counts["cancelled"] > counts["completed"] > 5


def test_the_money_agrees_all_the_same() -> None:
    assert {gap for _, _, gap in deviations(tally(told()[1]))} == {0}


def test_a_world_with_none_of_them_says_nothing_of_them() -> None:
    events = list(Simulation(WorldConfig(seed=2, duration_s=7_200.0)).events())
    assert not any("unusual" in event.key or event.value.get("asset") == "XRP" for event in events)


def test_the_command_writes_them_and_their_labels(tmp_path: Path) -> None:
    out, truth = tmp_path / "world.jsonl", tmp_path / "truth.jsonl"
    argv = ["--seed", "2", "--days", "0.1", "--unusual-share", "0.4", "--out", str(out), "--truth", str(truth)]
    assert main(argv) == 0
    assert all('"expected_decisions":[{"transfer_id":"' in line for line in truth.read_text().splitlines())
    assert main([*argv[:4], "--unusual-share", "1", "--out", str(out)]) == 2


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="unusual_share"):
        WorldConfig(unusual_share=share)
