"""One shard at work: the records of its log, in order and without a gap, through the monitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from streams.engine.bookmarks import Bookmark
from streams.engine.checkpoints.head import Head, Running
from streams.engine.entries import entry_record, entry_records
from streams.engine.errors import EngineError, LogError
from streams.engine.fetches import FetchedRecord
from streams.record import Output, Record


class Steps(Protocol):
    """The monitor as the engine sees it: a synchronous function of the records in their order; it never raises."""

    def step(self, record: Record) -> list[Output]: ...


class Shard:
    """The machine of one shard; `live_from` is where the log ended when the worker started.

    `position` is the offset of the next record to be applied, and `running` what went in and came out by then.
    `opening` goes up each time the shard is opened: what was fetched for an earlier one is not applied.
    """

    def __init__(self, number: int, monitor: Steps, live_from: int) -> None:
        self.number = number
        self.machine = monitor
        self._step = monitor.step
        self.forget_changes: Callable[[], None] = getattr(monitor, "forget_changes", _nothing)
        self.live_from = live_from
        self.applied_bytes = 0  # of the values from live_from on: what intake has appended since this worker began
        self.position = 0
        self.running = Running()
        self.opening = 0
        self.is_open = False

    def resume(self, head: Head | None) -> None:
        """Go on from a checkpoint, or from the beginning."""
        self.position = 0 if head is None else head.position
        self.running = Running(head)
        self.opening += 1
        self.is_open = True

    def go_on(self) -> None:
        """Go on where it stands."""
        self.opening += 1
        self.is_open = True

    def close(self) -> None:
        """Apply nothing more: another worker may hold the shard now."""
        self.is_open = False

    def fresh(self, records: Sequence[FetchedRecord], mark: Bookmark) -> Sequence[FetchedRecord]:
        """Return the records that have not been applied; raise `LogError` where the log has lost some in between."""
        first, due = records[0].offset, mark.next_offset
        if due != self.position:
            raise EngineError(f"shard {self.number} stands at {self.position} and its log is read from {due} on")
        if first > due:
            raise LogError(f"the log has lost its offsets {due} to {first - 1}: the positions cannot be computed")
        return records[due - first :] if first < due else records

    def logged_us(self, fetched: FetchedRecord) -> int | None:
        """Return when a record was appended; None where it was in the log already when this worker started."""
        if fetched.offset < self.live_from:
            return None
        return entry_record(fetched.key, fetched.value).logged_at_us

    def apply(self, records: Sequence[FetchedRecord]) -> list[Output]:
        """Return what the monitor says to these records, in order."""
        outputs: list[Output] = []
        entries, step = entry_records(records), self._step
        self.running.take(entries)
        for record in entries:
            outputs += step(record)
        last = records[-1].offset
        if last >= self.live_from:
            live = (one.value for one in records if one.offset >= self.live_from)
            self.applied_bytes += sum(len(value) for value in live if value)
        self.position = last + 1
        return outputs


def _nothing() -> None:
    """Do nothing: this machine does not mark its changes."""
