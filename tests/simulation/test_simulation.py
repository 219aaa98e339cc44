"""Thousands of small worlds in which the engine meets everything at once; see `tests.simulation.world`."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.simulation.clients import installed
from tests.simulation.defects import FREQUENT, Defect
from tests.simulation.monitored import run_monitored
from tests.simulation.world import Outcome, run

SEEDS = 1_000
MONITORED = 25


@pytest.fixture(scope="module", autouse=True)
def simulated_clients() -> Iterator[None]:
    logging.disable()  # a broker that is away is told of at each tick
    with installed():
        yield
    logging.disable(logging.NOTSET)


def first_wrong(seeds: range) -> Outcome | None:
    return next((outcome for seed in seeds if (outcome := run(seed)).wrong is not None), None)


def test_in_no_world_does_the_engine_break_its_promise() -> None:
    totals: dict[str, int] = {}
    for seed in range(SEEDS):
        outcome = run(seed)
        assert outcome.wrong is None, "\n".join([*outcome.trace, f"seed {seed}: {outcome.wrong}"])
        for name, count in outcome.counts.items():
            totals[name] = totals.get(name, 0) + count
    # A world in which nothing happens proves nothing.
    assert min(totals[name] for name in ("crashes", "rebalances", "repeated inputs", "repeated outputs")) > SEEDS
    assert min(totals[name] for name in ("checkpoints", "own records")) > 3 * SEEDS


@pytest.mark.parametrize(("defect", "seeds"), FREQUENT.items(), ids=lambda value: getattr(value, "__name__", None))
def test_a_planted_defect_is_found(defect: Defect, seeds: int) -> None:
    with defect():
        found = first_wrong(range(seeds))
    assert found is not None, f"{seeds} worlds and none of them wrong"
    with defect():
        again = run(found.seed)
    assert (again.wrong, again.trace) == (found.wrong, found.trace), "a seed is one world"
    assert run(found.seed).wrong is None


def test_the_monitor_itself_comes_through_such_worlds() -> None:
    checkpoints = 0
    for seed in range(MONITORED):
        outcome = run_monitored(seed)
        assert outcome.wrong is None, "\n".join([*outcome.trace, f"seed {seed}: {outcome.wrong}"])
        checkpoints += outcome.counts["checkpoints"]
    assert checkpoints > MONITORED
