"""How many records are applied between two turns of the event loop follows from how long they take."""

from __future__ import annotations

import pytest

from streams.engine.slices import FEWEST, MOST, SLICE_SECONDS, Slices


@pytest.mark.parametrize(("record_s", "records"), [(0.0001, 40), (0.000002, 2_000), (1.0, FEWEST), (1e-9, MOST)])
def test_a_slice_takes_a_few_milliseconds_whatever_a_record_takes(record_s: float, records: int) -> None:
    slices = Slices()
    for _ in range(20):
        slices.took(slices.records, slices.records * record_s)
    assert slices.records == pytest.approx(records, abs=1)


def test_one_slow_record_does_not_make_all_slices_small() -> None:
    slices = Slices()
    slices.took(slices.records, 100 * SLICE_SECONDS)
    assert slices.records == 250
    slices.took(250, 0.0)
    assert slices.records == 250
