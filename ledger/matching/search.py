"""The weaker rules by which rows are taken to be one: amount, party and time, and sums that come out exactly.

Among several the exact amount goes before one within the fee, the same party before an unknown one, then the nearest in
time, then the one heard first, then the lower id. Two that are equally good up to there, and would mean different
things, prove nothing: none is taken. The same holds for sums: the fewest rows that add up exactly, if only one set does.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)

SUM_ROWS_MAX = 10
"""So many rows, the nearest in time, are tried for a sum: a thousand sets."""


class Candidate(NamedTuple, Generic[Key]):
    """A row that could be it. `off_units` is by how much its amount differs, `meaning` what taking it would mean."""

    key: Key
    off_units: int
    stranger: bool  # nobody says that the party is the same
    apart_us: int
    heard_us: int
    meaning: str

    @property
    def rank(self) -> tuple[bool, bool, int]:
        return self.off_units != 0, self.stranger, self.apart_us


def choose(candidates: Sequence[Candidate[Key]]) -> Key | None:
    """Return the best of some rows by the rules above; None where there is none, or where two are equally good."""
    if not candidates:
        return None
    ordered = sorted(candidates, key=lambda row: (row.rank, row.heard_us, str(row.key)))
    best = ordered[0]
    equal = [row for row in ordered if row.rank == best.rank]
    return best.key if len({row.meaning for row in equal}) == 1 else None


def choose_sum(target_units: int, rows: Sequence[tuple[Key, int, int]]) -> tuple[Key, ...] | None:
    """Return the fewest rows (key, units, time apart) that add up exactly; None where none do, or two sets of one size."""
    nearest = sorted(rows, key=lambda row: (row[2], str(row[0])))[:SUM_ROWS_MAX]
    for size in range(2, len(nearest) + 1):
        found = [chosen for chosen in combinations(nearest, size) if sum(row[1] for row in chosen) == target_units]
        if found:
            return tuple(row[0] for row in found[0]) if len(found) == 1 else None
    return None


class Index(Generic[Name, Key]):
    """Rows by a name that many may share, in the order in which they were added."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[Name, dict[Key, None]] = {}

    def add(self, name: Name, key: Key) -> None:
        self._rows.setdefault(name, {})[key] = None

    def remove(self, name: Name, key: Key) -> None:
        """Remove a row; nothing happens where it is not there."""
        rows = self._rows.get(name)
        if rows is not None and key in rows:
            del rows[key]
            if not rows:
                del self._rows[name]

    def get(self, name: Name) -> Iterable[Key]:
        """Return the rows of a name."""
        return self._rows.get(name, ())
