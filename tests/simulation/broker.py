"""A broker in memory: input partitions, the log's partitions, outputs, the compacted state and the group's offsets.

What is written stays; who listens is told of each record at the moment at which it is there for all to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from streams.engine.bookmarks import Partition
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS
from tests.simulation.transactions import Rows, StatePartition, Transaction

LOG = "log"


@dataclass(slots=True, frozen=True)
class Stored:
    """A record as it lies in a partition; a consumer is handed this very object."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    timestamp: ClassVar[int | None] = None


class Listener(Protocol):
    """Who judges what happens."""

    def logged(self, record: Stored) -> None: ...
    def said(self, record: Stored) -> None: ...
    def saved(self, name: str, shard: int, rows: Rows) -> None: ...
    def noted(self, partition: Partition, offset: int) -> None: ...


class Broker:
    """All topics, by the names of the contract; log and state have a partition for each shard."""

    def __init__(self, inputs: list[Partition], shards: int, listener: Listener) -> None:
        self.listener = listener
        self.inputs = inputs
        self.logs = [(LOG, shard) for shard in range(shards)]
        self.partitions: dict[Partition, list[Stored]] = {place: [] for place in [*inputs, *self.logs]}
        self.partitions |= {(topic, 0): [] for topic in OUTPUT_TOPICS}
        self.states = [StatePartition() for _ in self.logs]
        self.holders: dict[str, int] = {}  # the transactional ids, and how often each was taken
        self.open: dict[str, Transaction] = {}
        self.committed: dict[Partition, int] = {}
        self.is_away = False

    # ------------------------------------------------------------------------------------------------------- records

    def append(self, topic: str, partition: int, value: bytes | None, key: bytes | None = None) -> None:
        """Write a record."""
        place = self.partitions[topic, partition]
        record = Stored(topic, partition, len(place), value, key)
        place.append(record)
        if topic == LOG:
            self.listener.logged(record)
        elif topic not in INPUT_TOPICS:
            self.listener.said(record)

    def end(self, place: Partition) -> int:
        """Return the offset behind the last record that a reader of what is committed may see."""
        if place[0] == "state":
            return self.states[place[1]].stable_end()
        return len(self.partitions[place])

    def commit(self, place: Partition, offset: int) -> None:
        """Note how far the group has read."""
        self.listener.noted(place, offset)
        self.committed[place] = offset

    # --------------------------------------------------------------------------------------------------------- state

    def take(self, name: str) -> int:
        """Give a transactional id to a new holder, whose number this returns; what the last one left open is void."""
        self.end_transaction(name, committed=False)
        self.holders[name] = self.holders.get(name, 0) + 1
        return self.holders[name]

    def begin(self, name: str) -> None:
        self.open[name] = Transaction()

    def write(self, name: str, shard: int, key: bytes, value: bytes | None) -> None:
        """Write a row; nobody sees it before the transaction is committed."""
        self.states[shard].write(self.open[name], key, value)
        self.open[name].rows.setdefault(shard, {})[key] = value

    def end_transaction(self, name: str, *, committed: bool) -> None:
        """Commit or void what is open, where anything is."""
        transaction = self.open.pop(name, None)
        if transaction is None:
            return
        transaction.committed = committed
        for shard, rows in transaction.rows.items():
            self.states[shard].end += 1  # the mark of its end
            if committed:
                self.listener.saved(name, shard, rows)

    def compact(self) -> None:
        for state in self.states:
            state.compact()
