"""The simulated clock: processes that wait, resumed in order of their moments."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

# A process is a generator: it does something now and yields how long it waits, in microseconds.
Process = Iterator[int]
_NORMAL, _LAST = 0, 1


class Agenda:
    """What is due when. A process started with `last` runs after everything else of its moment.

    Snapshots are such: they hold every effect up to and with their own moment.
    """

    __slots__ = ("_count", "_queue", "now_us")

    def __init__(self, start_us: int) -> None:
        self.now_us = start_us
        self._queue: list[tuple[int, int, int, Process]] = []
        self._count = count()

    def start(self, process: Process, *, wait_us: int = 0, last: bool = False) -> None:
        """Let `process` begin after `wait_us`."""
        entry = (self.now_us + wait_us, _LAST if last else _NORMAL, next(self._count), process)
        heapq.heappush(self._queue, entry)

    def next_us(self) -> int | None:
        """Return the moment of what is due next, None when nothing is."""
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Move the clock to what is due next and resume it."""
        at_us, rank, _, process = heapq.heappop(self._queue)
        self.now_us = at_us
        wait_us = next(process, None)
        if wait_us is not None:
            heapq.heappush(self._queue, (at_us + wait_us, rank, next(self._count), process))
