"""Amounts that differ by a slip of the pen: a factor of ten, a hundred, a million."""

from __future__ import annotations

PART_MAX = 1_000
"""A tolerance is at most one part in so many of the amount that it is about: else everything is equal to everything."""


def power_of_ten(units: int, reference_units: int, tolerance_units: int = 0) -> int:
    """Return the exponent of ten by which an amount is too large (negative: too small), 0 where that is not it.

    >>> power_of_ten(500_000, 5_000), power_of_ten(5, 5_000), power_of_ten(5_001, 50)
    (2, -3, 0)
    """
    if units <= 0 or reference_units <= 0:
        return 0
    if units < reference_units:
        return -power_of_ten(reference_units, units, tolerance_units)
    tolerance_units = min(tolerance_units, reference_units // PART_MAX)
    exponent = len(str(units)) - len(str(reference_units))
    for power in (exponent, exponent + 1, exponent - 1):
        scale = int(10 ** max(power, 0))
        if power > 0 and abs(units - reference_units * scale) <= tolerance_units * scale:
            return power
    return 0


def power_of_ten_into(units: int, least_units: int, most_units: int, *, at_least: int) -> int:
    """Return the exponent of ten, `at_least` so large, by which an amount misses a range; 0 where that is not it."""
    if units <= 0 or not 0 < least_units <= most_units:
        return 0
    for power in range(at_least, len(str(max(units, most_units))) + 1):
        scale = int(10**power)
        if least_units * scale <= units <= most_units * scale:
            return power
        if least_units <= units * scale <= most_units:
            return -power
    return 0


def factor_text(exponent: int) -> str:
    """Return a power of ten as people say it: `1000 times`, `a 100th of`."""
    return f"{10**exponent} times" if exponent > 0 else f"a {10**-exponent}th of"
