"""What every model promises, as a suite that runs over all of them: a new model passes it untouched.

A replay gives the alerts of the live run only if scoring changes nothing, learning depends on nothing but its inputs,
and a state put down and taken up again goes on as if nothing had happened. Each check raises AssertionError with both
values. The streams are made here, without chance, so that a failure repeats.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from models.base import LARGEST_INPUT, LARGEST_SURPRISE, Detector, Plain, Score, Status

UNUSABLE: Final = (math.nan, math.inf, -math.inf, 2.0 * LARGEST_INPUT, -2.0 * LARGEST_INPUT)
BROKEN: Final[tuple[Plain, ...]] = (
    None,
    7,
    "state",
    {"a": 1},
    [None],
    [[["x"]]],
    [["a"], ["b"]],
    [[["x"], [1, 0.5, 0.5]]],
    [1.5, "x", 0.0, [], []],
)
EXTREMES: Final = (LARGEST_INPUT, -LARGEST_INPUT, 5e-324, -5e-324, -0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model as the suite meets it.

    `make`: the detector, with settings fit for inputs around 0 with deviation 1. `lift`: makes the model's input of the
    index and the value of a stream. `warm_within`: inputs after which it must answer. `plain_bytes_max`: what its state
    may take as JSON, however long the stream.
    """

    name: str
    make: Callable[[], Detector[Any, Any]]
    lift: Callable[[int, float], Any]
    warm_within: int
    plain_bytes_max: int


def values(count: int, shift: float = 0.0) -> Iterator[float]:
    """Yield `count` numbers around `shift` with deviation 1, nearly Gaussian: the same ones every time.

    Sums of four uniform numbers of a linear congruential generator (Knuth's MMIX constants).
    """
    seed = 1
    for _ in range(count):
        total = 0.0
        for _ in range(4):
            seed = (6364136223846793005 * seed + 1442695040888963407) % 2**64
            total += (seed >> 11) / 2**53
        yield shift + (total - 2.0) * math.sqrt(3.0)


def as_json(plain: Plain) -> str:
    """Return plain data as JSON, in which a NaN or an infinity is an error and every float keeps all its bits."""
    return json.dumps(plain, allow_nan=False)


def run(candidate: Candidate, state: Any, stream: list[float], start: int = 0) -> list[Score]:
    """Score, then learn, each value; return the scores."""
    detector = candidate.make()
    scores = []
    for index, value in enumerate(stream, start):
        x = candidate.lift(index, value)
        scores.append(detector.score(state, x))
        detector.learn(state, x)
    return scores


def warmed(candidate: Candidate, count: int | None = None) -> Any:
    """Return a state that has learnt `count` values (enough to be warm, if not given)."""
    state = candidate.make().fresh()
    run(candidate, state, list(values(candidate.warm_within if count is None else count)))
    return state


def check_warm_up_is_said(candidate: Candidate) -> None:
    """Asked before it has learnt, a model says so; once warm it answers, and never goes back."""
    state = candidate.make().fresh()
    scores = run(candidate, state, list(values(candidate.warm_within + 300)))
    assert scores[0].status is Status.WARMING_UP, scores[0]
    statuses = [score.status for score in scores]
    warm_from = statuses.index(Status.SCORED)
    assert warm_from <= candidate.warm_within, (warm_from, candidate.warm_within)
    assert set(statuses[warm_from:]) == {Status.SCORED}, statuses[warm_from:]


def check_scores_say_what_they_are(candidate: Candidate) -> None:
    """A surprise lies between 0 and its bound and belongs to its probability; without one there is no alarm."""
    for score in run(candidate, candidate.make().fresh(), list(values(candidate.warm_within + 300))):
        if score.status is Status.SCORED:
            assert score.surprise is not None, score
            assert 0.0 <= score.surprise <= LARGEST_SURPRISE, score
            assert score.p_value is not None, score
            assert math.isclose(-math.log10(score.p_value), score.surprise, abs_tol=1e-9), score
        else:
            assert (score.surprise, score.p_value, score.alarm) == (None, None, False), score


def check_scoring_changes_nothing(candidate: Candidate) -> None:
    """Scoring twice equals scoring once, for usual and unusual inputs, and leaves the state as it was."""
    detector = candidate.make()
    for count in (0, 3, candidate.warm_within, candidate.warm_within + 77):
        state = warmed(candidate, count)
        before = as_json(state.to_plain())
        for value in (0.0, 0.3, -7.0, 1e6, math.nan):
            x = candidate.lift(count, value)
            first, second = detector.score(state, x), detector.score(state, x)
            assert first == second, (first, second)
        assert as_json(state.to_plain()) == before, count


