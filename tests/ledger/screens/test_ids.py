"""Numbers of accounts where an amount belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE, to_units
from ledger.screens.ids import said_in_amount


@given(st.integers(1_000_001, 10**15).filter(lambda number: number % 10), st.sampled_from((1, 100, 10**8)))
def test_an_amount_with_the_digits_of_an_id_is_found_wherever_the_point_is(number: int, parts: int) -> None:
    assert said_in_amount(number * ONE // parts, ["client-7", f"ACCT-{number}"]) == f"ACCT-{number}"
    assert said_in_amount((number + 1) * ONE // parts, [f"ACCT-{number}"]) == ""


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12345", "ACCT-12345"),  # too short to be no chance
        ("1000000", "adj-1000000"),  # a round figure
        ("1230000", "adj-1230000"),
        ("123456", "ACCT-1234567"),  # a part of a number is another number
        ("123456", ""),
        ("123456", None),
    ],
)
def test_what_may_well_be_chance_is_none(amount: str, text: str | None) -> None:
    assert said_in_amount(to_units(amount), [text]) == ""


def test_zeros_that_an_amount_does_not_write_do_not_matter() -> None:
    assert said_in_amount(to_units("123457"), ["000123457"]) == "000123457"
    assert said_in_amount(to_units("12345.70"), ["1234570"]) == "1234570"
    assert said_in_amount(to_units("123457"), ["1234570"]) == ""
