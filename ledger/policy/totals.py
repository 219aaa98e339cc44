"""How much was asked for since a moment: requests in order of their moments, with what they come to by each.

The window of a limit may hold thousands of requests of a busy client, and each new one is held against it: what they come
to is a difference of two running totals, and nothing is added up again.
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


class RunningTotal:
    """The requests of one kind that count for one limit."""

    __slots__ = ("_before", "_made", "_newest", "_units")

    def __init__(self) -> None:
        self._made: list[Made] = []
        self._units: list[int] = []  # what `_before` and the requests up to each come to; may end earlier than `_made`
        self._before = 0
        self._newest = -1  # no request has come later than this one

    def __bool__(self) -> bool:
        return bool(self._made)

    def add(self, made: Made) -> None:
        """Take a request in."""
        place = bisect_left(self._made, made)
        self._made.insert(place, made)
        del self._units[place:]
        self._newest = max(self._newest, made.order)

    def remove(self, made: Made) -> None:
        """Let go of a request, if it is here."""
        place = bisect_left(self._made, made)
        if place == len(self._made) or self._made[place] != made:
            return
        del self._made[place]
        if not place and self._units:
            self._before = self._units.pop(0)  # the oldest, as nearly all that go: the totals after it stay right
        else:
            del self._units[place:]

    def since(self, at_us: int, order: int) -> Total:
        """Return what was asked for from a moment on, of what came before the request of an order."""
        start = bisect_left(self._made, (at_us,))
        if order <= self._newest:
            earlier = [made.units for made in self._made[start:] if made.order < order]
            return Total(len(earlier), sum(earlier))
        before = self._up_to(start)
        return Total(len(self._made) - start, self._up_to(len(self._made)) - before)

    def _up_to(self, place: int) -> int:
        """Return what `_before` and so many requests come to."""
        units, total = self._units, self._units[-1] if self._units else self._before
        for made in self._made[len(units) : place]:
            total += made.units
            units.append(total)
        return units[place - 1] if place else self._before
