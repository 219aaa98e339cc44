"""The compacted topic of the state in memory: records of transactions that are open, committed or void."""

from __future__ import annotations

from dataclasses import dataclass, field

Rows = dict[bytes, bytes | None]


@dataclass(slots=True)
class Transaction:
    """What one producer writes together, by shard; `committed` is None while it is open."""

    committed: bool | None = None
    rows: dict[int, Rows] = field(default_factory=dict)


@dataclass(slots=True)
class StateRecord:
    offset: int
    key: bytes
    value: bytes | None
    transaction: Transaction


class StatePartition:
    """The state of one shard; `end` is the offset behind all that was written, marks of transactions included."""

    def __init__(self) -> None:
        self.records: list[StateRecord] = []
        self.end = 0

    def write(self, transaction: Transaction, key: bytes, value: bytes | None) -> None:
        self.records.append(StateRecord(self.end, key, value, transaction))
        self.end += 1

    def stable_end(self) -> int:
        """Return the offset of the first record of which it is open whether it counts, else the end."""
        return next((record.offset for record in self.records if record.transaction.committed is None), self.end)

    def read(self, start: int, limit: int, *, uncommitted: bool) -> list[StateRecord]:
        """Return records from an offset on: those that were committed before the stable end, or just all."""
        found: list[StateRecord] = []
        for record in self.records:
            counts = record.transaction.committed or uncommitted
            if len(found) == limit or (record.transaction.committed is None and not uncommitted):
                break
            if record.offset >= start and counts:
                found.append(record)
        return found

    def compact(self) -> None:
        """Keep the last of each key, as a cleaner would before the first open transaction; tombstones stay."""
        first, last = self.stable_end(), dict[bytes, int]()
        for record in self.records:
            if record.offset < first and record.transaction.committed:
                last[record.key] = record.offset
        self.records = [
            record for record in self.records if record.offset >= first or last.get(record.key) == record.offset
        ]
