"""A broker in memory: input partitions, log, outputs, the compacted state with its transactions, and the group's offsets.

What is written stays; who listens is told of each record at the moment at which it is there for all to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from streams.engine.bookmarks import Partition
from streams.engine.entries import Headers
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS

LOG = ("log", 0)


@dataclass(slots=True, frozen=True)
class Stored:
    """A record as it lies in a partition; a consumer is handed this very object."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: Headers = ()
    key: bytes | None = None
    timestamp: ClassVar[int | None] = None


@dataclass(slots=True)
class Transaction:
    """What one producer writes together; `committed` is None while it is open."""

    holder: str
    committed: bool | None = None
    rows: dict[bytes, bytes | None] = field(default_factory=dict)


@dataclass(slots=True)
class StateRecord:
    offset: int
    key: bytes
    value: bytes | None
    transaction: Transaction


class Listener(Protocol):
    """Who judges what happens."""

    def logged(self, record: Stored) -> None: ...
    def said(self, record: Stored) -> None: ...
    def saved(self, transaction: Transaction) -> None: ...
    def noted(self, partition: Partition, offset: int) -> None: ...


class Broker:
    """All topics, by the names of the contract."""

    def __init__(self, inputs: list[Partition], listener: Listener) -> None:
        self.listener = listener
        self.inputs = inputs
        self.partitions: dict[Partition, list[Stored]] = {place: [] for place in [*inputs, LOG]}
        self.partitions |= {(topic, 0): [] for topic in OUTPUT_TOPICS}
        self.state: list[StateRecord] = []
        self.state_end = 0
        self.holders: dict[str, int] = {}  # the transactional ids, and how often each was taken
        self.open: dict[str, Transaction] = {}
        self.committed: dict[Partition, int] = {}
        self.is_away = False

    # ------------------------------------------------------------------------------------------------------- records

    def append(
        self, topic: str, partition: int, value: bytes | None, headers: Headers = (), key: bytes | None = None
    ) -> None:
        """Write a record."""
        place = self.partitions[topic, partition]
        record = Stored(topic, partition, len(place), value, headers, key)
        place.append(record)
        if topic == "log":
            self.listener.logged(record)
        elif topic not in INPUT_TOPICS:
            self.listener.said(record)

    def end(self, place: Partition) -> int:
        if place[0] == "state":
            return self.state_end
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
        self.open[name] = Transaction(name)

    def write(self, name: str, key: bytes, value: bytes | None) -> None:
        """Write a row; nobody sees it before the transaction is committed."""
        transaction = self.open[name]
        transaction.rows[key] = value
        self.state.append(StateRecord(self.state_end, key, value, transaction))
        self.state_end += 1

    def end_transaction(self, name: str, *, committed: bool) -> None:
        """Commit or void what is open, where anything is."""
        transaction = self.open.pop(name, None)
        if transaction is not None:
            transaction.committed = committed
            self.state_end += 1  # the mark of its end
            if committed:
                self.listener.saved(transaction)

    def read_state(self, start: int, limit: int) -> list[StateRecord]:
        """Return committed records from an offset on, up to the first one of which it is open whether it counts."""
        found: list[StateRecord] = []
        for record in self.state:
            if record.transaction.committed is None or len(found) == limit:
                break
            if record.offset >= start and record.transaction.committed:
                found.append(record)
        return found

    def compact(self) -> None:
        """Keep the last of each key, as a cleaner would before the first open transaction; tombstones stay."""
        last: dict[bytes, int] = {}
        for record in self.state:
            if record.transaction.committed is None:
                break
            if record.transaction.committed:
                last[record.key] = record.offset
        open_ = [record for record in self.state if record.transaction.committed is None]
        first = open_[0].offset if open_ else self.state_end
        self.state = [
            record for record in self.state if record.offset >= first or last.get(record.key) == record.offset
        ]
