"""The record of what moved: any past balance follows from it, in whatever order its entries came."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.timeline import BUCKET_ENTRIES, Timeline

Entry = tuple[int, int, str]


def entries(seed: int, count: int, moments: int) -> list[Entry]:
    """Return entries that often share a moment, and now and then cancel each other."""
    random = Random(seed)
    return [
        (random.randrange(moments), random.choice([-3, -1, 1, 2]), f"T{random.randrange(40)}") for _ in range(count)
    ]


def filled(added: list[Entry]) -> Timeline:
    timeline = Timeline()
    for entry in added:
        timeline.add(*entry)
    return timeline


def reloaded(timeline: Timeline) -> Timeline:
    """Return the timeline that its rows make, read in the order of their text."""
    rows = {bucket.number: json.loads(json.dumps(timeline.to_plain(bucket.number))) for bucket in timeline.buckets}
    again = Timeline()
    for number in sorted(rows, key=str):
        again.load(number, rows[number])
    again.settle(timeline.total, timeline.next_number)
    return again


def moved(added: list[Entry]) -> list[Entry]:
    """Return what is left of entries by moment and movement, without those that came to nothing."""
    sums: dict[tuple[int, str], int] = {}
    for at_us, delta, ref in added:
        sums[at_us, ref] = sums.get((at_us, ref), 0) + delta
    return sorted((at_us, delta, ref) for (at_us, ref), delta in sums.items() if delta)


SIZES = st.tuples(st.integers(0, 2**32), st.integers(0, 4 * BUCKET_ENTRIES), st.sampled_from([1, 3, 50, 2000, 10**9]))


@given(SIZES)
def test_what_moved_after_a_moment_is_the_sum_of_it(size: tuple[int, int, int]) -> None:
    added = entries(*size)
    timeline = filled(added)
    assert timeline.total == sum(delta for _, delta, _ in added)
    for at_us in (-1, 0, 1, size[2] // 3, size[2] // 2, size[2] - 1, size[2]):
        assert timeline.after(at_us) == sum(delta for moment, delta, _ in added if moment > at_us)


@given(SIZES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(size: tuple[int, int, int], random: Random) -> None:
    added = entries(*size)
    shuffled = random.sample(added, len(added))
    whole = (-1, size[2])
    assert sorted(filled(added).between(*whole)) == sorted(filled(shuffled).between(*whole)) == moved(added)


@given(SIZES, st.integers(0, 2000), st.integers(0, 2000))
def test_what_moved_between_two_moments_excludes_the_first(size: tuple[int, int, int], after: int, length: int) -> None:
    added = entries(*size)
    between = list(filled(added).between(after, after + length))
    assert sorted(between) == [entry for entry in moved(added) if after < entry[0] <= after + length]
    assert [entry[0] for entry in between] == sorted(entry[0] for entry in between)


@given(SIZES, st.data())
def test_a_timeline_goes_on_from_its_rows(size: tuple[int, int, int], data: st.DataObject) -> None:
    added = entries(*size)
    cut = data.draw(st.integers(0, len(added)))
    whole, again = filled(added), reloaded(filled(added[:cut]))
    for entry in added[cut:]:
        again.add(*entry)
    numbers = [bucket.number for bucket in whole.buckets]
    assert [bucket.number for bucket in again.buckets] == numbers
    assert [again.to_plain(number) for number in numbers] == [whole.to_plain(number) for number in numbers]


@given(SIZES)
def test_buckets_stay_small_and_every_change_is_marked(size: tuple[int, int, int]) -> None:
    timeline = Timeline()
    for entry in entries(*size):
        before = {bucket.number: json.dumps(timeline.to_plain(bucket.number)) for bucket in timeline.buckets}
        timeline.touched.clear()
        timeline.add(*entry)
        after = {bucket.number: json.dumps(timeline.to_plain(bucket.number)) for bucket in timeline.buckets}
        changed = {number for number in before | after if before.get(number) != after.get(number)}
        assert changed <= timeline.touched
        if len(before) > 3:
            break  # the comparison is slow; by now there were splits
    assert all(len(bucket.times) <= 2 * BUCKET_ENTRIES for bucket in timeline.buckets)
    runs = [list(zip(bucket.times, bucket.refs, strict=True)) for bucket in timeline.buckets]
    assert all(first < second for first, second in pairwise(entry for run in runs for entry in run))


def test_entries_in_order_fill_bucket_after_bucket() -> None:
    timeline = filled([(number, 1, "T") for number in range(3 * BUCKET_ENTRIES + 1)])
    assert [len(bucket.times) for bucket in timeline.buckets] == [BUCKET_ENTRIES] * 3 + [1]


@pytest.mark.parametrize("late", [True, False])
def test_what_is_older_than_the_horizon_is_dropped_whole_and_the_total_stays(*, late: bool) -> None:
    added = [(number, 1, "T") for number in range(3 * BUCKET_ENTRIES)]
    timeline = filled(added)
    timeline.touched.clear()
    timeline.forget_before(2 * BUCKET_ENTRIES + 5)
    assert timeline.touched == {0, 1}
    assert (timeline.to_plain(0), len(timeline.buckets), timeline.total) == (None, 1, len(added))
    if late:
        timeline.add(7, 10, "L")
        assert timeline.total == len(added) + 10
    assert timeline.after(2 * BUCKET_ENTRIES + 5) == BUCKET_ENTRIES - 6
