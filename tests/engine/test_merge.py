from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ledger.times import to_text
from streams.engine.bookmarks import Partition
from streams.engine.fetches import InputRecord
from streams.engine.merge import Merge
from streams.engine.watermarks import observed_us

TRANSFERS, LEDGER = ("transfers", 0), ("ledger", 0)
ALL = 1_000


@dataclass
class Fetched:
    topic: str
    offset: int
    value: bytes | None
    partition: int = 0
    key: bytes | None = None


def fetched(partition: Partition, moments: list[int], first_offset: int = 0) -> list[InputRecord]:
    return [
        Fetched(partition[0], first_offset + i, b'{"observed_at":"%s"}' % to_text(moment).encode())
        for i, moment in enumerate(moments)
    ]


def merge_of(transfers: list[int], ledger: list[int]) -> Merge:
    merge = Merge()
    for rank, (partition, moments) in enumerate([(TRANSFERS, transfers), (LEDGER, ledger)]):
        merge.open(partition, 0, rank)
        merge.add(partition, fetched(partition, moments))
    return merge


def shape(runs: list[list[InputRecord]]) -> list[tuple[str, list[int]]]:
    return [(run[0].topic, [record.offset for record in run]) for run in runs]


def test_what_was_observed_first_goes_first() -> None:
    merge = merge_of([1, 2, 9], [3, 4])
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 2}, ALL)) == [
        ("transfers", [0, 1]),
        ("ledger", [0, 1]),
        ("transfers", [2]),
    ]


def test_a_partition_with_unread_records_and_none_to_show_holds_all_up() -> None:
    merge = merge_of([1, 2], [3])
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 1}, ALL)) == [("transfers", [0, 1])]
    assert merge.release({TRANSFERS: 3, LEDGER: 1}, ALL) == []
    merge.add(TRANSFERS, fetched(TRANSFERS, [4], 2))
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 1}, ALL)) == [("ledger", [0]), ("transfers", [2])]


def test_what_came_after_the_ends_were_asked_for_waits_and_holds_up_what_is_behind_it() -> None:
    merge = merge_of([1, 3, 4], [2, 5])  # by the time that 3 was fetched, something earlier may stand elsewhere
    assert shape(merge.release({TRANSFERS: 1, LEDGER: 2}, ALL)) == [("transfers", [0]), ("ledger", [0])]
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 2}, ALL)) == [("transfers", [1, 2]), ("ledger", [1])]


def test_a_partition_that_somebody_else_reads_holds_all_up() -> None:
    merge = merge_of([1], [2])
    merge.close(LEDGER)
    assert merge.release({TRANSFERS: 1, LEDGER: 1}, ALL) == []


def test_at_one_moment_the_lower_rank_goes_first() -> None:
    assert shape(merge_of([5], [5]).release({TRANSFERS: 1, LEDGER: 1}, ALL)) == [("transfers", [0]), ("ledger", [0])]


def test_what_comes_again_after_a_rebalance_is_passed_over() -> None:
    merge = merge_of([1, 2], [])
    merge.open(TRANSFERS, 0, 0)
    merge.add(TRANSFERS, fetched(TRANSFERS, [1, 2, 3]))
    assert merge.depth(TRANSFERS) == 3
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 0}, ALL)) == [("transfers", [0, 1, 2])]


def test_an_unreadable_record_goes_with_the_one_before_it() -> None:
    merge = merge_of([1], [2])
    merge.add(TRANSFERS, [Fetched("transfers", 1, b"\xff"), Fetched("transfers", 2, None)])
    assert shape(merge.release({TRANSFERS: 3, LEDGER: 1}, ALL)) == [("transfers", [0, 1, 2]), ("ledger", [0])]


def test_records_of_a_partition_that_is_not_open_are_not_kept() -> None:
    merge = Merge()
    merge.add(TRANSFERS, fetched(TRANSFERS, [1]))
    assert merge.depth(TRANSFERS) == 0


@given(
    feeds=st.tuples(st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99))),
    limit=st.integers(1, 7),
    fetches=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30),
)
def test_sorted_feeds_come_out_sorted_and_whole_at_whatever_pace_they_are_fetched(
    feeds: tuple[list[int], list[int]], limit: int, fetches: list[tuple[int, int]]
) -> None:
    histories = {TRANSFERS: fetched(TRANSFERS, sorted(feeds[0])), LEDGER: fetched(LEDGER, sorted(feeds[1]))}
    ends = {partition: len(history) for partition, history in histories.items()}
    merge, released, at = Merge(), list[InputRecord](), {TRANSFERS: 0, LEDGER: 0}
    merge.open(TRANSFERS, 0, 0)
    merge.open(LEDGER, 0, 1)
    for counts in [*fetches, (ALL, ALL)]:
        for partition, count in zip((TRANSFERS, LEDGER), counts, strict=True):
            merge.add(partition, histories[partition][at[partition] : at[partition] + count])
            at[partition] += count
        released += [record for run in merge.release(ends, limit) for record in run]
    while runs := merge.release(ends, limit):
        released += [record for run in runs for record in run]
    assert [observed_us(record.value or b"") for record in released] == sorted([*feeds[0], *feeds[1]])


def test_marks_of_transactions_hold_nobody_up() -> None:
    merge = merge_of([1], [])
    assert merge.release({TRANSFERS: 1, LEDGER: 1}, ALL) == []
    merge.pass_over(LEDGER, 3, 4)
    assert merge.release({TRANSFERS: 1, LEDGER: 1}, ALL) == [], "something handed over was not taken up yet"
    merge.pass_over(LEDGER, 0, 1)
    assert shape(merge.release({TRANSFERS: 1, LEDGER: 1}, ALL)) == [("transfers", [0])]
