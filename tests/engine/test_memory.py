from __future__ import annotations

import gc
import weakref

import pytest

from streams.engine.memory import YOUNG_OBJECTS, kept, let_go, look_again, seldom_collected


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


class Part:
    """What knows itself, as the parts of a state know each other: only a collection finds that it is gone."""

    def __init__(self) -> None:
        self.other = self


def test_a_state_that_was_put_back_is_left_alone_too() -> None:
    with seldom_collected():
        before = gc.get_freeze_count()
        with kept():
            assert not gc.isenabled()
            state = [[number] for number in range(10_000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(state)
    assert gc.get_freeze_count() == 0


def test_nothing_is_kept_outside() -> None:
    with kept():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_state_that_was_let_go_is_not_kept_for_ever() -> None:
    with seldom_collected():
        look_again()  # whatever was let go before
        with kept():
            part = Part()
        gone = weakref.ref(part)
        del part
        gc.collect()
        assert gone() is not None
        look_again()
        assert gone() is not None, "nobody said that anything was let go"
        let_go()
        look_again()
        assert gone() is None
        assert gc.get_freeze_count() > 0
