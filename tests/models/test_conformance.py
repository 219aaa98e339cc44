"""Every model keeps the promises of models/checks.py, and for each promise a model that breaks it is caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest

from models import checks
from models.base import Plain, Score, Status, is_usable
from models.checks import CHECKS, Candidate
from models.registry import CANDIDATES

Check = Callable[[Candidate], None]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_model_keeps_its_promise(candidate: Candidate, check: Check) -> None:
    check(candidate)


class MeanState:
    def __init__(self, seen: int = 0, mean: float = 0.0) -> None:
        self.seen = seen
        self.mean = mean
        self.kept: list[Plain] = []

    def to_plain(self) -> Plain:
        return [self.seen, self.mean, list(self.kept)]


class Mean:
    """A small model that keeps every promise; those below break one each."""

    def fresh(self) -> MeanState:
        return MeanState()

    def restore(self, plain: Plain) -> MeanState:
        seen, mean, kept = msgspec.convert(plain, tuple[int, float, list[float]])
        state = MeanState(seen, mean)
        state.kept.extend(kept)
        return state

    def score(self, state: MeanState, x: Any, /) -> Score:
        if not is_usable(x[0]):
            return Score(Status.REFUSED)
        if state.seen < 10:
            return Score(Status.WARMING_UP)
        return Score(Status.SCORED, min(abs(x[0] - state.mean), 9.0))

    def learn(self, state: MeanState, x: Any, /) -> None:
        if is_usable(x[0]):
            state.seen = min(state.seen + 1, 100)
            state.mean += (x[0] - state.mean) / state.seen


class ScoresFromTheStart(Mean):
    def score(self, state: MeanState, x: Any, /) -> Score:
        return Score(Status.SCORED, 0.0)


class AlarmsWhileWarmingUp(Mean):
    def score(self, state: MeanState, x: Any, /) -> Score:
        known = super().score(state, x)
        return msgspec.structs.replace(known, alarm=known.status is Status.WARMING_UP)


class LearnsWhileItScores(Mean):
    def score(self, state: MeanState, x: Any, /) -> Score:
        score = super().score(state, x)
        self.learn(state, x)
        return score


class LearnsWhatItRefuses(Mean):
    def learn(self, state: MeanState, x: Any, /) -> None:
        state.seen += 1
        if is_usable(x[0]):
            super().learn(state, x)


class BlowsUp(Mean):
    def learn(self, state: MeanState, x: Any, /) -> None:
        super().learn(state, x)
        if is_usable(x[0]):
            state.mean += abs(x[0]) * 1e300


class ForgetsBits(Mean):
    def restore(self, plain: Plain) -> MeanState:
        state = super().restore(plain)
        state.mean = round(state.mean, 3)
        return state


class SharesItsLists(Mean):
    def fresh(self) -> MeanState:
        return SharedState()

    def learn(self, state: MeanState, x: Any, /) -> None:
        super().learn(state, x)
        if is_usable(x[0]):
            state.kept[:] = [x[0]]


class SharedState(MeanState):
    def to_plain(self) -> Plain:
        return [self.seen, self.mean, self.kept]


class TakesAnyState(Mean):
    def restore(self, plain: Plain) -> MeanState:
        return super().restore(plain) if isinstance(plain, list) and len(plain) == 3 else MeanState()


class RemembersOtherStreams(Mean):
    calls: ClassVar[list[int]] = []

    def score(self, state: MeanState, x: Any, /) -> Score:
        self.calls.append(1)
        score = super().score(state, x)
        return msgspec.structs.replace(score, surprise=len(self.calls) / 1e6) if score.surprise else score


class KeepsEverything(Mean):
    def learn(self, state: MeanState, x: Any, /) -> None:
        super().learn(state, x)
        if is_usable(x[0]):
            state.kept.append(float(x[0]))


class ChangesItsInput(Mean):
    def learn(self, state: MeanState, x: Any, /) -> None:
        super().learn(state, x)
        x[0] += 1.0


class KeepsIntegers(Mean):
    def learn(self, state: MeanState, x: Any, /) -> None:
        super().learn(state, x)
        if is_usable(x[0]):
            state.kept[:] = [x[0]]


BREAKERS = (
    (checks.check_warm_up_is_said, ScoresFromTheStart),
    (checks.check_scores_say_what_they_are, AlarmsWhileWarmingUp),
    (checks.check_scoring_changes_nothing, LearnsWhileItScores),
    (checks.check_unusable_input_is_refused, LearnsWhatItRefuses),
    (checks.check_extremes_are_survived, BlowsUp),
    (checks.check_a_cut_changes_nothing, ForgetsBits),
    (checks.check_plain_state_shares_nothing, SharesItsLists),
    (checks.check_broken_plain_state_is_refused, TakesAnyState),
    (checks.check_same_inputs_same_outputs, RemembersOtherStreams),
    (checks.check_memory_is_bounded, KeepsEverything),
    (checks.check_inputs_are_left_alone, ChangesItsInput),
    (checks.check_integers_count_as_floats, KeepsIntegers),
)


def toy(model: type[Mean]) -> Candidate:
    return Candidate(model.__name__, model, lambda _index, value: [value], warm_within=20, plain_bytes_max=200)


def test_each_promise_has_a_breaker() -> None:
    assert [check for check, _ in BREAKERS] == list(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_sound_toy_passes(check: Check) -> None:
    check(toy(Mean))


@pytest.mark.parametrize(("check", "model"), BREAKERS, ids=lambda part: part.__name__)
def test_a_broken_promise_is_noticed(check: Check, model: type[Mean]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(toy(model))
