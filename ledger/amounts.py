"""Exact amounts: decimal text of the contract to integers and back, with no rounding anywhere.

One unit is 10**-30 of an asset, the smallest step that the contract can write, whatever the asset. So an amount can be
read before its asset is known, amounts of one asset always add, and an asset that gains or loses decimals changes no
row of state (decision 0002).
"""

from __future__ import annotations

UNIT_PLACES = 30
ONE: int = 10**UNIT_PLACES
INTEGER_DIGITS_MAX = 60
_POWERS: tuple[int, ...] = tuple(int(10**n) for n in range(UNIT_PLACES + 1))
_CACHE_MAX = 1 << 16
_cache: dict[str, int] = {}


def to_units(text: str) -> int:
    r"""Return the units of a plain decimal (``^-?\d{1,60}(\.\d{1,30})?$``); raise ValueError for anything else.

    >>> to_units("0.5") * 2 == ONE
    True
    """
    known = _cache.get(text)
    if known is not None:
        return known
    units = _read(text)
    if len(_cache) >= _CACHE_MAX:
        _cache.clear()
    _cache[text] = units
    return units


def _read(text: str) -> int:
    negative = text[:1] == "-"
    head, point, tail = text[negative:].partition(".")
    digits = head + tail
    # isdigit alone would let in digits of other scripts; int() alone would let in "1_000", " 1" and "+1".
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("amount is not a plain decimal")
    if not 1 <= len(head) <= INTEGER_DIGITS_MAX:
        raise ValueError(f"amount needs 1 to {INTEGER_DIGITS_MAX} digits before the point")
    if point and not 1 <= len(tail) <= UNIT_PLACES:
        raise ValueError(f"amount needs 1 to {UNIT_PLACES} digits after the point")
    units = int(digits) * _POWERS[UNIT_PLACES - len(tail)]
    return -units if negative else units


def to_decimal(units: int) -> str:
    """Return `units` as the shortest plain decimal of the contract.

    >>> to_decimal(-ONE * 3 // 2)
    '-1.5'
    """
    sign = "-" if units < 0 else ""
    whole, part = divmod(abs(units), ONE)
    if not part:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{part:030d}".rstrip("0")


def places(units: int) -> int:
    """Return how many decimals `units` needs: 0 for a whole number, at most 30.

    >>> places(to_units("2.50"))
    1
    """
    if not units % ONE:
        return 0
    low, high = 1, UNIT_PLACES
    while low < high:
        middle = (low + high) // 2
        if units % _POWERS[UNIT_PLACES - middle]:
            low = middle + 1
        else:
            high = middle
    return low


def to_float(units: int) -> float:
    """Return `units` as a correctly rounded float of whole assets: the one door to the models (never back)."""
    return units / ONE
