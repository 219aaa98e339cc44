"""The bank's year in the quick form of the benchmark: nothing found where nothing is, every fault found."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.bench import berka
from tests.bench.faults import KINDS, inject, places
from tests.bench.stream import Event, read_events

SEED = 1993


@pytest.fixture(scope="module")
def year(datasets: Path) -> list[Event]:
    return read_events(datasets / berka.FILE_NAME)


@pytest.fixture(scope="module")
def outcomes(datasets: Path) -> list[berka.Outcome]:
    return list(berka.outcomes(datasets / berka.FILE_NAME, SEED, quick=True))


def test_the_whole_file_as_it_is_raises_no_alert(year: list[Event]) -> None:
    monitor, witness = berka.run(year)
    assert (monitor.state.counts["transfers"], monitor.state.counts["balances"]) == (14_125, 14_125)
    assert (witness.standing, witness.ended) == ({}, 0)


def test_every_kind_of_fault_was_tried_in_both_orders(outcomes: list[berka.Outcome]) -> None:
    tried = {(outcome.name, outcome.kind): outcome.injected for outcome in outcomes}
    assert len(tried) == 2 * (len(KINDS) + 1)
    assert {injected for (_, kind), injected in tried.items() if kind != "none"} == {berka.QUICK_INJECTIONS}


def test_every_fault_is_found_and_none_invented(outcomes: list[berka.Outcome]) -> None:
    assert [berka.show(outcome) for outcome in outcomes if not outcome.is_clean] == []
    assert all(len(outcome.delays) == outcome.injected for outcome in outcomes)


def test_in_order_two_reports_tell_the_size_of_every_fault(outcomes: list[berka.Outcome]) -> None:
    faulty = [outcome for outcome in outcomes if outcome.name == "in order" and outcome.kind != "none"]
    assert {max(outcome.delays) for outcome in faulty} == {2}
    assert [outcome.kind for outcome in faulty if outcome.stale or outcome.ended] == []


def test_a_monitor_that_says_nothing_fails_the_benchmark(year: list[Event]) -> None:
    spoilt, faults = inject(year, "dropped", places(year), 3, Random(SEED))
    outcome = berka.Outcome("in order", "dropped", len(faults))
    berka.judge(outcome, faults, berka.Witness({fault.location: fault for fault in faults}))
    assert (len(spoilt), outcome.missed, outcome.is_clean) == (len(year) - 3, faults, False)


def test_a_monitor_that_cries_wolf_fails_the_benchmark(year: list[Event]) -> None:
    spoilt, faults = inject(year, "dropped", places(year), 3, Random(SEED))
    _, witness = berka.run(spoilt, {fault.location: fault for fault in faults[1:]})
    outcome = berka.Outcome("in order", "dropped", len(faults) - 1)
    berka.judge(outcome, faults[1:], witness)
    assert [alert.scope.location for alert in outcome.invented] == [faults[0].location]
    assert not outcome.is_clean
