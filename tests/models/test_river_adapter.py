"""River behind our interface: its models see what they should, and forget what lies beyond their buffer."""

from __future__ import annotations

import math
import random

import msgspec
import pytest
from river import drift

from models.base import Status
from models.river_adapter import AdwinSwitch, GaussianModel, HalfSpaceModel


def gaussians(count: int, shift: float = 0.0, seed: int = 5) -> list[float]:
    chance = random.Random(seed)
    return [chance.gauss(shift, 1.0) for _ in range(count)]


def alarms_of_switch(switch: AdwinSwitch, stream: list[float]) -> list[int]:
    """Return the indices of the inputs that completed the evidence of a change."""
    state, alarms = switch.fresh(), []
    for index, x in enumerate(stream):
        switch.learn(state, x)
        if switch.score(state, 0.0).alarm:
            alarms.append(index)
    return alarms


def test_the_switch_answers_a_lasting_change_once() -> None:
    alarms = alarms_of_switch(AdwinSwitch(), gaussians(2_000) + gaussians(1_000, shift=2.0, seed=6))
    assert len(alarms) == 1
    assert 2_000 <= alarms[0] <= 2_100


def test_the_switch_is_rivers_adwin_while_the_buffer_lasts() -> None:
    stream = gaussians(300) + gaussians(200, shift=1.5, seed=6)
    adwin, expected = drift.ADWIN(delta=0.002), []
    for index, x in enumerate(stream):
        adwin.update(x)
        if adwin.drift_detected:
            expected.append(index)
    assert expected
    assert alarms_of_switch(AdwinSwitch(window=500), stream) == expected


def test_a_change_seen_empties_the_buffer() -> None:
    switch = AdwinSwitch()
    state = switch.fresh()
    for x in gaussians(400) + gaussians(200, shift=5.0, seed=6):
        switch.learn(state, x)
    assert len(state.rows) < 200
    assert min(row[0] for row in state.rows) > 0.0, "only the new normal is left"


def test_the_baseline_measures_distance_in_deviations() -> None:
    model = GaussianModel(scale_floor=0.01)
    state = model.fresh()
    for x in gaussians(200):
        model.learn(state, x)
    near, far, farther = (model.score(state, x) for x in (0.0, 6.0, 60.0))
    assert not near.alarm
    assert far.alarm
    assert far.surprise is not None
    assert farther.surprise is not None
    assert 6.0 < far.surprise < 12.0
    assert farther.surprise == 300.0, "river's own score would be 1 for both"


def test_the_baseline_has_a_floor() -> None:
    model = GaussianModel(scale_floor=0.1)
    state = model.fresh()
    for _ in range(100):
        model.learn(state, 5.0)
    score = model.score(state, 5.1)
    assert score.surprise == pytest.approx(0.4985, abs=1e-3), "one deviation"


def test_the_baseline_forgets_what_lies_beyond_its_buffer() -> None:
    model = GaussianModel(scale_floor=0.1, window=50)
    state = model.fresh()
    for x in [1e9, *gaussians(100)]:
        model.learn(state, x)
    assert model.score(state, 8.0).alarm


def pairs(count: int) -> list[tuple[float, ...]]:
    """Return rows of two numbers that go together."""
    chance = random.Random(12)
    return [(x, x + chance.gauss(0.0, 0.3)) for x in gaussians(count)]


def test_half_spaces_see_an_odd_combination_of_usual_numbers() -> None:
    model = HalfSpaceModel(scales=(1.0, 1.0))
    state = model.fresh()
    for row in pairs(1_500):
        model.learn(state, row)
    together, apart = model.score(state, (1.5, 1.5)), model.score(state, (2.0, -2.0))
    assert together.surprise is not None
    assert apart.surprise is not None
    assert together.surprise < 1.0 < 2.0 < apart.surprise


@pytest.mark.parametrize("row", [(1.0,), (1.0, 2.0, 3.0), (1.0, math.nan), ()])
def test_a_row_of_the_wrong_shape_is_refused(row: tuple[float, ...]) -> None:
    model = HalfSpaceModel(scales=(1.0, 1.0))
    state = model.fresh()
    model.learn(state, row)
    assert model.score(state, row).status is Status.REFUSED
    assert state.rows == []


def test_a_state_larger_than_its_bound_is_refused() -> None:
    wide, narrow = AdwinSwitch(window=100), AdwinSwitch(window=10)
    state = wide.fresh()
    for x in gaussians(100):
        wide.learn(state, x)
    with pytest.raises(msgspec.ValidationError, match="more than two windows"):
        narrow.restore(state.to_plain())


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        GaussianModel(scale_floor=0.0)
    with pytest.raises(ValueError, match="scale"):
        HalfSpaceModel(scales=(1.0, -1.0))
    with pytest.raises(ValueError, match="alarm_surprise"):
        HalfSpaceModel(scales=(1.0,), alarm_surprise=0.1)
