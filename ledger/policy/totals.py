"""How much was asked for since a moment, by what came before a request: differences of running totals.

The window of a limit may hold thousands of requests of a busy client, and each new one is held against it, as are those
that passed against it each time when more is known.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple


class Made(NamedTuple):
    """A request: when it was made, in microseconds of event time, its place among all by arrival, and its units."""

    at_us: int
    order: int
    units: int


class Total(NamedTuple):
    """How many requests, and their units in all."""

    requests: int
    units: int


class Line:
    """Requests one after the other, with what those up to each come to, and the latest arrival among them."""

    __slots__ = ("_before", "_latest", "_units", "made")

    def __init__(self) -> None:
        self.made: list[tuple[int, int, int]] = []  # what they are sorted by first, arrival, units
        # What `_before` and the requests up to each come to, and the latest arrival among these; as far as worked out.
        self._units: list[int] = []
        self._latest: list[int] = []
        self._before = 0

    def place(self, least: int) -> int:
        """Return how many requests are sorted before a number."""
        return bisect_left(self.made, (least,))

    def add(self, made: tuple[int, int, int]) -> None:
        """Take a request in."""
        place = bisect_left(self.made, made)
        self.made.insert(place, made)
        self._drop_from(place)

    def remove(self, made: tuple[int, int, int]) -> bool:
        """Let go of a request; return whether it was here."""
        place = bisect_left(self.made, made)
        if place == len(self.made) or self.made[place] != made:
            return False
        del self.made[place]
        if not place and self._units:  # the first one, as nearly all that go: the totals after it stay right
            self._before = self._units.pop(0)
            del self._latest[0]
        else:
            self._drop_from(place)
        return True

    def units(self, place: int) -> int:
        """Return what so many requests from the first on come to."""
        self._work_out(place)
        return self._units[place - 1] - self._before if place else 0

    def latest(self, place: int) -> int:
        """Return an arrival that is no earlier than that of any of so many requests from the first on; -1 for none."""
        self._work_out(place)
        return self._latest[place - 1] if place else -1

    def _drop_from(self, place: int) -> None:
        del self._units[place:], self._latest[place:]

    def _work_out(self, place: int) -> None:
        units, latest = (self._units[-1], self._latest[-1]) if self._units else (self._before, -1)
        for _, order, more in self.made[len(self._units) : place]:
            units, latest = units + more, max(latest, order)
            self._units.append(units)
            self._latest.append(latest)


class RunningTotal:
    """The requests of one kind that count for one limit, by their moments and by their arrival."""

    __slots__ = ("_by_arrival", "_by_moment")

    def __init__(self) -> None:
        self._by_moment, self._by_arrival = Line(), Line()

    def __bool__(self) -> bool:
        return bool(self._by_moment.made)

    def add(self, made: Made) -> None:
        """Take a request in."""
        self._by_moment.add(made)
        self._by_arrival.add((made.order, made.order, made.units))

    def remove(self, made: Made) -> None:
        """Let go of a request, if it is here."""
        if self._by_moment.remove(made):
            self._by_arrival.remove((made.order, made.order, made.units))

    def since(self, at_us: int, order: int) -> Total:
        """Return what was asked for from a moment on, of what came before the request of an order."""
        moments, arrivals = self._by_moment, self._by_arrival
        start, end = moments.place(at_us), arrivals.place(order)
        if moments.latest(start) < order:
            return Total(end - start, arrivals.units(end) - moments.units(start))
        # Some that were made before the window came after the request: they are in neither.
        units = [more for _, earlier, more in moments.made[start:] if earlier < order]
        return Total(len(units), sum(units))
