"""One shard at work: the records of its log, in order and without a gap, through the monitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streams.engine.bookmarks import Bookmark
from streams.engine.entries import entry_record
from streams.engine.errors import LogError
from streams.engine.transport import FetchedRecord
from streams.record import Output, Record


class Steps(Protocol):
    """The monitor as the engine sees it: a synchronous function of the records in their order; it never raises."""

    def step(self, record: Record) -> list[Output]: ...


class Shard:
    """The monitor of one shard; `live_from` is where the log ended when the worker started."""

    def __init__(self, number: int, monitor: Steps, live_from: int) -> None:
        self.number = number
        self._step = monitor.step
        self._live_from = live_from
        self.applied_bytes = 0  # of the values behind live_from: what this worker's own intake has appended

    def fresh(self, records: Sequence[FetchedRecord], mark: Bookmark) -> Sequence[FetchedRecord]:
        """Return the records that have not been applied; raise `LogError` where the log has lost some in between."""
        first, due = records[0].offset, mark.next_offset
        if first > due:
            raise LogError(f"the log has lost its offsets {due} to {first - 1}: the positions cannot be computed")
        return records[due - first :] if first < due else records

    def apply(self, records: Sequence[FetchedRecord]) -> list[Output]:
        """Return what the monitor says to these records, in order."""
        outputs: list[Output] = []
        for record in records:
            outputs += self._step(entry_record(record.value, record.headers))
            if record.offset >= self._live_from:
                self.applied_bytes += len(record.value or b"")
        return outputs
