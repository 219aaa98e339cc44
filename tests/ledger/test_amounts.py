"""Amounts are exact at any scale: what is written is what is read."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE, places, to_decimal, to_float, to_units

UNITS = st.integers(-(10**90) + 1, 10**90 - 1)
DECIMALS = st.from_regex(r"-?[0-9]{1,60}(\.[0-9]{1,30})?", fullmatch=True)


@given(UNITS)
def test_units_survive_being_written(units: int) -> None:
    assert to_units(to_decimal(units)) == units


@given(DECIMALS)
def test_a_decimal_is_read_exactly_and_written_as_short_as_it_goes(text: str) -> None:
    units = to_units(text)
    assert Fraction(units, ONE) == Fraction(text)
    written = to_decimal(units)
    assert Fraction(written) == Fraction(text)
    assert len(written) <= len(text)


@given(DECIMALS, DECIMALS)
def test_sums_are_exact(first: str, second: str) -> None:
    assert Fraction(to_units(first) + to_units(second), ONE) == Fraction(first) + Fraction(second)


@given(UNITS, st.integers(0, 30))
def test_places_say_how_many_decimals_are_needed(units: int, decimals: int) -> None:
    written = to_decimal(units).partition(".")[2]
    assert places(units) == len(written)
    assert (places(units) <= decimals) is (len(written) <= decimals)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("007", "7"),
        ("1.50", "1.5"),
        ("-0.5", "-0.5"),
        ("0.000000000000000000000000000001", "0.000000000000000000000000000001"),
        ("9" * 60 + "." + "9" * 30, "9" * 60 + "." + "9" * 30),
    ],
)
def test_the_shortest_way_to_write_it(text: str, written: str) -> None:
    assert to_decimal(to_units(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "1_000",
            "1,5",
            "1e5",
            "0x1",
            "NaN",
            "Infinity",
            "--1",
            "1.-5",
        ),
        *("\u0661", "½", "1.5.2", "9" * 61, "0." + "1" * 31, "9" * 100_000),
    ],
)
def test_what_is_no_plain_decimal_is_refused_every_time(text: str) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="amount"):
            to_units(text)


def test_the_way_to_the_models_rounds_correctly_and_never_overflows() -> None:
    assert to_float(to_units("0.1")) == 0.1
    assert to_float(to_units("-" + "9" * 60)) == -1e60
    assert to_float(1) == 1e-30
