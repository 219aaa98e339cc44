"""How far each partition has been taken up, and how far all that came of it is confirmed by the broker.

Faust's own bookkeeping commits ahead of what is safe in several known ways (a gap at the head, a failed commit, a slow
broker). This one is simpler: what is taken up in order is confirmed in order, and only what is confirmed is committed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

Partition = tuple[str, int]  # the broker's topic name and the number of the partition


@dataclass(slots=True)
class Ticket:
    """A stretch of a partition that ends before `next_offset`, with the deliveries that it still waits for."""

    next_offset: int
    outstanding: int


@dataclass(slots=True)
class Bookmark:
    """The place in one partition: `next_offset` is to be taken up next; all before `confirmed` may be committed."""

    next_offset: int
    confirmed: int | None = None
    committed: int | None = None
    tickets: deque[Ticket] = field(default_factory=deque)

    def take(self, next_offset: int, deliveries: int) -> Ticket:
        """Move on to `next_offset` and return the ticket that its `deliveries` are to be counted down on."""
        assert next_offset > self.next_offset, f"a place moves on only: {self.next_offset} to {next_offset}"
        self.next_offset = next_offset
        ticket = Ticket(next_offset, deliveries)
        self.tickets.append(ticket)
        return ticket

    def committable(self) -> int | None:
        """Return the offset to commit (the first one not confirmed), or None where nothing new is confirmed."""
        while self.tickets and self.tickets[0].outstanding == 0:
            self.confirmed = self.tickets.popleft().next_offset
        if self.confirmed is None or (self.committed is not None and self.confirmed <= self.committed):
            return None
        return self.confirmed


class Bookmarks:
    """The places in all partitions that this worker has been given since it started.

    A partition that goes to another worker keeps its bookmark here; when it comes back, the later of the two places
    counts, since what this worker has taken up before is on its way to the log already.
    """

    def __init__(self, log_topic: str) -> None:
        self._log_topic = log_topic
        self._marks: dict[Partition, Bookmark] = {}
        self._resumed: dict[Partition, int] = {}
        self._closed: set[Partition] = set()

    def open(self, partition: Partition, committed: int | None, earliest: int) -> int:
        """Return the offset from which to read a partition that was just assigned.

        `committed` is the group's offset, if it has one; `earliest` the first offset that the broker still has. The log
        is read from the checkpoint of its shard, or from offset 0 where there is none.
        """
        self._closed.discard(partition)
        start = 0 if partition[0] == self._log_topic else max(committed or 0, earliest)
        again = self._resumed.pop(partition, None)
        if again is not None:
            self._marks.pop(partition, None)  # what was taken up of it before is applied anew
            start = again
        mark = self._marks.get(partition)
        if mark is None or start > mark.next_offset:
            mark = self._marks[partition] = Bookmark(start)
        mark.committed = committed
        return mark.next_offset

    def is_log(self, partition: Partition) -> bool:
        return partition[0] == self._log_topic

    def close(self, partition: Partition) -> None:
        """Commit nothing of a partition until it is opened again: who has it meanwhile may have come further."""
        self._closed.add(partition)

    def resume(self, partition: Partition, position: int) -> None:
        """Let a partition of the log be read from a checkpoint on, the next time that it is opened.

        One that stands there already stays as it is, since it may wait for confirmations still.
        """
        mark = self._marks.get(partition)
        if mark is not None and mark.next_offset == position:
            self._resumed.pop(partition, None)  # of an opening that was overtaken
        else:
            self._resumed[partition] = position

    def is_confirmed(self, partition: Partition, position: int) -> bool:
        """Say whether all that came of a partition's records before `position` is confirmed."""
        mark = self._marks.get(partition)
        if mark is None:
            return False
        mark.committable()
        return not mark.tickets or mark.tickets[0].next_offset > position or mark.next_offset < position

    def __getitem__(self, partition: Partition) -> Bookmark:
        return self._marks[partition]

    def __contains__(self, partition: Partition) -> bool:
        return partition in self._marks

    def committable(self) -> Iterator[tuple[Partition, int]]:
        """Return each partition with something new to commit, and the offset."""
        for partition, mark in self._marks.items():
            offset = None if partition in self._closed else mark.committable()
            if offset is not None:
                yield partition, offset

    def waiting(self) -> bool:
        """Say whether anything taken up is not confirmed yet."""
        return any(ticket.outstanding for mark in self._marks.values() for ticket in mark.tickets)
