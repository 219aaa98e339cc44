"""The tail: what it calls once in a thousand happens about that often or less, and it cannot be made to blow up."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import LARGEST_SURPRISE
from models.tail import SURPRISE_AT_LEVEL, Tail

LOG_FLOOR = math.log(0.5)

scores = st.floats(0.0, 1e100)


def learnt(stream: list[float], log_floor: float = LOG_FLOOR) -> Tail:
    tail = Tail()
    for score in stream:
        tail.learn(score, log_floor)
    return tail


def student(chance: random.Random, freedom: float) -> float:
    return abs(chance.gauss(0.0, 1.0)) / math.sqrt(chance.gammavariate(freedom / 2.0, 2.0) / freedom)


@pytest.mark.parametrize(
    ("draw", "least", "most"),
    [
        (lambda chance: student(chance, 3.0), 0.5, 1.3),
        (lambda chance: student(chance, 2.0), 0.5, 1.3),
        (lambda chance: student(chance, 1.0), 0.5, 1.4),
        (lambda chance: chance.expovariate(1.0), 0.2, 1.0),
        (lambda chance: abs(chance.gauss(0.0, 1.0)), 0.0, 0.3),
    ],
    ids=["t3", "t2", "t1", "exponential", "gaussian"],
)
def test_once_in_a_thousand_comes_true(draw: Callable[[random.Random], float], least: float, most: float) -> None:
    chance, tail, hits, count = random.Random(11), Tail(), 0, 60_000
    for index in range(count):
        score = draw(chance)
        hits += index >= 2_000 and tail.surprise(score) >= 3.0
        tail.learn(score, LOG_FLOOR)
    assert least <= hits / (count - 2_000) * 1_000.0 <= most


def test_a_far_score_among_gaussian_ones_is_a_great_surprise() -> None:
    chance = random.Random(5)
    tail = learnt([abs(chance.gauss(0.0, 1.0)) for _ in range(5_000)])
    assert 2.5 < tail.surprise(4.0) < 4.2, "4.2 is the truth; the tail may only err towards the usual"
    assert tail.surprise(8.0) > 5.0


def test_one_in_five_lies_above_the_level() -> None:
    chance = random.Random(7)
    tail = learnt([chance.expovariate(1.0) for _ in range(20_000)])
    assert math.exp(tail.log_level) == pytest.approx(math.log(5.0), rel=0.1)
    assert tail.surprise(math.exp(tail.log_level)) == pytest.approx(SURPRISE_AT_LEVEL, abs=1e-9)


@given(st.lists(scores, max_size=40), scores, scores)
def test_a_larger_score_is_never_less_surprising(stream: list[float], a: float, b: float) -> None:
    tail = learnt(stream)
    smaller, larger = sorted((a, b))
    assert 0.0 <= tail.surprise(smaller) <= tail.surprise(larger) + 1e-12
    assert tail.surprise(larger) <= LARGEST_SURPRISE


@pytest.mark.parametrize("tied", [0.0, 1e-9, 3.0])
def test_ties_make_no_miracles(tied: float) -> None:
    tail = learnt([tied] * 10_000)
    assert tail.log_level >= LOG_FLOOR
    assert tail.surprise(2.0 * max(tied, 0.5)) < 10.0


def test_one_huge_score_teaches_little() -> None:
    chance = random.Random(5)
    tail = learnt([abs(chance.gauss(0.0, 1.0)) for _ in range(5_000)])
    before = tail.surprise(6.0)
    tail.learn(1e100, LOG_FLOOR)
    assert tail.surprise(6.0) > 0.75 * before


@given(st.lists(scores, max_size=40))
def test_a_tail_survives_being_put_down(stream: list[float]) -> None:
    tail = learnt(stream)
    assert Tail.from_plain(tail.to_plain()).to_plain() == tail.to_plain()
