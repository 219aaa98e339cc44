"""The one door to river: its models behind our interface, with warm-up, refusal and plain state added.

How a state becomes plain data. River's models have no plain form, and pickles are not kept. So a state is the last
inputs, at most twice `window`, and the model is at every moment exactly what river makes of those inputs, in order, from
new and with a fixed seed: when the buffer is full, its older half is dropped and the model built anew from the rest. To
restore is to feed the buffer again. All three models here do so; what lies beyond the buffer they forget.

`AdwinSwitch` says that a stream has changed for good, `GaussianModel` is the plain baseline, `HalfSpaceModel` sees odd
combinations of a few numbers. Left out: PredictiveAnomalyDetection, which learns while it scores, and the quantile
filters, which never learn a new normal. Importing this module takes about a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar

import msgspec
from river import anomaly, drift

from models.base import LARGEST_INPUT, Plain, Score, Status, is_usable, surprise_of_gaussian
from models.tail import SURPRISE_AT_LEVEL, Tail

Row: TypeAlias = tuple[float, ...]

WARMING_UP: Final = Score(Status.WARMING_UP)
REFUSED: Final = Score(Status.REFUSED)
UNCHANGED: Final = Score(Status.SCORED, surprise=0.0)

_SEED: Final = 20_240_229  # any number will do; it must only stay the same
_LOG_TAIL_FLOOR: Final = 0.0  # rarity of a half-space score is 1 at least
_LEAST_REMAINDER: Final = 1e-9  # a half-space score of exactly 1 is a rarity of 1e9, not infinite


# What we use of river, which leaves most of it without annotations.
class _Adwin(Protocol):
    @property
    def drift_detected(self) -> bool: ...
    def update(self, x: float, /) -> object: ...


class _GaussianScorer(Protocol):
    @property
    def gaussian(self) -> Any: ...
    def learn_one(self, x: None, y: float, /) -> object: ...


class _HalfSpaceTrees(Protocol):
    def learn_one(self, x: dict[int, float], /) -> object: ...
    def score_one(self, x: dict[int, float], /) -> float: ...


_new_adwin: Callable[..., _Adwin] = drift.ADWIN
_new_gaussian_scorer: Callable[..., _GaussianScorer] = anomaly.GaussianScorer
_new_half_space_trees: Callable[..., _HalfSpaceTrees] = anomaly.HalfSpaceTrees

ModelT = TypeVar("ModelT")


class Replayed(Generic[ModelT]):
    """A river model with the rows that made it, never more than twice `window` of them.

    `rows`: the inputs that made `model`, oldest first, numbers in input units. `tail`: of the scores given, used where
    the model's own score is no probability.
    """

    __slots__ = ("_feed", "_new", "_window", "model", "rows", "tail")

    def __init__(self, new: Callable[[], ModelT], feed: Callable[[ModelT, Row], object], window: int) -> None:
        self._new = new
        self._feed = feed
        self._window = window
        self.tail = Tail()
        self.rebuild([])

    def feed(self, row: Row) -> None:
        """Let the model learn one more row, after making room for it."""
        if len(self.rows) >= 2 * self._window:
            self.rebuild(self.rows[-self._window :])
        self.rows.append(row)
        self._feed(self.model, row)

    def rebuild(self, rows: list[Row]) -> None:
        """Make the model anew, of these rows only."""
        self.rows = rows
        self.model = self._new()
        for row in rows:
            self._feed(self.model, row)

    def to_plain(self) -> Plain:
        rows: list[Plain] = [list(row) for row in self.rows]
        return [rows, self.tail.to_plain()]

    def loaded(self, plain: Plain) -> Replayed[ModelT]:
        """Take over the state that gave `plain`, and return self; raise `msgspec.ValidationError` on anything else."""
        rows, tail = msgspec.convert(plain, tuple[list[Row], Any])
        if len(rows) > 2 * self._window:
            raise msgspec.ValidationError(f"{len(rows)} rows are more than two windows of {self._window}")
        self.tail = Tail.from_plain(tail)
        self.rebuild(rows)
        return self


@dataclass(frozen=True, slots=True)
class AdwinSwitch:
    """Say that the mean of a stream has changed for good, so that a model on it should learn anew.

    The answer is about what was learnt, not about the input at hand, which ADWIN can only judge as part of a window: the
    score turns into an alarm once, right after the input that completed the evidence was learnt, with -log10 of
    `significance` as its surprise, and is 0 otherwise.

    Good for: ending endless alerts after a lasting change. Blind to: changes slower than its buffer, changes of spread
    alone; looks only every 32 inputs. Never the alarm itself: our sums are 1.2 to 9 times faster at equal false alarms.
    Cost: 1-2 us; the buffer. Source: Bifet and Gavaldà, SIAM Data Mining 2007, as in river.
    """

    significance: float = 0.002
    window: int = 256
    least: int = 32

    def fresh(self) -> Replayed[_Adwin]:
        return Replayed(
            lambda: _new_adwin(delta=self.significance), lambda model, row: model.update(row[0]), self.window
        )

    def restore(self, plain: Plain) -> Replayed[_Adwin]:
        return self.fresh().loaded(plain)

    def score(self, state: Replayed[_Adwin], x: float, /) -> Score:
        if not is_usable(x):
            return REFUSED
        if state.model.drift_detected:
            return Score(Status.SCORED, -math.log10(self.significance), alarm=True)
        return UNCHANGED if len(state.rows) >= self.least else WARMING_UP

    def learn(self, state: Replayed[_Adwin], x: float, /) -> None:
        if not is_usable(x):
            return
        if state.model.drift_detected:  # what river does itself; this way the buffer forgets the old normal too
            state.rebuild([])
        state.feed((float(x),))


@dataclass(frozen=True, slots=True)
class GaussianModel:
    """Compare a number with the mean and deviation of those before it: the baseline that others have to beat.

    Mean and deviation are river's; its score is not used, because it saturates at exactly 1 from 8.3 deviations on and
    answers 0 while warming up. `scale_floor`: the smallest deviation to believe in, input units, above zero.

    Good for: light tails, comparisons. Blind to: everything, for a while, after one huge outlier; its probabilities ran
    5.5 times over budget on real flow. Cost: 3-4 us; the buffer. Source: Welford 1962, as in river.
    """

    scale_floor: float
    alarm_surprise: float = 4.0
    window: int = 256
    least: int = 30

    def __post_init__(self) -> None:
        _require_scale(self.scale_floor)

    def fresh(self) -> Replayed[_GaussianScorer]:
        return Replayed(_new_gaussian_scorer, lambda model, row: model.learn_one(None, row[0]), self.window)

    def restore(self, plain: Plain) -> Replayed[_GaussianScorer]:
        return self.fresh().loaded(plain)

    def score(self, state: Replayed[_GaussianScorer], x: float, /) -> Score:
        if not is_usable(x):
            return REFUSED
        if len(state.rows) < self.least:
            return WARMING_UP
        usual = state.model.gaussian
        surprise = surprise_of_gaussian((x - usual.mu) / max(self.scale_floor, usual.sigma))
        return Score(Status.SCORED, surprise, surprise >= self.alarm_surprise)

    def learn(self, state: Replayed[_GaussianScorer], x: float, /) -> None:
        if is_usable(x):
            state.feed((float(x),))


@dataclass(frozen=True, slots=True)
class HalfSpaceModel:
    """Judge a row of a few numbers by how empty its neighbourhood has been.

    `scales`: the usual size of each number, input units, above zero; each is squeezed into 0 to 1 by it, 0 in the middle.
    The tree score becomes a probability by our own tail. `window`: rows to fill the trees, and their memory.

    Good for: odd combinations of usual numbers, one pooled row per asset at a low rate. Blind to: anomalies that come in
    groups. Never one per client. Cost: 0.1 ms and more, a rebuild of tens of ms once in `window` rows; hundreds of kB
    live. Source: Tan, Ting and Liu, IJCAI 2011, as in river.
    """

    scales: tuple[float, ...]
    alarm_surprise: float = 4.0
    window: int = 250
    trees: int = 10
    height: int = 6
    least_tail: int = 100

    def __post_init__(self) -> None:
        if not self.alarm_surprise > SURPRISE_AT_LEVEL:
            raise ValueError(f"alarm_surprise must be above {SURPRISE_AT_LEVEL:.3f}, not {self.alarm_surprise}")
        for scale in self.scales:
            _require_scale(scale)

    def fresh(self) -> Replayed[_HalfSpaceTrees]:
        return Replayed(self._new, lambda model, row: model.learn_one(self._squeezed(row)), self.window)

    def restore(self, plain: Plain) -> Replayed[_HalfSpaceTrees]:
        return self.fresh().loaded(plain)

    def score(self, state: Replayed[_HalfSpaceTrees], x: Row, /) -> Score:
        if not self._is_usable(x):
            return REFUSED
        if len(state.rows) < self.window or state.tail.seen < self.least_tail:
            return WARMING_UP
        surprise = state.tail.surprise(self._rarity(state, x))
        return Score(Status.SCORED, surprise, surprise >= self.alarm_surprise)

    def learn(self, state: Replayed[_HalfSpaceTrees], x: Row, /) -> None:
        if not self._is_usable(x):
            return
        if len(state.rows) >= self.window:
            state.tail.learn(self._rarity(state, x), _LOG_TAIL_FLOOR)
        state.feed(tuple(float(value) for value in x))

    def _is_usable(self, x: Row) -> bool:
        return len(x) == len(self.scales) and all(is_usable(value) for value in x)

    def _new(self) -> _HalfSpaceTrees:
        return _new_half_space_trees(n_trees=self.trees, height=self.height, window_size=self.window, seed=_SEED)

    def _squeezed(self, row: Row) -> dict[int, float]:
        """Return the row as river takes it: by feature number, each in 0 to 1."""
        ratios = [value / scale for value, scale in zip(row, self.scales, strict=True)]
        return {feature: 0.5 + 0.5 * ratio / (1.0 + abs(ratio)) for feature, ratio in enumerate(ratios)}

    def _rarity(self, state: Replayed[_HalfSpaceTrees], x: Row) -> float:
        """Return one over the share of mass around `x`, 1 or more: the emptier, the rarer."""
        return 1.0 / max(1.0 - state.model.score_one(self._squeezed(x)), _LEAST_REMAINDER)


def _require_scale(scale: float) -> None:
    if not 1.0 / LARGEST_INPUT <= scale <= LARGEST_INPUT:
        raise ValueError(f"a scale must be above zero, not {scale}")
