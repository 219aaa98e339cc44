from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.simulate.units import cents_of, day_text, decimal_text, span_us, time_text, units_worth


@given(st.integers(-(10**70), 10**70), st.integers(0, 30))
def test_the_text_of_an_amount_is_exact_and_plain(units: int, decimals: int) -> None:
    text = decimal_text(units, decimals)
    assert Fraction(text) * 10**decimals == units
    assert "E" not in text.upper()
    assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(
    ("at_us", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_500_000, "1970-01-01T00:00:01.500Z"), (2_001_000, "1970-01-01T00:00:02.001Z")],
)
def test_moments_are_written_to_the_millisecond(at_us: int, text: str) -> None:
    assert time_text(at_us) == text
    assert day_text(at_us) == text[:10]


@given(st.floats(0, 1e6))
def test_a_span_is_never_nothing(seconds: float) -> None:
    assert span_us(seconds) >= 1_000
    assert span_us(seconds) % 1_000 == 0


@given(st.integers(0, 10**12), st.integers(1, 10**8), st.integers(0, 18))
def test_what_units_are_worth_is_never_more_than_was_asked_for(cents: int, price_cents: int, decimals: int) -> None:
    units = units_worth(cents, price_cents, decimals)
    assert cents_of(units, price_cents, decimals) <= cents
    assert Fraction(units + 1, 10**decimals) * price_cents > cents
