"""Watch the change of drift at each snapshot for a leak: small amounts of one sign, where honest noise has no side.

Feed it what each balance snapshot adds to the unexplained drift, not the level of the drift: the sums are made here.

Good for: slow leaks, skimmed fees, a rounding that always falls the same way; it sees a leak of a quarter of the usual
noise within a few hundred snapshots, and heavy tails do not blind it.
Blind to: one large jump (clipped on purpose; the exact comparison of balances owns that), leaks far below
`scale_floor`, changes that follow each other with alternating sign. Residuals that depend on their predecessor raise
more false alarms than the budget says.
Cost: O(1), 12 sums; 0.2 us for a zero after zeros, 2-4 us otherwise. Under 1 kB plain.
Source: Page, Biometrika 41 (1954); Lorden 1971 and Moustakides 1986 (optimality; delay ~ ln(ARL0) / information).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from models.base import LARGEST_INPUT, LARGEST_SURPRISE, Plain, Score, Status

RUNG_SHIFTS_SD: Final = (0.05, 0.125, 0.25, 0.5, 1.0, 1.5)
"""The allowance k of each rung, in robust deviations per snapshot; a rung is the best test for a leak of 2k."""

MEAN_ABS_TO_SD: Final = math.sqrt(math.pi / 2.0)
"""1.2533: standard deviation over mean absolute deviation, for a Gaussian."""

_RUNGS: Final = len(RUNG_SHIFTS_SD)
# Log-likelihood ratio of a Gaussian of mean 2k to one of mean 0, at z: 2k z - 2k². Surplus side first, then deficit.
_GAINS: Final = tuple([2.0 * k for k in RUNG_SHIFTS_SD] + [-2.0 * k for k in RUNG_SHIFTS_SD])
_COSTS: Final = tuple([2.0 * k * k for k in RUNG_SHIFTS_SD] * 2)
_ZEROS: Final = (0.0,) * (2 * _RUNGS)  # a state without runs holds this very object, which is quick to see
_LN_10: Final = math.log(10.0)

_CLIP_LEARNT_SD: Final = 3.0  # what one snapshot may teach the scale; wider than the sums' clip, so it biases by 0.1 %
_KEPT_THRESHOLDS: Final = 2.0  # sums stop growing here, so that an ended leak is forgotten in bounded time


class CusumScore(Score, frozen=True, gc=False):
    """A score with what the alert will say.

    `p_value` is e to the -`statistic`: about how often per snapshot a clean stream would get there, not the chance at
    this one. `statistic`: the largest sum, in log-likelihood units, 0 or more. `side`: +1 surplus, -1 deficit, 0 neither.
    `shift_sd`: the leak per snapshot that fits best, in robust deviations, 0 or more. `started_index`: how many
    snapshots had been learnt when the run began, so it began with the next; the caller that keeps exact sums counts from
    there. `run_sum`: the unclipped sum of that run, this input included, signed, in input units; a float, but exact for
    whole numbers while sums stay below 2**53.
    """

    statistic: float = 0.0
    side: int = 0
    shift_sd: float = 0.0
    started_index: int = 0
    run_sum: float = 0.0


QUIET: Final = CusumScore(Status.SCORED, surprise=0.0)
WARMING_UP: Final = CusumScore(Status.WARMING_UP)
REFUSED: Final = CusumScore(Status.REFUSED)


class _PlainRun(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A sum above zero: index (surplus rungs, then deficit rungs), its size, where its run began, total before that."""

    index: Annotated[int, msgspec.Meta(ge=0, lt=2 * _RUNGS)]
    value: float
    started_index: int
    total_before: float


