"""How many records are applied between two turns of the event loop follows from how long they take."""

from __future__ import annotations

import pytest

from streams.engine.slices import BACKLOG_RECORDS, FEWEST, MOST, SLICE_SECONDS, Slices


@pytest.mark.parametrize(("record_s", "records"), [(0.0001, 40), (0.000002, 2_000), (1.0, FEWEST), (1e-9, MOST)])
def test_a_slice_takes_a_few_milliseconds_whatever_a_record_takes(record_s: float, records: int) -> None:
    slices = Slices()
    for _ in range(20):
        slices.took(slices.records, slices.records * record_s)
    assert slices.records == pytest.approx(records, abs=1)


def test_a_slow_record_makes_the_next_slices_small_and_they_grow_again() -> None:
    slices = Slices()
    slices.took(1, 100 * SLICE_SECONDS)
    assert slices.records == FEWEST
    slices.took(FEWEST, SLICE_SECONDS / 100)
    assert slices.records == 2 * FEWEST
    slices.took(FEWEST, 0.0)
    assert slices.records == 2 * FEWEST


@pytest.mark.parametrize(
    ("record_s", "live", "backlog"),
    [(0.0001, 40, 1_280), (0.00004, 100, 2_000), (0.000001, 4_000, 4_000), (0.001, FEWEST, 128), (1.0, FEWEST, FEWEST)],
)
def test_a_slice_of_a_backlog_is_longer_where_records_take_long(record_s: float, live: int, backlog: int) -> None:
    slices = Slices()
    for _ in range(20):
        slices.took(slices.records, slices.records * record_s)
    assert slices.size(BACKLOG_RECORDS - 1) == pytest.approx(live, abs=1)
    assert slices.size(BACKLOG_RECORDS) == pytest.approx(backlog, abs=1)
