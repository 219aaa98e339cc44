from __future__ import annotations

import sys

import pytest

from streams.engine.turns import TURN_SECONDS, short_turns


def test_turns_are_short_inside_and_as_before_outside() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    assert sys.getswitchinterval() == before


def test_they_are_as_before_after_a_failure_too() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ValueError, match="away"), short_turns():
        raise ValueError("away")
    assert sys.getswitchinterval() == before
