"""The brake: while a break is open nothing that touches it passes without people, and its explanation lets go."""

from __future__ import annotations

from functools import cache

import pytest

from streams.simulate import FaultPlan, Simulation, WorldConfig
from tests.scenarios.runs import Run, moment, play
from tests.scenarios.verdicts import misjudged

WORLD = {"duration_s": 6 * 3_600.0, "transfers_per_day": 4_800}
SEEDS = (1, 2)


@cache
def told(seed: int) -> tuple[Run, dict[str, dict[str, str]]]:
    """Return a world with a brake, and when each of its movements was said to reach each stage, as it was heard."""
    simulation = Simulation(WorldConfig(seed=seed, **WORLD), [FaultPlan("brake", 10_000.0)])  # type: ignore[arg-type]  # numbers
    run, stages = play(simulation, "brake", seed), dict[str, dict[str, str]]()
    again = Simulation(WorldConfig(seed=seed, **WORLD), [FaultPlan("brake", 10_000.0)])  # type: ignore[arg-type]  # numbers
    for event in again.events():
        if event.topic == "transfers":
            of = stages.setdefault(event.key, {})
            of.setdefault(event.value["status"], moment(event.value["observed_at"]))
    return run, stages


@pytest.mark.parametrize("seed", SEEDS)
def test_three_withdrawals_are_held_while_a_break_is_open_and_released_when_it_is_explained(seed: int) -> None:
    run, stages = told(seed)
    (label,) = run.labels
    assert len(label.expected_decisions) == 3
    assert misjudged(run, label) == ()
    for expected in label.expected_decisions:
        first, last = run.decisions[expected.transfer_id][0], run.decisions[expected.transfer_id][-1]
        assert first.seq == 0
        assert last.seq > 0
        assert [rule.rule for rule in first.failed_rules] == ["R12"]
        assert moment(last.decided_at) < stages[expected.transfer_id]["approved"]


@pytest.mark.parametrize("seed", SEEDS)
def test_they_are_released_with_the_event_that_explains_the_break_and_go_out(seed: int) -> None:
    run, stages = told(seed)
    (label,) = run.labels
    explained_at = moment(run.arrivals[label.event_ids[0]])
    (drift,) = [alert for alert in run.last.values() if alert.type == "position_drift"]
    assert drift.state == "explained"
    for expected in label.expected_decisions:
        assert moment(run.decisions[expected.transfer_id][-1].decided_at) == explained_at
        assert stages[expected.transfer_id]["completed"] > explained_at
