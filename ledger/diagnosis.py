"""The smallest cause that would account for a drift where no single movement does: what to look at next.

Tried in this order, each exactly, to the dust: a fee that was told and moved nothing; a report that is what was
expected some movements ago; the same amount too much, or too little, at another place; and two errors at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from ledger.movements import Movement
from ledger.suspects import Hint

Kind = Literal["fee not booked", "old report", "seen elsewhere", "two errors"]
EARLIER_MAX = 40  # movements back to which a report may be old
PAIRED_MAX = 200  # movements among which two errors are looked for
_ERRORS: tuple[tuple[Hint, int], ...] = (("did not happen", -1), ("happened twice", 1), ("wrong sign", -2))


class Explanation(Struct, frozen=True, gc=False):
    """What would account for a drift: the movements concerned with how each went wrong, a moment, or another place."""

    kind: Kind
    refs: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    at_us: int = 0
    place: str = ""


def explain(
    unexplained: int,
    dust: int,
    asset: str,
    effects: list[tuple[int, int, str]],
    movements: Mapping[str, Movement],
    elsewhere: Iterable[tuple[str, int]],
) -> Explanation | None:
    """Return the smallest cause of `unexplained` units (reported less expected); None where none is found.

    `effects` are (moment, units, movement) since the place last agreed, oldest first; `elsewhere` other places with what
    is unexplained there in the same asset.
    """
    found = _fee(unexplained, dust, asset, effects, movements) or _old(unexplained, dust, effects)
    if found is None:
        places = sorted(place for place, units in elsewhere if units and abs(units + unexplained) <= dust)
        found = Explanation("seen elsewhere", place=places[0]) if places else _two(unexplained, dust, effects)
    return found


def _fee(
    unexplained: int, dust: int, asset: str, effects: list[tuple[int, int, str]], movements: Mapping[str, Movement]
) -> Explanation | None:
    """A fee that a third party was said to bear, or that is told as paid in another way, was taken here."""
    for ref in reversed(dict.fromkeys(ref for _, _, ref in effects)):
        movement = movements.get(ref)
        for fact in reversed(movement.facts if movement is not None else []):
            if fact.fee and fact.fee_asset == asset and abs(unexplained + fact.fee) <= dust:
                return Explanation("fee not booked", (ref,))
    return None


def _old(unexplained: int, dust: int, effects: list[tuple[int, int, str]]) -> Explanation | None:
    """The place reports what was expected before the last few movements: two at least, since one is a suspect itself."""
    since = 0
    for count, (at_us, units, _) in enumerate(reversed(effects[-EARLIER_MAX:]), start=1):
        since += units
        if count > 1 and abs(unexplained + since) <= dust:
            return Explanation("old report", at_us=at_us)
    return None


def _two(unexplained: int, dust: int, effects: list[tuple[int, int, str]]) -> Explanation | None:
    """Two movements went wrong, each in its way; the latest pair that fits to the unit, else to the dust."""
    sums: dict[str, int] = {}
    for _, units, ref in effects[-PAIRED_MAX:]:
        sums[ref] = sums.get(ref, 0) + units
    errors = list(_errors(sums))
    for slack in (0, dust):
        seen: dict[int, tuple[str, Hint]] = {}
        for ref, hint, units in errors:
            other = _near(seen, unexplained - units, slack, ref)
            if other is not None:
                return Explanation("two errors", (other[0], ref), (other[1], hint))
            seen.setdefault(units, (ref, hint))
    return None


def _errors(sums: Mapping[str, int]) -> Iterator[tuple[str, Hint, int]]:
    """Yield each movement with each way to go wrong and what that leaves unexplained, the latest first."""
    for ref, units in reversed(list(sums.items())):
        for hint, times in _ERRORS:
            yield ref, hint, times * units


def _near(seen: Mapping[int, tuple[str, Hint]], wanted: int, slack: int, ref: str) -> tuple[str, Hint] | None:
    if not slack:
        found = seen.get(wanted)
        return found if found is not None and found[0] != ref else None
    for units, found in seen.items():
        if abs(units - wanted) <= slack and found[0] != ref:
            return found
    return None