class _PlainState(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The plain form of a state."""

    seen: int
    mean_abs: float
    total: float
    warm_up: list[float]
    runs: list[_PlainRun]


class CusumState:
    """What is known of one account at one location (or one pool of them).

    `seen`: snapshots learnt. `mean_abs`: robust mean of the absolute input, input units. `total`: sum of inputs since
    all sums were last zero, input units, signed. `warm_up`: the absolute inputs seen while warming up. `sums`, `starts`,
    `totals`: for each of 12 rungs its sum, the `seen` at which its run began, and the total before it; the last two are
    empty while all sums are zero.
    """

    __slots__ = ("mean_abs", "seen", "starts", "sums", "total", "totals", "warm_up")

    def __init__(self) -> None:
        self.seen = 0
        self.mean_abs = 0.0
        self.total = 0.0
        self.warm_up: list[float] = []
        self.forget_runs()

    def forget_runs(self) -> None:
        """Start all sums anew, as the caller does when an incident is closed; the scale is kept."""
        self.total = 0.0
        self.sums: Sequence[float] = _ZEROS
        self.starts: list[int] = []
        self.totals: list[float] = []

    def to_plain(self) -> Plain:
        runs: list[Plain] = [
            [index, value, self.starts[index], self.totals[index]] for index, value in enumerate(self.sums) if value
        ]
        return [self.seen, self.mean_abs, self.total, list(self.warm_up), runs]

    @classmethod
    def from_plain(cls, plain: Plain) -> CusumState:
        """Return the state that gave `plain`; raise `msgspec.ValidationError` on anything else."""
        known = msgspec.convert(plain, _PlainState)
        state = cls()
        state.seen, state.mean_abs, state.total, state.warm_up = known.seen, known.mean_abs, known.total, known.warm_up
        if known.runs:
            sums, starts, totals = list(_ZEROS), [0] * len(_ZEROS), list(_ZEROS)
            for run in known.runs:
                sums[run.index], starts[run.index], totals[run.index] = run.value, run.started_index, run.total_before
            state.sums, state.starts, state.totals = sums, starts, totals
        return state


@dataclass(frozen=True, slots=True)
class Cusum:
    """The clipped two-sided multi-CUSUM: six rungs for six speeds of leak, each for surplus and deficit.

    `scale_floor`: the smallest robust deviation to believe in, input units, above zero; the asset's dust (the rounding
    step) is right, because clean residuals are mostly exactly zero. `arl0_events`: wanted snapshots between two false
    alarms of one state. `threshold`: overrides ln(arl0_events), which is exact for Gaussian noise without clipping, and
    safe but slow with it: simulation gives 7.6 for one in 10,000 at the default clip, Gaussian and t3 noise alike.
    `clip_sd`: what one snapshot may add, in robust deviations; it must stay above the largest k (1.5). `scale_rate`:
    weight of one snapshot in the scale, once it is warm. `alarm_at`: the threshold in force, log-likelihood units.
    """

    scale_floor: float
    arl0_events: float = 10_000.0
    threshold: float | None = None
    clip_sd: float = 2.0
    warm_up_events: int = 20
    scale_rate: float = 0.005
    alarm_at: float = field(init=False)

    def __post_init__(self) -> None:
        if not 1.0 / LARGEST_INPUT <= self.scale_floor <= LARGEST_INPUT:
            raise ValueError(f"scale_floor is the rounding step and above zero, not {self.scale_floor}")
        if not self.clip_sd > RUNG_SHIFTS_SD[-1]:
            raise ValueError(f"clip_sd must be above {RUNG_SHIFTS_SD[-1]}, not {self.clip_sd}")
        alarm_at = math.log(self.arl0_events) if self.threshold is None else self.threshold
        if not alarm_at > 0.0:
            raise ValueError(f"the threshold must be above zero, not {alarm_at}")
        object.__setattr__(self, "alarm_at", alarm_at)

    def fresh(self) -> CusumState:
        return CusumState()

    def restore(self, plain: Plain) -> CusumState:
        return CusumState.from_plain(plain)

    def scale_of(self, state: CusumState) -> float:
        """Return the robust standard deviation of the input, in input units, `scale_floor` at least."""
        return max(self.scale_floor, MEAN_ABS_TO_SD * state.mean_abs)

    def score(self, state: CusumState, x: float, /) -> CusumScore:
        """Judge what one snapshot adds to the unexplained drift (input units; positive: more is held than explained)."""
        if not -LARGEST_INPUT <= x <= LARGEST_INPUT:
            return REFUSED
        if state.seen < self.warm_up_events:
            return WARMING_UP
        if x == 0.0 and state.sums is _ZEROS:
            return QUIET
        sums = self._advanced(state, x, self.scale_of(state)) if x else _decayed(state.sums)
        return self._judged(state, x, sums)

    def learn(self, state: CusumState, x: float, /) -> None:
        self.observe(state, x)

    def observe(self, state: CusumState, x: float, /) -> CusumScore:
        """Score, then learn, in one pass: for the path that every snapshot takes."""
        if not -LARGEST_INPUT <= x <= LARGEST_INPUT:
            return REFUSED
        if state.seen < self.warm_up_events:
            _warm_up(state, x, self.warm_up_events)
            return WARMING_UP
        if x == 0.0:
            return self._observe_zero(state)
        scale = self.scale_of(state)
        sums = self._advanced(state, x, scale)
        score = self._judged(state, x, sums)
        _mark_starts(state)
        self._keep(state, x, sums, score.statistic)
        state.mean_abs += self.scale_rate * (min(abs(x), _CLIP_LEARNT_SD * scale) - state.mean_abs)
        return score

    def _observe_zero(self, state: CusumState) -> CusumScore:
        """Do what `observe` does, for the input that most snapshots give: no run begins, and the scale only shrinks."""
        score = QUIET
        if state.sums is not _ZEROS:
            sums = _decayed(state.sums)
            score = self._judged(state, 0.0, sums)
            self._keep(state, 0.0, sums, score.statistic)
        else:
            state.seen += 1
        state.mean_abs -= self.scale_rate * state.mean_abs
        return score

    def _advanced(self, state: CusumState, x: float, scale: float) -> list[float]:
        """Return the sums after `x`, none below zero."""
        z = x / scale
        if not -self.clip_sd <= z <= self.clip_sd:
            z = math.copysign(self.clip_sd, z)
        sums = list(_ZEROS)
        for rung, known in enumerate(state.sums):
            moved = known + _GAINS[rung] * z - _COSTS[rung]
            if moved > 0.0:
                sums[rung] = moved
        return sums

    def _judged(self, state: CusumState, x: float, sums: list[float]) -> CusumScore:
        """Return what the largest of `sums` says; the first of equals speaks."""
        statistic = max(sums)
        if statistic <= 0.0:
            return QUIET
        rung = sums.index(statistic)
        if state.sums[rung]:
            started_index, run_sum = state.starts[rung], state.total - state.totals[rung] + x
        else:
            started_index, run_sum = state.seen, float(x)
        surprise = min(statistic / _LN_10, LARGEST_SURPRISE)
        return CusumScore(
            Status.SCORED,
            surprise,
            statistic >= self.alarm_at,
            statistic,
            1 if rung < _RUNGS else -1,
            2.0 * RUNG_SHIFTS_SD[rung % _RUNGS],
            started_index,
            run_sum,
        )

    def _keep(self, state: CusumState, x: float, sums: list[float], top: float) -> None:
        """Store the sums after `x`, of which `top` is the largest."""
        largest_sum = _KEPT_THRESHOLDS * self.alarm_at
        state.seen += 1
        if top <= 0.0:
            state.forget_runs()
        else:
            state.sums = sums if top <= largest_sum else [min(value, largest_sum) for value in sums]
            state.total += x


def _decayed(sums: Sequence[float]) -> list[float]:
    """Return the sums after an input of zero, which is evidence for neither side."""
    return [known - cost if known > cost else 0.0 for known, cost in zip(sums, _COSTS, strict=False)]


def _mark_starts(state: CusumState) -> None:
    """Let every run that has not begun begin with the next input; it is overwritten for as long as its sum is zero."""
    if state.sums is _ZEROS:
        state.starts, state.totals = [state.seen] * len(_ZEROS), [state.total] * len(_ZEROS)
    elif 0.0 in state.sums:
        for rung, known in enumerate(state.sums):
            if not known:
                state.starts[rung], state.totals[rung] = state.seen, state.total


def _warm_up(state: CusumState, x: float, events: int) -> None:
    """Collect the first absolute inputs; with the last of them set the scale to their winsorised mean.

    A tenth of them, the largest, count no more than the next one, so that an early jump does not hide what follows.
    """
    state.seen += 1
    state.warm_up.append(float(abs(x)))
    if state.seen < events:
        return
    ordered = sorted(state.warm_up)
    limit = ordered[-1 - events // 10]
    state.mean_abs = math.fsum(min(value, limit) for value in ordered) / events
    state.warm_up = []
