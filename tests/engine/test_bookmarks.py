from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.bookmarks import Bookmark, Bookmarks

INPUT, LOG = ("transfers", 0), ("log", 0)


def test_only_what_is_confirmed_without_a_gap_may_be_committed() -> None:
    mark = Bookmark(next_offset=10)
    first, second = mark.take(15, 5), mark.take(20, 5)
    second.outstanding = 0
    assert mark.committable() is None
    first.outstanding = 0
    assert mark.committable() == 20


def test_what_is_committed_is_not_committed_again() -> None:
    mark = Bookmark(next_offset=10)
    mark.take(15, 0)
    assert mark.committable() == 15
    mark.committed = 15
    assert mark.committable() is None


def test_a_failed_commit_stays_due() -> None:
    mark = Bookmark(next_offset=0)
    mark.take(5, 0)
    assert [mark.committable(), mark.committable()] == [5, 5]


def test_a_place_only_moves_on() -> None:
    with pytest.raises(AssertionError, match="10 to 10"):
        Bookmark(next_offset=10).take(10, 1)


@given(st.data())
def test_in_whatever_order_confirmations_come_the_first_gap_bounds_the_commit(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=8))
    mark = Bookmark(next_offset=0)
    tickets = [mark.take(sum(sizes[: i + 1]), sizes[i]) for i in range(len(sizes))]
    for ticket in data.draw(st.permutations([t for t in tickets for _ in range(t.outstanding)])):
        ticket.outstanding -= 1
        unconfirmed = [t for t in tickets if t.outstanding]
        bound = sum(sizes[: tickets.index(unconfirmed[0])]) if unconfirmed else sum(sizes)
        assert (mark.committable() or 0) == bound


def test_an_input_is_read_on_from_what_is_committed() -> None:
    assert Bookmarks("log").open(INPUT, committed=7, earliest=0) == 7


def test_an_input_that_was_never_committed_is_read_from_its_first_record() -> None:
    assert Bookmarks("log").open(INPUT, committed=None, earliest=3) == 3


def test_records_that_the_broker_has_deleted_are_passed_over() -> None:
    assert Bookmarks("log").open(INPUT, committed=7, earliest=9) == 9


def test_the_log_is_read_from_its_beginning_whatever_is_committed() -> None:
    assert Bookmarks("log").open(LOG, committed=700, earliest=0) == 0


def test_the_log_is_read_from_zero_even_where_its_beginning_is_gone_so_that_it_is_noticed() -> None:
    assert Bookmarks("log").open(LOG, committed=700, earliest=50) == 0


def test_after_a_rebalance_reading_goes_on_where_it_was() -> None:
    marks = Bookmarks("log")
    marks.open(INPUT, committed=None, earliest=0)
    marks.open(LOG, committed=None, earliest=0)
    marks[INPUT].take(5, 1)
    marks[LOG].take(3, 1)
    assert marks.open(INPUT, committed=None, earliest=0) == 5
    assert marks.open(LOG, committed=None, earliest=0) == 3
    assert marks.waiting()


def test_a_partition_that_another_worker_took_further_is_read_on_from_there() -> None:
    marks = Bookmarks("log")
    marks.open(INPUT, committed=None, earliest=0)
    marks[INPUT].take(5, 1)
    assert marks.open(INPUT, committed=50, earliest=0) == 50
    assert not marks.waiting()


def test_a_partition_that_is_away_is_not_committed_until_it_is_opened_again() -> None:
    marks = Bookmarks("log")
    marks.open(INPUT, committed=None, earliest=0)
    marks[INPUT].take(5, 0)
    marks.close(INPUT)
    assert list(marks.committable()) == []  # another worker may have committed more
    marks.open(INPUT, committed=4, earliest=0)
    assert list(marks.committable()) == [(INPUT, 5)]


def test_a_place_where_reading_stands_already_is_not_gone_back_from_by_an_opening_that_was_overtaken() -> None:
    marks = Bookmarks("log")
    marks.open(LOG, None, 0)
    marks[LOG].take(9, 0)
    marks.resume(LOG, 4)
    marks.resume(LOG, 9)
    assert marks.open(LOG, None, 0) == 9
