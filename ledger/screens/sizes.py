"""How large things are, as counts by steps of a quarter of a power of two: small to keep, and exact to within a quarter.

Counts are kept by the number of the step as a text, as rows are kept in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping

COUNT_MIN = 30
"""So many are needed to say what 99 in 100 of them do not exceed."""


def step_of(cents: int) -> str:
    """Return the step of a value, as it is kept."""
    return str(_step(cents))


def _step(cents: int) -> int:
    """Return the step of a value: its power of two, and the quarter within it.

    >>> [_step(cents) for cents in (1, 4, 5, 7, 8, 1_000)]
    [4, 12, 13, 15, 16, 43]
    """
    power = cents.bit_length()
    return 4 * power + (((cents << 2) >> (power - 1)) & 3)


def _top(step: int) -> int:
    """Return the value, in cents, that no value of a step exceeds; from 8 cents on, below which steps have gaps.

    >>> all(_step(_top(step)) == step and _step(_top(step) + 1) > step for step in map(_step, range(8, 5_000)))
    True
    """
    power, quarter = divmod(step, 4)
    return ((1 << (power - 1)) * (5 + quarter) // 4) - 1


def percentile(sizes: Mapping[str, int], own: Mapping[str, int]) -> int | None:
    """Return below which value, in cents, 99 in 100 corrections of the others are; None where there are too few."""
    others = {step: count - own.get(step, 0) for step, count in sizes.items()}
    total = sum(others.values())
    if total < COUNT_MIN:
        return None
    seen = 0
    for step in sorted(others, key=int):
        seen += others[step]
        if 100 * seen >= 99 * total:
            return _top(int(step))
    raise AssertionError(f"{seen} of {total} are counted")
