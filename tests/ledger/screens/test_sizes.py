from __future__ import annotations

import doctest
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ledger.screens import sizes

cents = st.integers(min_value=8, max_value=10**15)


def counted(values: list[int]) -> dict[str, int]:
    return dict(Counter(sizes.step_of(value) for value in values))


def test_the_examples_run() -> None:
    assert doctest.testmod(sizes).failed == 0
    assert doctest.testmod(sizes).attempted > 0


@given(st.lists(cents, min_size=sizes.COUNT_MIN, max_size=300))
def test_the_percentile_is_exact_to_within_a_quarter_and_never_too_low(values: list[int]) -> None:
    exact = sorted(values)[-(-99 * len(values) // 100) - 1]
    found = sizes.percentile(counted(values), {})
    assert found is not None
    assert exact <= found <= exact + exact // 4


@given(st.lists(cents, min_size=sizes.COUNT_MIN, max_size=100), st.lists(cents, max_size=50))
def test_what_is_ones_own_does_not_count(others: list[int], own: list[int]) -> None:
    assert sizes.percentile(counted([*others, *own]), counted(own)) == sizes.percentile(counted(others), {})


def test_with_less_than_thirty_nothing_is_said() -> None:
    assert sizes.percentile(counted([100] * 29), {}) is None
    assert sizes.percentile(counted([100] * 40), counted([100] * 11)) is None
