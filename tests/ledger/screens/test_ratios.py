"""Slips of the pen, and amounts that are just different."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.screens.ratios import factor_text, power_of_ten, power_of_ten_into

UNITS = st.integers(1, 10**40)
POWERS = st.integers(1, 20)


@given(UNITS, POWERS)
def test_a_factor_of_ten_is_found_either_way(units: int, power: int) -> None:
    assert power_of_ten(units * 10**power, units) == power
    assert power_of_ten(units, units * 10**power) == -power


@given(UNITS, UNITS)
def test_nothing_else_is_a_factor_of_ten(one: int, other: int) -> None:
    large, small = max(one, other), min(one, other)
    assume(all(small * 10**power != large for power in range(1, 41)))
    assert power_of_ten(one, other) == 0


@given(st.integers(10**6, 10**40), POWERS, st.integers(0, 10**3))
def test_a_fee_does_not_hide_it(units: int, power: int, fee: int) -> None:
    assert power_of_ten(units * 10**power - fee, units, fee) == power


@given(UNITS, st.integers(2, 9), UNITS)
def test_no_tolerance_makes_a_multiple_a_power_of_ten(units: int, times: int, tolerance: int) -> None:
    assert power_of_ten(units * times * 1_000, units * 1_000, tolerance) == 0


@given(UNITS, st.integers(0, 10**6), st.integers(2, 12))
def test_into_a_range_from_far_enough_only(least: int, width: int, power: int) -> None:
    most = least + width
    assert power_of_ten_into(most * 10**power, least, most, at_least=2)
    assert power_of_ten_into(least * 10, least, least, at_least=2) == 0


@pytest.mark.parametrize("amounts", [(0, 1), (1, 0), (0, 0)])
def test_of_nothing_there_is_no_multiple(amounts: tuple[int, int]) -> None:
    assert power_of_ten(*amounts) == 0
    assert power_of_ten_into(amounts[0], amounts[1], amounts[1], at_least=2) == 0


def test_a_factor_is_said_as_people_say_it() -> None:
    assert (factor_text(2), factor_text(-3)) == ("100 times", "a 1000th of")
