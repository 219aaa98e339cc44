"""What is due when: deadlines fire in order of (moment, key), before the record that moves the clock past them."""

from __future__ import annotations

from heapq import heappop, heappush

STALE_ENTRIES_KEPT = 64


class Deadlines:
    """One deadline for each key; setting it again moves it."""

    __slots__ = ("_heap", "due_us", "touched")

    def __init__(self) -> None:
        self.due_us: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self.touched: set[str] = set()

    def set(self, key: str, at_us: int) -> None:
        if self.due_us.get(key) == at_us:
            return
        self.due_us[key] = at_us
        self.touched.add(key)
        heappush(self._heap, (at_us, key))
        if len(self._heap) > 2 * len(self.due_us) + STALE_ENTRIES_KEPT:
            self._heap = sorted((due_us, name) for name, due_us in self.due_us.items())

    def cancel(self, key: str) -> None:
        if self.due_us.pop(key, None) is not None:
            self.touched.add(key)

    def pop_before(self, clock_us: int) -> tuple[int, str] | None:
        """Return and forget the next deadline that the clock has passed, or None."""
        heap = self._heap
        while heap and heap[0][0] < clock_us:
            at_us, key = heappop(heap)
            if self.due_us.get(key) == at_us:  # else it was moved or cancelled
                del self.due_us[key]
                self.touched.add(key)
                return at_us, key
        return None

    def load(self, key: str, at_us: int) -> None:
        self.due_us[key] = at_us
        heappush(self._heap, (at_us, key))
