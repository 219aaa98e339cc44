"""What the workers are held against: the same machine over the log from its beginning, and what the inputs hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.engine.bookmarks import Partition
from streams.engine.checkpoints.head import Head, Running
from streams.engine.watermarks import observed_us
from streams.monitor import encode
from streams.record import Output, Record
from tests.simulation.routes import Route

if TYPE_CHECKING:
    from tests.simulation.broker import Broker

_encode = msgspec.json.Encoder().encode
Said = tuple[str, bytes, bytes]  # topic, key and value
Fact = tuple[int | None, tuple[int, ...]]  # of an input record: when it was observed, and its shards


class Reference:
    """The machine over the log from its beginning, with the running counts that a head has."""

    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.running = Running()
        self.position = 0
        self.rows: dict[bytes, bytes] = {}

    def take(self, record: Record) -> list[Said]:
        """Apply the next record of the log and return what is to be said."""
        self.running.take([record])
        self.position += 1
        return [self._say(output) for output in self.machine.step(record)]

    def _say(self, output: Output) -> Said:
        value = encode(output.value)
        self.running.say(output.topic, output.key, value)
        return output.topic, output.key.encode(), value

    def now(self) -> dict[bytes, bytes]:
        """Return the rows as a checkpoint has them."""
        for name, row in self.machine.changed_rows().items():
            if row is None:
                self.rows.pop(name.encode(), None)
            else:
                self.rows[name.encode()] = _encode(row)
        return self.rows

    def head(self, of: Head) -> Head:
        """Return the head that must stand here; the wall clock is taken from the one that does."""
        version = self.machine.state_version
        return self.running.head(
            position=self.position, state_version=version, clock=of.clock, written_us=of.written_us
        )


class Facts:
    """What is known of the input records: read from their bytes once each, and in no way that the engine has."""

    def __init__(self, broker: Broker, route: Route) -> None:
        self._broker, self._route = broker, route
        self._facts: dict[Partition, list[Fact]] = {place: [] for place in broker.inputs}

    def of(self, place: Partition) -> list[Fact]:
        """Return those of all records that are in a partition now, by offset."""
        facts = self._facts[place]
        for record in self._broker.partitions[place][len(facts) :]:
            value = record.value or b""
            facts.append((observed_us(value), self._route(place[0], value)))
        return facts

    def newest_us(self) -> int:
        """Return the latest moment of all; 0 where there is none."""
        moments = (moment for place in self._facts for moment, _ in self.of(place) if moment is not None)
        return max(moments, default=0)
