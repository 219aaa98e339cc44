"""The drift detector: the delays and false alarms of its design, rounding that is no leak, and leaks that look like it."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import Status
from models.cusum import Cusum, CusumScore, CusumState

Noise = Callable[[random.Random], float]

DUST = 0.01
T3_SD = math.sqrt(3.0)


def gaussian(chance: random.Random) -> float:
    return chance.gauss(0.0, 1.0)


def t3(chance: random.Random) -> float:
    return chance.gauss(0.0, 1.0) / math.sqrt(chance.gammavariate(1.5, 2.0) / 3.0) / T3_SD


def events_to_alarm(cusum: Cusum, noise: Noise, chance: random.Random, shift: float, warm_up: int = 400) -> int:
    """Return after how many inputs of this shift (true deviations) a state that knows its scale alarms."""
    state = cusum.fresh()
    for _ in range(warm_up):
        cusum.observe(state, noise(chance))
    state.forget_runs()
    events = 1
    while not cusum.observe(state, noise(chance) + shift).alarm:
        events += 1
    return events


def mean_events(cusum: Cusum, noise: Noise, shift: float, runs: int) -> float:
    chance = random.Random(2024)
    return sum(events_to_alarm(cusum, noise, chance, shift) for _ in range(runs)) / runs


UNCLIPPED = Cusum(scale_floor=1e-6, threshold=9.11, clip_sd=math.inf)
CLIPPED = Cusum(scale_floor=1e-6, threshold=7.6)


@pytest.mark.parametrize(
    ("shift", "published", "runs"), [(0.25, 238, 60), (0.5, 61, 80), (1.0, 17.5, 100), (3.0, 2.7, 100)]
)
def test_gaussian_delays_without_clipping(shift: float, published: float, runs: int) -> None:
    assert mean_events(UNCLIPPED, gaussian, shift, runs) == pytest.approx(published, rel=0.2)


@pytest.mark.parametrize(
    ("shift", "at_most", "runs"), [(0.25, 166, 60), (0.5, 44, 80), (1.0, 13.5, 100), (3.0, 5.0, 100)]
)
def test_heavy_tailed_delays_with_clipping(shift: float, at_most: float, runs: int) -> None:
    assert 0.5 * at_most < mean_events(CLIPPED, t3, shift, runs) < at_most


@pytest.mark.parametrize(("cusum", "noise"), [(UNCLIPPED, gaussian), (CLIPPED, gaussian), (CLIPPED, t3)])
def test_false_alarms_come_about_once_in_ten_thousand(cusum: Cusum, noise: Noise) -> None:
    chance, state, alarms, events = random.Random(77), cusum.fresh(), 0, 200_000
    for _ in range(events):
        if cusum.observe(state, noise(chance)).alarm:
            alarms += 1
            state.forget_runs()
    assert events / 10_000 * 0.6 < alarms < events / 10_000 * 1.5


def test_the_default_threshold_is_the_budget_itself() -> None:
    assert Cusum(scale_floor=DUST, arl0_events=200_000).alarm_at == math.log(200_000)


def clean(chance: random.Random) -> float:
    """Return a clean residual: zero, but for one in twenty-five that is rounded by one dust."""
    return chance.choice((DUST, -DUST)) if chance.random() < 0.04 else 0.0


def scores_of(cusum: Cusum, state: CusumState, stream: list[float]) -> list[CusumScore]:
    return [cusum.observe(state, x) for x in stream]


@pytest.mark.parametrize("rounded_share", [0.04, 0.3, 1.0])
def test_rounding_without_a_side_raises_no_alarm(rounded_share: float) -> None:
    chance, cusum = random.Random(3), Cusum(scale_floor=DUST, arl0_events=1e6)
    stream = [chance.choice((DUST, -DUST)) if chance.random() < rounded_share else 0.0 for _ in range(30_000)]
    assert not any(score.alarm for score in scores_of(cusum, cusum.fresh(), stream))


@pytest.mark.parametrize(("leak", "at_most"), [(-0.1 * DUST, 2_200), (0.25 * DUST, 450), (-DUST, 30), (5.0 * DUST, 12)])
def test_a_leak_of_one_sign_is_found_and_sized(leak: float, at_most: int) -> None:
    chance, cusum = random.Random(3), Cusum(scale_floor=DUST)
    state = cusum.fresh()
    scores_of(cusum, state, [clean(chance) for _ in range(1_000)])
    stream = [clean(chance) + leak for _ in range(at_most)]
    scores = scores_of(cusum, state, stream)
    alarmed = next(index for index, score in enumerate(scores) if score.alarm)
    score = scores[alarmed]
    assert score.side == math.copysign(1, leak)
    assert score.run_sum == pytest.approx(leak * (alarmed + 1), rel=0.5)
    assert score.surprise == pytest.approx(score.statistic / math.log(10.0))


def test_one_leak_in_ten_payments_is_found_though_most_residuals_are_zero() -> None:
    cusum = Cusum(scale_floor=DUST)
    stream = [0.0] * 200 + [DUST if index % 10 == 0 else 0.0 for index in range(2_000)]
    assert any(score.alarm for score in scores_of(cusum, cusum.fresh(), stream))


def test_one_jump_alone_is_not_a_leak() -> None:
    cusum = Cusum(scale_floor=DUST)
    state = cusum.fresh()
    scores = scores_of(cusum, state, [0.0] * 50 + [1e6] + [0.0] * 500)
    assert not any(score.alarm for score in scores)
    assert state.mean_abs < 3.0 * DUST, "one jump must not teach the scale to ignore a leak"


def test_evidence_names_side_start_and_sum() -> None:
    cusum = Cusum(scale_floor=1.0, warm_up_events=3)
    state = cusum.fresh()
    scores_of(cusum, state, [0.0] * 10)
    score = scores_of(cusum, state, [-1.0, -1.0, -1.5])[-1]
    assert (score.side, score.started_index, score.run_sum) == (-1, 10, -3.5)
    assert score.shift_sd == 1.0


def test_a_run_restarts_after_the_sum_was_zero() -> None:
    cusum = Cusum(scale_floor=1.0, warm_up_events=1)
    state = cusum.fresh()
    scores_of(cusum, state, [0.0, 1.0] + [0.0] * 40)
    assert state.to_plain() == [42, state.mean_abs, 0.0, [], []], "all sums have drained, and the total with them"
    score = cusum.observe(state, 0.5)
    assert (score.started_index, score.run_sum) == (42, 0.5)


def test_an_ended_leak_is_forgotten_in_bounded_time() -> None:
    cusum = Cusum(scale_floor=DUST)
    state = cusum.fresh()
    scores_of(cusum, state, [DUST] * 50_000)
    most_events = int(2.0 * cusum.alarm_at / (2.0 * 0.05**2)) + 1
    assert scores_of(cusum, state, [0.0] * most_events)[-1].statistic == 0.0


def test_a_closed_incident_starts_the_sums_anew() -> None:
    cusum = Cusum(scale_floor=DUST)
    state = cusum.fresh()
    assert scores_of(cusum, state, [DUST] * 200)[-1].alarm
    scale = cusum.scale_of(state)
    state.forget_runs()
    assert not cusum.observe(state, DUST).alarm
    assert cusum.scale_of(state) == pytest.approx(scale, rel=0.01)


def test_an_early_jump_does_not_spoil_the_scale() -> None:
    chance, cusum = random.Random(9), Cusum(scale_floor=1e-6)
    state = cusum.fresh()
    scores_of(cusum, state, [1e9, *(chance.gauss(0.0, 1.0) for _ in range(19))])
    assert 0.5 < cusum.scale_of(state) < 2.0


@pytest.mark.parametrize("scale_floor", [0.0, -1.0, math.nan, math.inf])
def test_a_scale_without_a_floor_is_refused(scale_floor: float) -> None:
    with pytest.raises(ValueError, match="scale_floor is the rounding step"):
        Cusum(scale_floor=scale_floor)


@pytest.mark.parametrize(("clip_sd", "threshold"), [(1.5, 9.0), (2.0, 0.0), (2.0, math.nan)])
def test_a_clip_or_threshold_that_cannot_work_is_refused(clip_sd: float, threshold: float) -> None:
    with pytest.raises(ValueError, match="must be above"):
        Cusum(scale_floor=DUST, clip_sd=clip_sd, threshold=threshold)


inputs = st.lists(st.sampled_from((0.0, 0.0, 0.0, DUST, -DUST, 3.0 * DUST)) | st.floats(-100.0, 100.0), max_size=80)


@given(inputs)
def test_observing_is_scoring_and_then_learning(stream: list[float]) -> None:
    cusum = Cusum(scale_floor=DUST, warm_up_events=5)
    observed, learnt = cusum.fresh(), cusum.fresh()
    for x in stream:
        score = cusum.score(learnt, x)
        cusum.learn(learnt, x)
        assert cusum.observe(observed, x) == score
    assert observed.to_plain() == learnt.to_plain()


@given(inputs)
def test_deficit_mirrors_surplus(stream: list[float]) -> None:
    cusum = Cusum(scale_floor=DUST, warm_up_events=5)
    upright, mirrored = cusum.fresh(), cusum.fresh()
    for x in stream:
        a, b = cusum.observe(upright, x), cusum.observe(mirrored, -x)
        assert (a.statistic, a.alarm) == (b.statistic, b.alarm)
        if max(upright.sums[:6]) != max(upright.sums[6:]):
            assert (a.side, a.started_index, a.run_sum) == (-b.side, b.started_index, -b.run_sum)


@given(inputs)
def test_the_run_sum_is_the_sum_since_its_start(stream: list[float]) -> None:
    cusum = Cusum(scale_floor=DUST, warm_up_events=5)
    state = cusum.fresh()
    for count, x in enumerate(stream, 1):
        score = cusum.observe(state, x)
        if score.status is Status.SCORED and score.side:
            assert score.run_sum == pytest.approx(math.fsum(stream[score.started_index : count]), abs=1e-9)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=80))
def test_the_run_sum_of_whole_units_is_exact(stream: list[int]) -> None:
    cusum = Cusum(scale_floor=1.0, warm_up_events=5)
    state = cusum.fresh()
    for count, x in enumerate(stream, 1):
        score = cusum.observe(state, x)
        if score.side:
            assert score.run_sum == sum(stream[score.started_index : count])


def test_a_quiet_state_is_small() -> None:
    cusum = Cusum(scale_floor=DUST)
    state = cusum.fresh()
    scores_of(cusum, state, [0.0] * 1_000)
    assert len(json.dumps(state.to_plain())) < 60
