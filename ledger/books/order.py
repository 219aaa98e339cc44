"""In which order a source numbers what it says: numbers, numbers behind a prefix, or any other text."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"([0-9]+)")
_FIRST = re.compile(r"[^0-9]*0*[01]")
Order = tuple[tuple[str | int, ...], str]


def order_of(source_seq: str) -> Order:
    """Return what sorts a `source_seq` among others of its source: runs of digits as numbers, the rest as text.

    It is a total order: texts that differ are never equal.

    >>> sorted(["10", "9", "LDG-10", "LDG-9", "x"], key=order_of)
    ['9', '10', 'LDG-9', 'LDG-10', 'x']
    """
    if source_seq.isascii() and source_seq.isdigit():
        return ("", int(source_seq)), source_seq  # by far the most usual
    parts = _DIGITS.split(source_seq)  # text and digits in turns, text first: equal places compare like with like
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), source_seq


def is_before(source_seq: str, other: str) -> bool:
    """Tell whether a `source_seq` comes before another, as `order_of` says."""
    if len(source_seq) == len(other):
        both = source_seq + other
        if both.isdigit() and both.isascii():
            return source_seq < other  # as long as each other, digits sort as the numbers do
    return order_of(source_seq) < order_of(other)


def is_first(source_seq: str) -> bool:
    """Tell whether a number is the first that a source gives: 0 or 1, behind whatever prefix.

    >>> is_first("LDG-000001"), is_first("11"), is_first("2026-01")
    (True, False, False)
    """
    return _FIRST.fullmatch(source_seq) is not None
