"""What may yet explain a difference, kept in the order in which it stops to, with the sums of what has not.

A busy group has thousands of movements under way and is weighed at each posting; to look through them all each time
would make an hour of delay into a day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple


class Excuse(NamedTuple):
    """Units that one race may yet explain until a moment: known to be on their way, or of which nothing is known."""

    until_us: int
    known: int
    unknown: int


class Excused(NamedTuple):
    """Units that may yet be explained: by what is known to be on its way, and by what nothing is known of so far.

    `until_us`: when the first of it is no excuse any more, unless a source is behind; None where there is none.
    """

    known: int
    unknown: int
    until_us: int | None


class Excuses:
    """The excuses of one group and asset, by name."""

    __slots__ = ("_at", "_by_name", "_ends", "_known", "_unknown")

    def __init__(self) -> None:
        self._by_name: dict[str, Excuse] = {}
        self._ends: list[tuple[int, str]] = []
        self._at = 0  # the first of `_ends` that the sums are of
        self._known = self._unknown = 0

    def __len__(self) -> int:
        return len(self._by_name)

    def put(self, name: str, excuse: Excuse) -> None:
        """Take an excuse in, instead of the one of that name."""
        self.drop(name)
        self._by_name[name] = excuse
        end = (excuse.until_us, name)
        place = bisect_left(self._ends, end)
        self._ends.insert(place, end)
        if place < self._at:
            self._at += 1
        else:
            self._count(excuse, 1)

    def drop(self, name: str) -> None:
        """Let go of the excuse of a name, if there is one."""
        excuse = self._by_name.pop(name, None)
        if excuse is None:
            return
        place = bisect_left(self._ends, (excuse.until_us, name))
        del self._ends[place]
        if place < self._at:
            self._at -= 1
        else:
            self._count(excuse, -1)

    def after(self, over_us: int) -> Excused:
        """Return what those explain that have not stopped to by a moment; it may be before the one asked of last."""
        place = bisect_right(self._ends, over_us, key=_moment)
        for _, name in self._ends[self._at : place]:
            self._count(self._by_name[name], -1)
        for _, name in self._ends[place : self._at]:
            self._count(self._by_name[name], 1)
        self._at = place
        return Excused(self._known, self._unknown, self._ends[place][0] if place < len(self._ends) else None)

    def _count(self, excuse: Excuse, times: int) -> None:
        self._known += times * excuse.known
        self._unknown += times * excuse.unknown


def _moment(end: tuple[int, str]) -> int:
    return end[0]


NOTHING = Excused(0, 0, None)
