"""Whether a monitor put back from its rows is the one that wrote them: all that they hold, object by object.

Outputs show a difference only once a record comes that meets it; here it shows where it begins. What may differ is named
below with the reason why it can decide nothing. The order of dictionaries and sets is not looked at: what depends on it
shows in the outputs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

import msgspec

from ledger.books.account import foreseen_units, loose_links
from ledger.books.excuses import Excuse
from ledger.books.totals import Totals
from models.cusum import CusumState
from streams.monitor import Monitor

SCRATCH = {
    "affected", "outcome", "outputs", "tells", "cause_id", "now_us", "_cause", "_applied", "_just_ended",
}  # fmt: skip
"""Said and used while one record or deadline is applied, and set anew with the next."""
CACHES = {
    "_known",
    "_version",
    "locations_version",
    "_on_record",
    "_fitting",
    "_introduced",
    "_found",
    "_cusums",
    "Pledges._of",
    "foreseen",
    "Accounts.loose",
    "Audit._against",
    "Line._units",
    "Line._latest",
    "Line._before",
    "_excuses",
    "_stale",
    "_basis",
}
"""Answers kept for who asks again; they are dropped when what they follow from changes."""
LAZY = {"_heap", "_queue", "_bound_for", "_parts", "_by_day", "_oldest", "_unasked", "ahead"}
"""Entries that are over stay until they are next met, and count for nothing."""
UNORDERED = {"_by_transfer", "assets_of"}
"""Lists that are sorted where they are used."""
MARKS = {"touched", "touched_positions", "touched_locations", "touched_trends", "touched_sizes", "_untold", "_gone"}
UNLIKE = SCRATCH | CACHES | LAZY | MARKS
_PLAIN = (int, str, bytes, float, type(None), type, FunctionType)


def unlike(one: Monitor, other: Monitor) -> list[str]:
    """Return where two monitors differ, each place once."""
    return sorted(set(_Comparison().differences("state", one.state, other.state)))


def wrong_answers(monitor: Monitor) -> list[str]:
    """Return the answers kept by the books that are not what they would be if they were worked out now."""
    books = monitor.state.reconciliation.context.books
    racing = next(check for check in monitor.state.reconciliation.checks if isinstance(check, Totals)).racing
    racing._refresh()
    kept: dict[tuple[str, ...], Excuse] = {
        (name, *place): excuse for place, of in racing._excuses.items() for name, excuse in of._by_name.items()
    }
    due = {key: excuse for key in racing._ahead if (excuse := racing.excuse_of(key)) is not None}
    wrong = [f"excuse {key}" for key in sorted(kept.keys() | due.keys()) if kept.get(key) != due.get(key)]
    rows = books.table.rows
    for key, loose in books.loose.items():
        tail = rows[key].tail
        wrong += [] if (loose.length, loose.places) == (len(tail), loose_links(tail)) else [f"links {key}"]
    return wrong + [f"foreseen {key}" for key, units in books.foreseen.items() if units != foreseen_units(rows[key])]


class _Comparison:
    def __init__(self) -> None:
        self._met: set[tuple[int, int]] = set()

    def differences(self, path: str, one: Any, other: Any) -> Iterator[str]:
        """Yield the paths at which two objects differ."""
        if one is other or self._is_met(one, other):
            return
        if type(one) is not type(other) and not (isinstance(one, (int, float)) and one == other):
            yield f"{path}: {type(one).__name__} and {type(other).__name__}"
        elif isinstance(one, CusumState):  # where a sum that is nothing began is nowhere
            yield from self.differences(path, one.to_plain(), other.to_plain())
        elif isinstance(one, _PLAIN):
            if one != other and not isinstance(one, FunctionType):
                yield f"{path}: {one!r} and {other!r}"
        elif isinstance(one, MethodType):
            yield from self.differences(path, one.__self__, other.__self__)
        elif isinstance(one, Mapping):
            yield from self._of_mappings(path, one, other)
        elif isinstance(one, (set, frozenset)):
            if one != other:
                yield f"{path}: {sorted(one ^ other, key=str)[:5]}"
        elif isinstance(one, (list, tuple, deque)):
            yield from self._of_sequences(path, one, other)
        else:
            yield from self._of_fields(path, type(one).__name__, _fields(one), _fields(other))

    def _is_met(self, one: Any, other: Any) -> bool:
        """Say whether the two were compared before, and note that they are."""
        pair = (id(one), id(other))
        if isinstance(one, _PLAIN) or pair not in self._met:
            self._met.add(pair)
            return False
        return True

    def _of_mappings(self, path: str, one: Mapping[Any, Any], other: Mapping[Any, Any]) -> Iterator[str]:
        for key in {**one, **other}:  # what is nothing may be left out
            if key in one and key in other:
                yield from self.differences(f"{path}[]", one[key], other[key])
            elif value := one.get(key) or other.get(key):
                yield f"{path}[{key!r}]: {value!r} in one only"

    def _of_sequences(self, path: str, one: Any, other: Any) -> Iterator[str]:
        if path.removesuffix("[]").rpartition(".")[2] in UNORDERED:
            one, other = sorted(one), sorted(other)
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)} entries"
            return
        for left, right in zip(one, other, strict=True):
            yield from self.differences(f"{path}[]", left, right)

    def _of_fields(self, path: str, kind: str, one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
        for name in {**one, **other}:
            is_marks = name == "changed" and isinstance(one.get(name), set)
            if name not in UNLIKE and f"{kind}.{name}" not in UNLIKE and not is_marks:
                yield from self.differences(f"{path}.{name}", one.get(name), other.get(name))


def _fields(thing: Any) -> dict[str, Any]:
    """Return what an object holds, by name."""
    if isinstance(thing, msgspec.Struct):
        return msgspec.structs.asdict(thing)
    names = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return {**getattr(thing, "__dict__", {}), **{name: getattr(thing, name) for name in names if hasattr(thing, name)}}
