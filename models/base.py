"""What every model answers and how it is asked: score first, then learn; "not known yet" is an answer, zero is not.

A detector holds settings only and may be shared. What it has learnt sits in a state, which the caller keeps with the
position, client or asset that it belongs to. The state turns into plain data and back without the loss of a bit, so a
replay from any point gives the alerts of the live run.
"""

from __future__ import annotations

import enum
import math
from typing import Final, Protocol, TypeAlias, TypeVar

import msgspec

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None
"""What a state turns into: JSON values, finite numbers only."""

LARGEST_INPUT: Final = 1e100
"""Inputs beyond this size are refused like infinity: no holding has 100 digits, and squares must stay finite."""

LARGEST_SURPRISE: Final = 300.0
"""Surprise stops here, so that its probability (1e-300) is still above zero as a float."""

EMITTED_PLACES: Final = 6
"""Decimal places of a surprise that leaves the program."""


class Status(enum.Enum):
    """What a score is worth."""

    WARMING_UP = "warming_up"
    """Too little has been seen to judge; the input is still learnt."""
    SCORED = "scored"
    REFUSED = "refused"
    """The input is not a usable number (NaN, infinite, absurdly large); nothing is learnt from it."""


class Score(msgspec.Struct, frozen=True, gc=False):
    """How unusual an input is, given all that was learnt before it.

    `surprise` is -log10 of `p_value`, 0 to LARGEST_SURPRISE: 3 is once in a thousand. Both are None unless the status is
    SCORED. `alarm` says that the model's own threshold is reached, and is never true before that.
    """

    status: Status
    surprise: float | None = None
    alarm: bool = False

    @property
    def p_value(self) -> float | None:
        """The share of usual inputs that look at least as unusual, in (0, 1]."""
        return None if self.surprise is None else float(10.0**-self.surprise)


class State(Protocol):
    """What a model has learnt. Changed by `Detector.learn` only."""

    def to_plain(self) -> Plain:
        """Return all of the state as JSON values that share nothing with it."""
        ...


StateT = TypeVar("StateT", bound=State)
InputT_contra = TypeVar("InputT_contra", contravariant=True)
ScoreT = TypeVar("ScoreT", bound=Score)


class Detector(Protocol[StateT, InputT_contra]):
    """A model, without what it has learnt: settings and verbs."""

    def fresh(self) -> StateT:
        """Return the state of a model that has seen nothing."""
        ...

    def restore(self, plain: Plain) -> StateT:
        """Return the state that gave `plain`; raise `msgspec.ValidationError` if it is not one of this model's."""
        ...

    def score(self, state: StateT, x: InputT_contra, /) -> Score:
        """Judge `x` by what was learnt before it, changing nothing."""
        ...

    def learn(self, state: StateT, x: InputT_contra, /) -> None:
        """Learn `x`, after it was scored; an input that is refused changes nothing."""
        ...


def is_usable(x: float) -> bool:
    """Say whether a model may see `x`: finite and within LARGEST_INPUT either side of zero.

    >>> [is_usable(x) for x in (0.0, -3, float("nan"), float("inf"), 10**400)]
    [True, True, False, False, False]
    """
    return -LARGEST_INPUT <= x <= LARGEST_INPUT


def emitted(score: ScoreT) -> ScoreT:
    """Return the score as it leaves the program: its surprise, and with it its probability, rounded.

    >>> emitted(Score(Status.SCORED, 1.23456789)).surprise
    1.234568
    """
    if score.surprise is None:
        return score
    return msgspec.structs.replace(score, surprise=round(score.surprise, EMITTED_PLACES))


def surprise_of_gaussian(z: float) -> float:
    """Return -log10 of the chance that a Gaussian is at least `z` deviations from its mean, either side.

    Beyond 25 deviations `erfc` nears underflow and two terms of its asymptotic series take over (relative error of the
    probability under 1e-5). Source: Abramowitz and Stegun, 7.1.23.

    >>> round(surprise_of_gaussian(-3.0), 3), round(surprise_of_gaussian(30.0), 1)
    (2.569, 197.0)
    """
    size = abs(z)
    if size <= 25.0:
        return -math.log10(math.erfc(size / math.sqrt(2.0))) + 0.0
    size = min(size, 100.0)  # far beyond the largest surprise already
    log_tail = -size * size / 2.0 - math.log(size * math.sqrt(math.pi / 2.0)) + math.log1p(-1.0 / (size * size))
    return min(-log_tail / math.log(10.0), LARGEST_SURPRISE)
