"""How an engine does, as plain numbers: written by the engine's own thread, read by whoever is asked for them.

Each is one value, replaced whole; a reader beside the engine sees the one before or the one after. Seconds with `_s` are
of the monotonic clock, `_us` microseconds of the wall clock since 1970 UTC.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from streams.engine.bookmarks import Ticket

SAMPLES_MAX = 10_000
LATENCY_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CHECKPOINT_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
Stage = Literal["starting", "running", "ending"]


class Histogram:
    """How often a duration fell up to each bound, in seconds; the last count is of those beyond all bounds."""

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self.bounds_s = bounds_s
        self.counts = [0] * (len(bounds_s) + 1)
        self.sum_s = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds_s, seconds)] += 1
        self.sum_s += seconds


class ShardGauges:
    """The figures of one shard in one worker."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_assigned = False
        self.is_open = False
        self.log_end = 0  # as the broker said when it last answered
        self.position = 0  # of the next record of the log to be applied
        self.checkpoints = 0
        self.checkpoint_rows = 0
        self.checkpoint_us: int | None = None  # when the last one was written, by this worker or the one before
        self.checkpoint_s = Histogram(CHECKPOINT_BOUNDS_S)
        self.recovery_s: float | None = None
        self.recovery_records = 0

    @property
    def lag_records(self) -> int:
        """How many records of the log are not applied; 0 where another worker has the shard."""
        return max(self.log_end - self.position, 0) if self.is_open else 0

    def stands(self, *, is_open: bool, position: int) -> None:
        """Note whether the shard is open and where it stands in its log."""
        self.is_open, self.position = is_open, position

    def recovered(self, seconds: float, records: int, written_us: int | None) -> None:
        """Note that the shard was opened: how long that took, and what was read of its state."""
        self.recovery_s, self.recovery_records, self.checkpoint_us = seconds, records, written_us

    def wrote(self, rows: int, seconds: float, at_us: int) -> None:
        """Note a checkpoint: its rows, how long it took from the rows taken to the commit, and when it was there."""
        self.checkpoints += 1
        self.checkpoint_rows += rows
        self.checkpoint_us = at_us
        self.checkpoint_s.observe(seconds)


class Watched(NamedTuple):
    """A shard as the metrics of its monitor see it: `position` is None where another worker has it."""

    number: int
    machine: Any
    position: Callable[[], int | None]
    from_position: int


class Gauges:
    """The figures of one worker, and of each shard of the log in it."""

    def __init__(self, shards: int = 1) -> None:
        self.shards = {number: ShardGauges(number) for number in range(shards)}
        self.stage: Stage = "starting"
        self.failure: str | None = None
        self.turned_s: float | None = None  # when the event loop last turned
        self.answered_s: float | None = None  # when the broker last said where the log ends
        self.missing_topics: tuple[str, ...] = ()
        self.read_elsewhere: tuple[str, ...] = ()  # inputs that another worker has, where one must read all of them
        self.is_in_group = False
        self.applied = 0
        self.expired = 0  # records of the inputs that were gone before they were read
        self.latency_s = Histogram(LATENCY_BOUNDS_S)
        self._unconfirmed: deque[tuple[Ticket, int]] = deque(maxlen=SAMPLES_MAX)

    def assigned(self, numbers: Iterable[int]) -> None:
        """Note that the group has settled, and which shards this worker was given."""
        given = set(numbers)
        self.is_in_group = True
        for number, shard in self.shards.items():
            shard.is_assigned = number in given

    def said(self, ticket: Ticket, logged_us: int) -> None:
        """Note that outputs were said to a stretch of the log whose first record was appended at `logged_us`."""
        self._unconfirmed.append((ticket, logged_us))

    def settle(self, now_us: int) -> None:
        """Take the time of what is confirmed by now."""
        while self._unconfirmed and self._unconfirmed[0][0].outstanding == 0:
            _, logged_us = self._unconfirmed.popleft()
            self.latency_s.observe(max(now_us - logged_us, 0) / 1_000_000)
