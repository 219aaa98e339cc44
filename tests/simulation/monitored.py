"""The simulated world with the monitor itself as the machine, fed by the simulated broker: slower, and with real rows."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger.shards import ShardMap, ShardRule
from ledger.times import to_text
from streams.engine.bookmarks import Partition
from streams.engine.worker import plain
from streams.monitor import Monitor, Settings
from streams.record import INPUT_TOPICS, Output, Record
from streams.simulate import Simulation, WorldConfig
from tests.simulation.routes import Route
from tests.simulation.world import BEGIN_US, Outcome, World

TRANSFERS_PER_DAY = 400_000
RULES = (
    ShardRule(1, locations=("bank:*", "kraken:*"), accounts=("*[13579]",)),
    ShardRule(2, locations=("binance:*", "fireblocks:cold-*"), accounts=("*[02]",)),
)
_encode = msgspec.json.Encoder().encode


class MonitorThatSaysItsShard(Monitor):
    """A monitor whose outputs have the number of its shard before their keys, which tells the judge whose they are."""

    def step(self, record: Record) -> list[Output]:
        said = super().step(record)
        return [Output(output.topic, f"{self.shard}/{output.key}", output.value) for output in said]


class MonitoredWorld(World):
    """A world whose inputs are a day of the simulated broker; its clock follows what is observed."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, lambda shard: MonitorThatSaysItsShard(shard=shard))
        config = WorldConfig(
            seed=seed, start_us=BEGIN_US, duration_s=None, transfers_per_day=TRANSFERS_PER_DAY, clients=4, rhythm=0.0
        )
        self._history = Simulation(config, ()).events()
        self._settings = plain(Settings(shards=RULES[: self.shards - 1]))

    def inputs(self) -> list[Partition]:
        return [(topic, 0) for topic in INPUT_TOPICS]

    def router(self) -> Route:
        return ShardMap(RULES[: self.shards - 1]).shards_of

    def configuration(self) -> dict[str, Any]:
        return {**self._settings, "grace_seconds": self.rng.choice((30, 30, 30, 60))}

    def feed(self) -> None:
        for _ in range(self.rng.choice((1, 3, 15))):
            event = next(self._history)
            self.now_us = max(self.now_us + 1, event.observed_at_us)
            # What the world was slow to ask for was observed now: an event never comes later than it says.
            value = {**event.value, "observed_at": to_text(self.now_us)}
            self.broker.append(event.topic, 0, _encode(value))


def run_monitored(seed: int) -> Outcome:
    """Live through the world of a seed with the monitor."""
    return MonitoredWorld(seed).run()
