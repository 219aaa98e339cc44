"""Turn scores into probabilities by what scores of all keys did before: a streaming generalised Pareto tail.

Pooled on purpose: eight movements of one client say nothing about one in ten thousand, those of all clients do.

Good for: any score of 0 or more, from Gaussian tails to tails without a variance; the ranking stays that of the score.
On steady streams once in a thousand comes true 0.8 to 1 times in a thousand for t2 to t5 tails, half as often for
exponential and hardly ever for Gaussian ones: the probability errs on the large side.
Blind to: which key a score came from; the lower 80 % of scores, which are placed between 1 and 0.2 by a straight line
only, so no threshold may lie there; a far second kind of score rarer than the tail's memory of 2,000 scores.
Cost: O(1), four numbers; below 1 us to ask and to learn.
Source: Dekkers, Einmahl and de Haan, Annals of Statistics 17 (1989), the moment estimator. It is Hill's with one moment
more: Hill alone (1975) called a score eight deviations out, among Gaussian ones, 1 in 600. The level follows Robbins and
Monro (1951); a share below 20 % could not rank what a budget of a few alerts a day asks for.
"""

from __future__ import annotations

import math
from typing import Annotated, Final

import msgspec

from models.base import LARGEST_SURPRISE, Plain

TAIL_SHARE: Final = 0.2
"""The share of scores that the tail describes."""

SURPRISE_AT_LEVEL: Final = -math.log10(TAIL_SHARE)
"""0.699: thresholds must lie above it."""

_LN_10: Final = math.log(10.0)
_LEVEL_RATE: Final = 0.004  # nats a score may move the level, once warm
_LEVEL_YOUNG: Final = 2.0  # the same, times the number of scores, before: 1 / density of log abs Gaussian at its level
_MOMENT_RATE: Final = 0.005  # weight of one exceedance in the moments, once warm: the shape is then known to +-0.05
_PRIOR_MEAN: Final = 0.3  # before anything is seen: a Pareto tail of this shape
_PRIOR_COUNT: Final = 20.0  # exceedances that the prior is worth
_LEAST_MEAN: Final = 0.05  # exceedances that all tie teach no smaller a tail than this
_SHAPE_RANGE: Final = (0.02, 2.0)  # below: a finite end, beyond which surprise would be infinite; above: no alarm ever
_LARGEST_RATIO: Final = 0.8  # of squared mean to mean square: that of scores spread evenly up to a finite end
_CLIP: Final = 6.0  # one exceedance teaches no more than this many means
# What the clip takes from the first and second moment of a true Pareto tail.
_MEAN_CORRECTION: Final = 1.0 / (1.0 - math.exp(-_CLIP))
_SQUARE_CORRECTION: Final = 1.0 / (1.0 - (1.0 + _CLIP) * math.exp(-_CLIP))


class _PlainTail(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The plain form of a tail."""

    seen: Annotated[int, msgspec.Meta(ge=0)]
    log_level: float
    mean: Annotated[float, msgspec.Meta(gt=0.0)]
    square: Annotated[float, msgspec.Meta(gt=0.0)]


class Tail:
    """The upper fifth of a stream of scores.

    `seen`: scores learnt. `log_level`: natural logarithm of the score that one in five exceeds. `mean`, `square`: first
    and second moment of ln(score / level) above it.
    """

    __slots__ = ("log_level", "mean", "seen", "square")

    def __init__(self, log_level: float = 0.0) -> None:
        self.seen = 0
        self.log_level = log_level
        self.mean = _PRIOR_MEAN
        self.square = 2.0 * _PRIOR_MEAN**2

    def shape_and_scale(self) -> tuple[float, float]:
        """Return shape (0.02 almost exponential, 0.5 without variance, 1 without mean) and scale over the level."""
        end = 1.0 - 0.5 / (1.0 - min(self.mean * self.mean / self.square, _LARGEST_RATIO))
        lowest, highest = _SHAPE_RANGE
        return min(max(self.mean + end, lowest), highest), max(self.mean, _LEAST_MEAN) * (1.0 - min(end, 0.0))

    def surprise(self, score: float) -> float:
        """Return -log10 of the chance of a score of at least `score` (finite, 0 or more)."""
        if score <= 0.0:
            return 0.0
        over_level = math.exp(math.log(score) - self.log_level)
        if over_level <= 1.0:
            return -math.log10(1.0 - (1.0 - TAIL_SHARE) * over_level)
        shape, scale = self.shape_and_scale()
        return min(
            SURPRISE_AT_LEVEL + math.log1p(shape * (over_level - 1.0) / scale) / (shape * _LN_10), LARGEST_SURPRISE
        )

    def learn(self, score: float, log_floor: float) -> None:
        """Learn one score, after it was judged; the level stays at `log_floor` (natural logarithm) or above.

        The floor keeps a stream of ties at zero from making the smallest other score a miracle.
        """
        excess = math.log(score) - self.log_level if score > 0.0 else -1.0
        if excess > 0.0:
            self._learn_excess(excess)
        self.seen += 1
        step = max(_LEVEL_RATE, _LEVEL_YOUNG / self.seen)
        self.log_level = max(log_floor, self.log_level + step * ((excess > 0.0) - TAIL_SHARE))

    def _learn_excess(self, excess: float) -> None:
        rate = max(_MOMENT_RATE, 1.0 / (_PRIOR_COUNT + 1.0 + TAIL_SHARE * self.seen))
        taught = min(excess, _CLIP * self.mean)
        self.mean += rate * (_MEAN_CORRECTION * taught - self.mean)
        self.square += rate * (_SQUARE_CORRECTION * taught * taught - self.square)

    def to_plain(self) -> Plain:
        return [self.seen, self.log_level, self.mean, self.square]

    @classmethod
    def from_plain(cls, plain: Plain) -> Tail:
        """Return the tail that gave `plain`; raise `msgspec.ValidationError` on anything else."""
        known = msgspec.convert(plain, _PlainTail)
        tail = cls(known.log_level)
        tail.seen, tail.mean, tail.square = known.seen, known.mean, known.square
        return tail
