"""What is due when: deadlines fire in order of (moment, key), before the record that moves the clock past them."""

from __future__ import annotations

from heapq import heappop, heappush

from ledger.table import Table

STALE_ENTRIES_KEPT = 64


class Deadlines:
    """One deadline for each key; setting it again moves it. `due_us`: when each is, to be looked at."""

    __slots__ = ("_heap", "due_us", "table")

    def __init__(self) -> None:
        self.table: Table[str, int] = Table(int)
        self.due_us = self.table.rows
        self._heap: list[tuple[int, str]] = []

    def set(self, key: str, at_us: int) -> None:
        if self.due_us.get(key) == at_us:
            return
        self.table.put(key, at_us)
        heappush(self._heap, (at_us, key))
        if len(self._heap) > 2 * len(self.due_us) + STALE_ENTRIES_KEPT:
            self._heap = sorted((due_us, name) for name, due_us in self.due_us.items())

    def cancel(self, key: str) -> None:
        self.table.drop(key)

    def pop_before(self, clock_us: int) -> tuple[int, str] | None:
        """Return and forget the next deadline that the clock has passed, or None."""
        heap = self._heap
        while heap and heap[0][0] < clock_us:
            at_us, key = heappop(heap)
            if self.due_us.get(key) == at_us:  # else it was moved or cancelled
                self.table.drop(key)
                return at_us, key
        return None

    def load(self, key: str, at_us: int) -> None:
        """Put back a deadline, as unchanged."""
        self.due_us[key] = at_us
        heappush(self._heap, (at_us, key))
