"""What a contestant says when it is done: one line of JSON, the last of its standard output."""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a contestant is asked to do: apply the first `events` of `source`, and say what it finds on `outputs`.

    The first `known` of them make its accounts known and are not measured. `log_end` is where Driftline's log ends.
    """

    broker: str
    source: str  # the topic, or for Driftline the prefix of its topics
    outputs: str
    events: int
    folder: str  # of its own, for what it keeps on the disk
    group: str
    option: str = ""
    known: int = 0
    log_end: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`seconds` and `processor_seconds` are from the first event applied to the last output confirmed.

    `startup_seconds` is all before that. `said` counts the outputs, `units` is the sum of all balances. `saved_seconds`,
    where there are checkpoints, is until the one that covers the last event is written.
    """

    events: int
    seconds: float
    processor_seconds: float
    startup_seconds: float
    said: int
    units: int
    saved_seconds: float | None = None


class Watch:
    """Takes the times of one contestant."""

    def __init__(self) -> None:
        self._made_s = time.perf_counter()
        self._begun_s: float | None = None
        self._begun_processor_s = 0.0

    def begin(self) -> None:
        """Note that the first event is about to be applied."""
        if self._begun_s is None:
            self._begun_s, self._begun_processor_s = time.perf_counter(), time.process_time()

    @property
    def has_begun(self) -> bool:
        return self._begun_s is not None

    def seconds(self) -> float:
        assert self._begun_s is not None, "no event was applied"
        return time.perf_counter() - self._begun_s

    def result(self, events: int, said: int, units: int, *, saved_seconds: float | None = None) -> Result:
        """Return the result as of now."""
        seconds = self.seconds()
        assert self._begun_s is not None
        return Result(
            events=events,
            seconds=seconds,
            processor_seconds=time.process_time() - self._begun_processor_s,
            startup_seconds=self._begun_s - self._made_s,
            said=said,
            units=units,
            saved_seconds=saved_seconds,
        )


def task() -> Task:
    """Return the task that this process was given as its argument."""
    return msgspec.json.decode(sys.argv[1], type=Task)


def tell(result: Result) -> None:
    """Say the result."""
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


def ignore(*_: Any) -> None:
    """Do nothing."""