def check_unusable_input_is_refused(candidate: Candidate) -> None:
    """What is not a usable number is refused, before and after warm-up, and teaches nothing."""
    detector = candidate.make()
    for state in (detector.fresh(), warmed(candidate)):
        before = as_json(state.to_plain())
        for value in UNUSABLE:
            x = candidate.lift(0, value)
            assert detector.score(state, x).status is Status.REFUSED, value
            detector.learn(state, x)
        assert as_json(state.to_plain()) == before


def check_extremes_are_survived(candidate: Candidate) -> None:
    """The largest and the smallest usable numbers break nothing: the state stays finite and scores go on."""
    for count in (0, candidate.warm_within):
        state = warmed(candidate, count)
        run(candidate, state, list(EXTREMES) * 3, start=count)
        as_json(state.to_plain())
        scores = run(candidate, state, list(values(candidate.warm_within)), start=count)
        as_json(state.to_plain())
        assert scores[-1].status is Status.SCORED, scores[-1]


def check_a_cut_changes_nothing(candidate: Candidate) -> None:
    """A state put down as JSON and taken up again, anywhere, gives the same later scores and state, bit for bit."""
    warm = candidate.warm_within
    stream = [*values(warm + 20), *values(warm + 40, shift=0.7)]
    for cut in (0, 1, 2, warm // 2, warm, warm + 33, 2 * warm + 21):
        whole = candidate.make().fresh()
        run(candidate, whole, stream[:cut])
        taken_up = candidate.make().restore(json.loads(as_json(whole.to_plain())))
        assert as_json(taken_up.to_plain()) == as_json(whole.to_plain()), cut
        assert run(candidate, taken_up, stream[cut:], cut) == run(candidate, whole, stream[cut:], cut), cut
        assert as_json(taken_up.to_plain()) == as_json(whole.to_plain()), cut


def check_plain_state_shares_nothing(candidate: Candidate) -> None:
    """Plain data taken earlier does not change as the model goes on learning, nor the model through its plain data."""
    state = warmed(candidate)
    plain = state.to_plain()
    text = as_json(plain)
    restored = candidate.make().restore(plain)
    for learner in (state, restored):
        run(candidate, learner, list(values(50, shift=2.0)))
        assert as_json(plain) == text


def check_broken_plain_state_is_refused(candidate: Candidate) -> None:
    """What is not a state of this model raises `msgspec.ValidationError`, and nothing else."""
    detector = candidate.make()
    for plain in BROKEN:
        try:
            state = detector.restore(plain)
        except msgspec.ValidationError:
            continue
        raise AssertionError((plain, state))


def check_same_inputs_same_outputs(candidate: Candidate) -> None:
    """Two runs over the same inputs agree in every score and in the state, whatever other states learnt between."""
    stream = list(values(candidate.warm_within + 50))
    first, second = candidate.make().fresh(), candidate.make().fresh()
    first_scores = run(candidate, first, stream)
    warmed(candidate)
    assert first_scores == run(candidate, second, stream)
    assert as_json(first.to_plain()) == as_json(second.to_plain())


def check_memory_is_bounded(candidate: Candidate) -> None:
    """However long the stream and whatever its level, the state stays within its bound."""
    state = candidate.make().fresh()
    for shift in (0.0, 5.0, -300.0):
        run(candidate, state, list(values(3 * candidate.warm_within, shift)))
        size = len(as_json(state.to_plain()))
        assert size <= candidate.plain_bytes_max, (size, candidate.plain_bytes_max)


def check_inputs_are_left_alone(candidate: Candidate) -> None:
    """Neither scoring nor learning changes the input."""
    detector, state = candidate.make(), warmed(candidate)
    for index, value in enumerate((0.5, 40.0, math.nan)):
        x = candidate.lift(index, value)
        before = repr(x)
        detector.score(state, x)
        detector.learn(state, x)
        assert repr(x) == before


def check_integers_count_as_floats(candidate: Candidate) -> None:
    """An integer is the float of the same value, down to the bytes of the state."""
    whole_numbers = [round(3.0 * value) for value in values(candidate.warm_within + 20)]
    with_integers, with_floats = candidate.make().fresh(), candidate.make().fresh()
    scores = run(candidate, with_integers, list(whole_numbers))
    assert scores == run(candidate, with_floats, [float(value) for value in whole_numbers])
    assert as_json(with_integers.to_plain()) == as_json(with_floats.to_plain())


CHECKS: Final[tuple[Callable[[Candidate], None], ...]] = (
    check_warm_up_is_said,
    check_scores_say_what_they_are,
    check_scoring_changes_nothing,
    check_unusable_input_is_refused,
    check_extremes_are_survived,
    check_a_cut_changes_nothing,
    check_plain_state_shares_nothing,
    check_broken_plain_state_is_refused,
    check_same_inputs_same_outputs,
    check_memory_is_bounded,
    check_inputs_are_left_alone,
    check_integers_count_as_floats,
)
