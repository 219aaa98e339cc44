"""Input partitions merged by `observed_at`: how history goes through the broker in the order in which it was observed.

Under the clock ``events`` each record moves the clock, so reading one topic ahead of another would turn a backlog into
silence. Here the earliest of the first unread records goes next, and only once every partition has shown its own: a
partition that is read to its end has nothing to show and holds nobody up.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streams.engine.bookmarks import Partition
from streams.engine.fetches import InputRecord
from streams.engine.watermarks import observed_us


@dataclass(slots=True)
class _Queue:
    rank: int
    next_fetched: int
    last_us: int = 0
    waiting: deque[tuple[int, InputRecord]] = field(default_factory=deque)  # moment and record, in partition order


class Merge:
    """The fetched records of all input partitions that still wait for their turn."""

    def __init__(self) -> None:
        self._queues: dict[Partition, _Queue] = {}
        self.released_us = 0  # the latest moment of what has gone

    def open(self, partition: Partition, next_offset: int, rank: int) -> None:
        """Begin a partition at `next_offset`; one that is open already goes on with what waits.

        Of records with the same moment those of the lower `rank` go first.
        """
        self._queues.setdefault(partition, _Queue(rank, next_offset))

    def close(self, partition: Partition) -> None:
        """Forget a partition and what waits of it: another worker reads it now."""
        self._queues.pop(partition, None)

    def add(self, partition: Partition, records: Iterable[InputRecord]) -> None:
        """Queue the records of one fetch; what was fetched before is passed over.

        A record whose `observed_at` cannot be read takes the moment of the one before it.
        """
        queue = self._queues.get(partition)
        if queue is None:
            return
        for record in records:
            if record.offset >= queue.next_fetched:
                queue.next_fetched = record.offset + 1
                moment = observed_us(record.value or b"")
                queue.last_us = queue.last_us if moment is None else moment
                queue.waiting.append((queue.last_us, record))

    def pass_over(self, partition: Partition, handed: int, position: int) -> None:
        """Note that there is nothing between two offsets, where all before the first was fetched."""
        queue = self._queues.get(partition)
        if queue is not None and queue.next_fetched == handed:
            queue.next_fetched = position

    def depth(self, partition: Partition) -> int:
        """Return how many records of a partition wait."""
        queue = self._queues.get(partition)
        return len(queue.waiting) if queue else 0

    def release(self, ends: Mapping[Partition, int], limit: int) -> list[list[InputRecord]]:
        """Return what may go now, at most `limit` records, as runs of one partition each; in order of the moments.

        `ends` gives the offset behind the last record of every input partition when all were asked: what has come since
        waits until they are asked again, for another partition may hold something earlier by now.
        """
        if any(self._is_behind(partition, end) for partition, end in ends.items()):
            return []
        heads = [self._head(partition) for partition, queue in self._queues.items() if queue.waiting]
        heapq.heapify(heads)
        runs: list[list[InputRecord]] = []
        last: Partition | None = None
        for _ in range(limit):
            if not heads:
                break
            *_, partition = heapq.heappop(heads)
            queue = self._queues[partition]
            if queue.waiting[0][1].offset >= ends.get(partition, 0):
                break
            if partition != last:
                runs.append([])
                last = partition
            moment_us, record = queue.waiting.popleft()
            self.released_us = max(self.released_us, moment_us)
            runs[-1].append(record)
            if queue.waiting:
                heapq.heappush(heads, self._head(partition))
            elif self._is_behind(partition, ends.get(partition, 0)):
                break
        return runs

    def _head(self, partition: Partition) -> tuple[int, int, Partition]:
        queue = self._queues[partition]
        return queue.waiting[0][0], queue.rank, partition

    def _is_behind(self, partition: Partition, end: int) -> bool:
        """Say whether a partition has nothing to show although it is not read to its end."""
        queue = self._queues.get(partition)
        return queue is None or (not queue.waiting and queue.next_fetched < end)
