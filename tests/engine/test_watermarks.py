from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.watermarks import Reading, Watermarks, last_observed_us, observed_us, reached_us

TRANSFERS, LEDGER, BALANCES = ("transfers", 0), ("ledger", 0), ("balances", 0)
NOW = 1_000


def test_all_read_to_the_end_claims_the_moment_of_asking() -> None:
    readings = {TRANSFERS: Reading(10, 700), LEDGER: Reading(5, 900)}
    assert reached_us(readings, {TRANSFERS: 10, LEDGER: 5}, NOW) == NOW


def test_a_backlog_holds_time_at_what_was_read_last() -> None:
    readings = {TRANSFERS: Reading(10, 300), LEDGER: Reading(5, 900), BALANCES: Reading(2, 100)}
    assert reached_us(readings, {TRANSFERS: 5_000, LEDGER: 6, BALANCES: 2}, NOW) == 300


def test_an_idle_partition_that_was_never_read_lets_time_pass() -> None:
    assert reached_us({TRANSFERS: Reading(10)}, {TRANSFERS: 10}, NOW) == NOW


def test_a_backlog_of_which_nothing_is_read_yet_stops_time() -> None:
    readings = {TRANSFERS: Reading(10), LEDGER: Reading(5, 900)}
    assert reached_us(readings, {TRANSFERS: 11, LEDGER: 5}, NOW) is None


def test_a_partition_that_somebody_else_reads_stops_time() -> None:
    assert reached_us({TRANSFERS: Reading(10, 900)}, {TRANSFERS: 10, LEDGER: 0}, NOW) is None


def test_reading_beyond_the_end_that_was_told_is_reading_to_the_end() -> None:
    assert reached_us({TRANSFERS: Reading(12, 900)}, {TRANSFERS: 10}, NOW) == NOW


def test_ticks_never_go_back() -> None:
    marks = Watermarks(last_tick_us=500)
    marks.read(TRANSFERS, 10, 400)
    assert marks.next_tick_us({TRANSFERS: 99}, NOW) is None  # behind the tick that an earlier worker wrote
    marks.read(TRANSFERS, 20, 600)
    assert marks.next_tick_us({TRANSFERS: 99}, NOW) == 600
    assert marks.next_tick_us({TRANSFERS: 99}, NOW) is None  # time has not moved on
    assert marks.next_tick_us({TRANSFERS: 20}, 550) is None  # the wall clock went back
    assert marks.next_tick_us({TRANSFERS: 20}, 601) == 601


def test_a_partition_that_comes_back_keeps_what_was_read_there() -> None:
    marks = Watermarks()
    marks.read(TRANSFERS, 10, 400)
    marks.start(TRANSFERS, 12)
    assert marks.next_tick_us({TRANSFERS: 99}, NOW) == 400


def test_a_partition_that_was_taken_away_stops_time() -> None:
    marks = Watermarks()
    marks.read(TRANSFERS, 10, 400)
    marks.stop(TRANSFERS)
    assert marks.next_tick_us({TRANSFERS: 10}, NOW) is None


def test_unreadable_bytes_move_the_place_and_not_the_time() -> None:
    marks = Watermarks()
    marks.read(TRANSFERS, 10, 400)
    marks.read(TRANSFERS, 11, last_observed_us([b"not JSON"], NOW))
    assert marks.next_tick_us({TRANSFERS: 99}, NOW) == 400
    assert marks.next_tick_us({TRANSFERS: 11}, NOW) == NOW


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b'{"observed_at":"1970-01-01T00:00:00.000007Z","amount":"1"}', 7),
        (b'{"observed_at":"1970-01-01T01:00:00+01:00"}', 0),
        (b'{"observed_at":"1970-01-01T00:00:00"}', None),
        (b'{"observed_at":12}', None),
        (b'{"event_id":"e"}', None),
        (b"", None),
        (b"\xff", None),
        (b'{"observed_at":"1970-01-01T00:00:00Z","deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    ],
)
def test_observed_at_is_read_where_it_can_be(value: bytes, moment: int | None) -> None:
    assert observed_us(value) == moment


def test_an_event_from_the_future_does_not_say_how_far_reading_has_come() -> None:
    future = b'{"observed_at":"2099-01-01T00:00:00Z"}'
    assert last_observed_us([future, b'{"observed_at":"1970-01-01T00:00:00.000300Z"}'], NOW) == 300
    assert last_observed_us([future], NOW) is None


@given(
    pace=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60),
    gaps=st.lists(st.integers(1, 50), min_size=40, max_size=40),
)
def test_no_tick_passes_an_unread_event(pace: list[tuple[int, int]], gaps: list[int]) -> None:
    """Two partitions whose events arrive when they are observed, read at any pace, asked at any moment."""
    arrivals = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    feeds = {TRANSFERS: arrivals[::2], LEDGER: arrivals[1::2]}
    read, marks, now = {TRANSFERS: 0, LEDGER: 0}, Watermarks(), 0
    for partition in feeds:
        marks.start(partition, 0)
    for steps in pace:
        now += 25
        ends = {partition: sum(moment <= now for moment in feed) for partition, feed in feeds.items()}
        for (partition, feed), step in zip(feeds.items(), steps, strict=True):
            upto = min(read[partition] + step, ends[partition])
            if upto > read[partition]:
                marks.read(partition, upto, feed[upto - 1])
                read[partition] = upto
        claimed = marks.next_tick_us(ends, now)
        unread = [feed[read[partition]] for partition, feed in feeds.items() if read[partition] < len(feed)]
        assert claimed is None or all(claimed < moment for moment in unread)


def test_where_nothing_but_marks_is_left_a_partition_is_read_to_its_end() -> None:
    marks = Watermarks()
    marks.start(LEDGER, 0)
    marks.read(LEDGER, 5, 50)
    assert marks.next_tick_us({LEDGER: 6}, 90) == 50
    marks.pass_over(LEDGER, 4, 6)
    assert marks.next_tick_us({LEDGER: 6}, 91) is None, "something handed over was not taken up yet"
    marks.pass_over(LEDGER, 5, 6)
    assert marks.next_tick_us({LEDGER: 6}, 92) == 92
