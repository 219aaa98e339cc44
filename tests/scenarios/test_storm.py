"""S30: hours of silence and a storm of late events leave what the same facts in order leave, and wake nobody in vain."""

from __future__ import annotations

import pytest

from streams.simulate import Simulation
from tests.scenarios.runs import world_of
from tests.scenarios.storm import SCENARIO, compare, in_order

SEEDS = (1, 2)  # the source falls silent altogether in the one, and its balances are polled in the other


@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_changes_nothing_and_says_that_the_source_was_silent(seed: int) -> None:
    result = compare(seed)
    assert list(result.differences()) == []
    assert any(" source_silent " in said for said in result.storm.urgent), "there was a storm"
    assert len(result.storm.positions) > 15


def test_the_two_worlds_are_the_two_kinds_of_silence() -> None:
    notes = []
    for seed in SEEDS:
        simulation = Simulation(world_of(SCENARIO, seed), [SCENARIO])
        assert sum(1 for _ in simulation.events()) > 10_000
        notes.append("its balances are not" in simulation.truth[0].note)
    assert sorted(notes) == [False, True]


def test_in_order_every_event_comes_once_and_when_it_happened() -> None:
    events = in_order(Simulation(world_of(SCENARIO, 1), []).events())
    stamps = [event.observed_at_us for event in events]
    assert stamps == sorted(stamps)
    assert len({event.value["event_id"] for event in events}) == len(events)
    assert all(event.value["observed_at"] == event.value["event_time"] for event in events)
