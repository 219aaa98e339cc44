"""Which of the movements told at a place would account for a drift, had they gone otherwise: the first to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

Hint = Literal["did not happen", "happened twice", "wrong sign", "power of ten"]
_DIGITS_MAX = 18  # a slip by more places than an asset has decimals is no slip of the point


class Suspect(Struct, frozen=True, gc=False):
    """A movement with the units it was told to move at the place.

    `hint`: how it must have gone to leave exactly this drift; None where it would not. `shift`: by how many places the
    point was moved, where that is the hint (1: ten times as much was really moved).
    """

    ref: str
    delta: int
    hint: Hint | None = None
    shift: int = 0


def rank(
    unexplained: int, dust: int, effects: Iterable[tuple[int, int, str]], amounts: Mapping[str, int]
) -> list[Suspect]:
    """Return the movements of `effects` (moment, units, movement), the most telling first.

    `unexplained` is reported less expected, in units. Those that account for it come first, then the nearest in size;
    among equals the latest. `amounts` are the movements' amounts without fees: a slip is of the amount, not of the fee.
    """
    sums: dict[str, int] = {}
    for _, delta, ref in effects:
        sums[ref] = sums.get(ref, 0) + delta
    suspects = []
    for ref, delta in reversed(sums.items()):
        suspect = _suspect(unexplained, dust, ref, delta)
        bare = amounts.get(ref, 0) * (1 if delta > 0 else -1)
        if suspect.hint is None and abs(bare) != abs(delta):
            without_fee = _suspect(unexplained, dust, ref, bare)
            suspect = without_fee if without_fee.hint else suspect
        suspects.append(suspect)
    return sorted(suspects, key=lambda suspect: (suspect.hint is None, abs(abs(suspect.delta) - abs(unexplained))))


def _suspect(unexplained: int, dust: int, ref: str, delta: int) -> Suspect:
    if abs(unexplained + delta) <= dust:
        return Suspect(ref, delta, "did not happen")
    if abs(unexplained - delta) <= dust:
        return Suspect(ref, delta, "happened twice")
    if abs(unexplained + 2 * delta) <= dust:
        return Suspect(ref, delta, "wrong sign")
    shift = _shift(unexplained, dust, delta)
    return Suspect(ref, delta, "power of ten", shift) if shift else Suspect(ref, delta)


def _shift(unexplained: int, dust: int, delta: int) -> int:
    """Return k where `delta` told and `delta` times ten to the k moved leave this drift; 0 where no k does."""
    moved = delta + unexplained
    if not moved or not delta or (moved > 0) != (delta > 0):
        return 0
    larger, smaller, sign = (moved, delta, 1) if abs(moved) > abs(delta) else (delta, moved, -1)
    factor = 1
    for places in range(1, _DIGITS_MAX + 1):
        factor *= 10
        if abs(larger - smaller * factor) <= (dust if sign > 0 else dust * factor):
            return sign * places
    return 0
