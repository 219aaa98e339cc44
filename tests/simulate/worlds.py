"""The worlds that the tests look at, each made once."""

from __future__ import annotations

from functools import cache

from streams.simulate import SimEvent, Simulation, WorldConfig

SMALL = WorldConfig(seed=11, duration_s=0.3 * 86_400, transfers_per_day=2_000, clients=15)
DAY = WorldConfig(seed=5, transfers_per_day=2_500, clients=25)


@cache
def day() -> tuple[SimEvent, ...]:
    """Return the events of a clean day."""
    return tuple(Simulation(DAY).events())


@cache
def faulty(name: str) -> tuple[Simulation, tuple[SimEvent, ...]]:
    """Return a small world with one fault, run to its end."""
    simulation = Simulation(SMALL, [name])
    return simulation, tuple(simulation.events())
