"""A machine of one's own beside a worker: the same log, applied from its beginning, with the same counts and hashes.

It says nothing to anybody: it is there to be held against the state that a worker has written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

import msgspec

from streams.engine.checkpoints import Head, Running
from streams.engine.control import read_config
from streams.engine.errors import LogError
from streams.engine.keeper import Remembers
from streams.monitor import encode
from streams.record import OWN_ORIGIN, Record
from streams.rowdata import encoded_rows

Entries = Iterator[tuple[int, Record]]
OnApplied = Callable[[int], object]
APPLIED_EACH = 1_000
_encode_row = msgspec.json.Encoder().encode


class Replayed(Remembers, Protocol):
    """A machine that can be held against a saved state; `clock_us` is how far its time has come."""

    @property
    def clock_us(self) -> int: ...
    def rows(self) -> dict[str, Any]: ...


class Replica:
    """A fresh machine over the entries of a log; `position` is the offset of the next one to be applied."""

    def __init__(self, machine: Replayed, entries: Entries) -> None:
        self.machine = machine
        self.entries = entries
        self.position = 0
        self.running = Running()
        self._clock = ""

    def advance(self, position: int, on_applied: OnApplied | None = None) -> None:
        """Apply the log up to `position`; raise `LogError` where it ends before.

        `on_applied` hears every thousand records how many have been applied by this call.
        """
        start = self.position
        while self.position < position:
            entry = next(self.entries, None)
            if entry is None:
                raise LogError(f"the log ends at {self.position} and its state is of {position}")
            self._take(*entry)
            applied = self.position - start
            if on_applied is not None and (applied % APPLIED_EACH == 0 or self.position == position):
                on_applied(applied)

    def _take(self, offset: int, record: Record) -> None:
        self.running.take([record])
        if record.origin == OWN_ORIGIN and (config := read_config(record.value)) is not None:
            self._clock = config.clock
        for output in self.machine.step(record):
            self.running.say(output.topic, output.key, encode(output.value))
        self.position = offset + 1

    def close(self) -> None:
        """Let go of the log, where it is being read."""
        if isinstance(self.entries, Generator):
            self.entries.close()

    def head(self, written_us: int = 0) -> Head:
        """Return the head that a checkpoint would have here."""
        version = self.machine.state_version
        return self.running.head(
            position=self.position, state_version=version, clock=self._clock, written_us=written_us
        )

    def rows(self) -> dict[bytes, bytes]:
        """Return every row as a checkpoint has it."""
        return encoded_rows(self.machine.rows())

    def changes(self) -> dict[bytes, bytes | None]:
        """Return the rows changed since the last call as a checkpoint has them, None for one that is gone."""
        changed = self.machine.changed_rows().items()
        return {key.encode(): None if row is None else _encode_row(row) for key, row in changed}
