"""Scores: what they are worth, how they leave the program, and the Gaussian surprise at any distance."""

from __future__ import annotations

import doctest
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import base
from models.base import LARGEST_INPUT, LARGEST_SURPRISE, Score, Status, emitted, is_usable, surprise_of_gaussian


def test_the_examples_in_the_docstrings_are_true() -> None:
    result = doctest.testmod(base)
    assert result.attempted >= 3
    assert result.failed == 0


@given(st.floats())
def test_usable_is_finite_and_within_the_bound(x: float) -> None:
    assert is_usable(x) == (math.isfinite(x) and abs(x) <= LARGEST_INPUT)


def test_probability_and_surprise_are_one() -> None:
    assert Score(Status.SCORED, 3.0).p_value == pytest.approx(0.001, rel=1e-12)
    assert Score(Status.WARMING_UP).p_value is None


@given(st.floats(0.0, LARGEST_SURPRISE))
def test_the_probability_never_reaches_zero(surprise: float) -> None:
    p_value = Score(Status.SCORED, surprise).p_value
    assert p_value is not None
    assert 0.0 < p_value <= 1.0


@given(st.floats(0.0, LARGEST_SURPRISE))
def test_an_emitted_score_is_rounded_once(surprise: float) -> None:
    once = emitted(Score(Status.SCORED, surprise, alarm=True))
    assert once == emitted(once) == Score(Status.SCORED, round(surprise, 6), alarm=True)


def test_a_score_without_surprise_is_emitted_as_it_is() -> None:
    assert emitted(Score(Status.REFUSED)) == Score(Status.REFUSED)


@pytest.mark.parametrize(
    ("z", "p_value"), [(0.0, 1.0), (1.0, 0.3173105), (-2.0, 0.04550026), (5.0, 5.733031e-7), (-7.0, 2.559625e-12)]
)
def test_gaussian_surprise_is_the_two_sided_tail_of_the_tables(z: float, p_value: float) -> None:
    assert surprise_of_gaussian(z) == pytest.approx(-math.log10(p_value), abs=1e-6)


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_gaussian_surprise_grows_with_distance(a: float, b: float) -> None:
    nearer, farther = sorted((a, b), key=abs)
    assert 0.0 <= surprise_of_gaussian(nearer) <= surprise_of_gaussian(farther) <= LARGEST_SURPRISE


def test_gaussian_surprise_has_no_step_where_the_series_takes_over() -> None:
    below, above = surprise_of_gaussian(25.0), surprise_of_gaussian(math.nextafter(25.0, 26.0))
    assert 0.0 <= above - below < 1e-5


def test_the_light_models_load_neither_river_nor_numpy(pytester: pytest.Pytester) -> None:
    program = (
        "import sys, models, models.base, models.cusum, models.size, models.registry, models.checks\n"
        "assert not {'river', 'numpy', 'scipy'} & set(sys.modules)\n"
    )
    root = str(base.__file__).removesuffix("models/base.py")
    result = pytester.run(sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{program}")
    assert result.ret == 0, result.stderr.str()
