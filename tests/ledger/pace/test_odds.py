"""Odds: what became of those that took so long, and from when on hardly any of them was in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.pace.durations import Durations, bucket_of, learn, longest_s
from ledger.pace.odds import FINISHED_MIN, LATE_MIN, Odds, hopeless_after_s, odds

SECONDS = st.integers(1, 5_000)
MANY = st.lists(SECONDS, min_size=FINISHED_MIN, max_size=200)


def learned(seconds: list[int]) -> Durations:
    durations = Durations()
    for one in seconds:
        learn(durations, one)
    return durations


@given(MANY, SECONDS, SECONDS)
def test_odds_count_those_that_took_longer_as_far_as_buckets_tell(
    taken: list[int], after_s: int, target_s: int
) -> None:
    late = [one for one in taken if bucket_of(one) > bucket_of(target_s)]
    so_late = [one for one in taken if bucket_of(one) >= bucket_of(after_s + 1)]
    in_time = max(len(so_late) - len(late), 0)
    assert odds(learned(taken), after_s, target_s) == Odds(len(taken), len(so_late), in_time)


@given(MANY, SECONDS)
def test_from_the_hopeless_moment_on_fewer_than_one_in_five_is_in_time_and_not_a_bucket_before(
    taken: list[int], target_s: int
) -> None:
    durations = learned(taken)
    from_s = hopeless_after_s(durations, target_s)
    late = sum(bucket_of(one) > bucket_of(target_s) for one in taken)
    assert (from_s is None) == (late < LATE_MIN)
    if from_s is None:
        return
    then = odds(durations, from_s, target_s)
    assert then is not None
    assert from_s <= longest_s(bucket_of(target_s))
    if from_s:
        assert 5 * then.in_time < then.so_late
        before = sum(bucket_of(one) >= bucket_of(from_s) for one in taken)
        assert 5 * (before - late) >= before
    else:
        assert 5 * (len(taken) - late) < len(taken)


@given(st.lists(SECONDS, max_size=FINISHED_MIN - 1), SECONDS)
def test_too_few_say_nothing(taken: list[int], target_s: int) -> None:
    assert odds(learned(taken), 1, target_s) is None
    assert hopeless_after_s(learned(taken), target_s) is None
    assert odds(None, 1, target_s) is None
    assert hopeless_after_s(None, target_s) is None


def test_one_case_that_took_for_ever_says_nothing() -> None:
    assert hopeless_after_s(learned([60] * 99 + [5_000]), 600) is None


def test_where_hardly_any_is_in_time_there_is_no_hope_from_the_start() -> None:
    assert hopeless_after_s(learned([60] * 10 + [5_000] * 50), 600) == 0
