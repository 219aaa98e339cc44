"""Durations: a quantile is within a bucket's width of the true one, and what was long ago is forgotten."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ledger.pace.durations import COUNT_MAX, LONGEST_S, Durations, bucket_of, learn, longest_s, quantile_s

SECONDS = st.integers(1, LONGEST_S) | st.integers(1, 5_000)


def learned(seconds: list[int]) -> Durations:
    durations = Durations()
    for one in seconds:
        learn(durations, one)
    return durations


@given(st.lists(SECONDS, min_size=1, max_size=300), st.integers(1, 1_000))
def test_a_quantile_is_at_most_an_eighth_above_the_true_one_and_never_below(seconds: list[int], permille: int) -> None:
    true_s = sorted(seconds)[-(-len(seconds) * permille // 1_000) - 1]
    told_s = quantile_s(learned(seconds), permille)
    assert told_s is not None
    assert true_s <= told_s <= true_s + true_s // 8


@given(SECONDS)
def test_a_bucket_holds_what_falls_into_it_and_nothing_of_the_next(seconds: int) -> None:
    bucket = bucket_of(seconds)
    assert seconds <= longest_s(bucket)
    assert bucket_of(min(longest_s(bucket), LONGEST_S)) == bucket
    assert bucket_of(min(longest_s(bucket) + 1, LONGEST_S)) >= bucket


@given(st.lists(SECONDS, min_size=1, max_size=200), st.randoms())
def test_the_order_in_which_durations_are_learned_proves_nothing(seconds: list[int], chance: object) -> None:
    assert learned(seconds) == learned(sorted(seconds))


def test_nothing_is_known_of_nothing() -> None:
    assert quantile_s(Durations(), 990) is None


def test_what_is_no_time_or_longer_than_a_month_counts_as_the_least_or_the_most() -> None:
    durations = learned([-5, 0, 10**9])
    assert quantile_s(durations, 500) == 1
    assert LONGEST_S <= (quantile_s(durations, 1_000) or 0) <= LONGEST_S * 9 // 8
    assert len(durations.counts) <= 170


def test_a_route_that_has_become_faster_is_soon_known_as_fast() -> None:
    durations = learned([5_000] * COUNT_MAX)
    seen = 0
    while (quantile_s(durations, 990) or 0) > 100:
        learn(durations, 60)
        seen += 1
        assert seen < 8 * COUNT_MAX
    assert durations.count < COUNT_MAX


def test_a_row_survives_its_way_through_plain_data() -> None:
    durations = learned([1, 60, 3_600])
    assert msgspec.convert(msgspec.to_builtins(durations), Durations) == durations
