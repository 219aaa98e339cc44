from __future__ import annotations

import gc

import pytest

from streams.engine.memory import YOUNG_OBJECTS, keep, seldom_collected


def test_collecting_is_seldom_inside_and_as_before_outside() -> None:
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] == YOUNG_OBJECTS
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_it_is_as_before_after_a_failure_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="away"), seldom_collected():
        raise ValueError("away")
    assert (gc.get_threshold(), gc.isenabled()) == (before, True)


def test_a_state_that_was_put_back_is_left_alone_too() -> None:
    keep()
    assert gc.get_freeze_count() == 0
    with seldom_collected():
        before = gc.get_freeze_count()
        state = [[number] for number in range(10_000)]
        keep()
        assert gc.get_freeze_count() >= before + len(state)
    assert gc.get_freeze_count() == 0
