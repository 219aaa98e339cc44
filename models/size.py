"""Know the usual size of a client's movements in an asset by an operation, and say how far one movement is from it.

Sizes are compared as log10 of the amount, so "ten times too much" is the same distance for every client and asset. A
young client is judged by the law of all clients for that asset and operation, and by its own habits as they appear.

Good for: a misplaced decimal point, the wrong asset, a client who suddenly moves a hundred times as much; both ways.
Blind to: an amount that is wrong but usual; many usual amounts (velocity owns those); a client whose own amounts spread
over decades. It finds three in eight tenfold errors at one alert a day: amounts alone cannot do better on real flow.
Cost: O(1), three dict look-ups; 2-3 us to score and as much to learn. A client, asset and operation is three numbers.
Source: exponentially weighted location and scale with Huber's clipped influence (Huber 1964); shrinkage by pseudo-counts
as in an empirical Bayes mean; the tail is `models.tail`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from models.base import Plain, Score, Status, is_usable
from models.tail import SURPRISE_AT_LEVEL, Tail

RowKey: TypeAlias = tuple[str, ...]
"""(client, asset, operation), (asset, operation) for the law of all clients, or ("tail",): which row of the state."""

TAIL_KEY: Final[RowKey] = ("tail",)

SPREAD_FLOOR_LOG10: Final = 0.05
"""The smallest deviation to believe in, log10: 12 %. After years of one same amount, 10 % more is then one deviation
away, and ten times as much is twenty: surprising, and still less so than a hundred times."""

_MEAN_ABS_TO_SD: Final = math.sqrt(math.pi / 2.0)
_FIRST_SPREAD_LOG10: Final = 0.5  # mean absolute deviation of a law that has seen nothing: a factor of three either way
_PRIOR_COUNT: Final = 4.0  # movements that the law is worth in the judgement of a young client
_CLIENT_RATE: Final = 0.02  # weight of one movement in a client's habits, once they are known
_LAW_RATE: Final = 0.005
_CLIP_SD: Final = 2.5  # one movement teaches no more than this distance, so nobody walks a habit away quickly
_LOG_TAIL_FLOOR: Final = math.log(0.5)  # the tail never starts below half a deviation
_LOG_TAIL_START: Final = math.log(1.28)  # where it starts for a Gaussian, before anything is seen


class SizeScore(Score, frozen=True, gc=False):
    """A score with what the alert will say.

    `usual_log10`: log10 of the usual amount. `spread_log10`: robust deviation around it, above zero. `deviations`: how
    many of those the amount is away, positive for larger than usual.
    """

    usual_log10: float = 0.0
    spread_log10: float = 0.0
    deviations: float = 0.0


WARMING_UP: Final = SizeScore(Status.WARMING_UP)
REFUSED: Final = SizeScore(Status.REFUSED)


class _PlainHabit(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """The plain form of a habit."""

    seen: Annotated[int, msgspec.Meta(ge=0)]
    location: float
    spread: Annotated[float, msgspec.Meta(ge=0.0)]


class Habit:
    """Robust location and mean absolute deviation of log10 amounts, of one client or (as a law) of all.

    `seen`: movements learnt. `location`, `spread`: log10 units.
    """

    __slots__ = ("location", "seen", "spread")

    def __init__(self, seen: int, location: float, spread: float) -> None:
        self.seen = seen
        self.location = location
        self.spread = spread

    def learn(self, x: float, around: float, sd: float, slowest_rate: float) -> None:
        """Move towards `x`, by no more than a clipped step; `around` and `sd` are what was expected of it."""
        self.seen += 1
        # Comparisons, not min and max: this runs twice for every movement, and calls would be half of its cost.
        reach = _CLIP_SD * sd
        step, taught = x - self.location, abs(x - around)
        if not -reach <= step <= reach:
            step = math.copysign(reach, step)
        if taught > reach:
            taught = reach
        rate, spread_rate = 1.0 / self.seen, 1.0 / (self.seen + _PRIOR_COUNT)
        self.location += (max(slowest_rate, rate)) * step
        self.spread += (max(slowest_rate, spread_rate)) * (taught - self.spread)

    def to_plain(self) -> Plain:
        return [self.seen, self.location, self.spread]

    @classmethod
    def from_plain(cls, plain: Plain) -> Habit:
        """Return the habit that gave `plain`; raise `msgspec.ValidationError` on anything else."""
        known = msgspec.convert(plain, _PlainHabit)
        return cls(known.seen, known.location, known.spread)


class SizeModel:
    """The habits of every client, asset and operation, their laws, and one tail for all.

    `alarm_surprise`: -log10 of the probability at which a score is an alarm, above SURPRISE_AT_LEVEL. `least_client`,
    `least_law`, `least_tail`: movements (scored ones, for the tail) to be seen before a score is given; until then the
    score is WARMING_UP. Bounded by the number of its keys; `drop_row` forgets one.
    """

    __slots__ = ("_clients", "_laws", "_tail", "alarm_surprise", "least_client", "least_law", "least_tail")

    def __init__(
        self, alarm_surprise: float = 4.0, least_client: int = 5, least_law: int = 30, least_tail: int = 100
    ) -> None:
        if not alarm_surprise > SURPRISE_AT_LEVEL:
            raise ValueError(f"alarm_surprise must be above {SURPRISE_AT_LEVEL:.3f}, not {alarm_surprise}")
        self.alarm_surprise = alarm_surprise
        self.least_client = least_client
        self.least_law = least_law
        self.least_tail = least_tail
        self._clients: dict[RowKey, Habit] = {}
        self._laws: dict[RowKey, Habit] = {}
        self._tail = Tail(_LOG_TAIL_START)

    def score(self, client: str, asset: str, operation: str, log10_amount: float) -> SizeScore:
        """Judge the size of a movement by what was learnt before it; `log10_amount` is in log10 of major units."""
        if not is_usable(log10_amount):
            return REFUSED
        habit = self._clients.get((client, asset, operation))
        law = self._laws.get((asset, operation))
        if habit is None or law is None or not self._is_warm(habit, law):
            return WARMING_UP
        usual, spread = _expected(habit, law)
        return self._judged(usual, spread, (log10_amount - usual) / spread)

    def learn(self, client: str, asset: str, operation: str, log10_amount: float) -> tuple[RowKey, ...]:
        """Learn the size of a movement, after it was scored; return the keys of the rows that changed."""
        return self.observe(client, asset, operation, log10_amount)[1]

    def observe(
        self, client: str, asset: str, operation: str, log10_amount: float
    ) -> tuple[SizeScore, tuple[RowKey, ...]]:
        """Score, then learn, in one pass; return the score and the keys of the rows that changed."""
        if not is_usable(log10_amount):
            return REFUSED, ()
        client_key, law_key = (client, asset, operation), (asset, operation)
        law = self._laws.get(law_key)
        if law is None:
            law = self._laws[law_key] = Habit(0, float(log10_amount), _FIRST_SPREAD_LOG10)
        habit = self._clients.get(client_key)
        if habit is None:
            habit = self._clients[client_key] = Habit(0, law.location, law.spread)
        usual, spread = _expected(habit, law)
        is_warm = self._is_warm(habit, law)
        deviations = (log10_amount - usual) / spread
        score = self._judged(usual, spread, deviations) if is_warm else WARMING_UP
        habit.learn(log10_amount, usual, spread, _CLIENT_RATE)
        law.learn(log10_amount, law.location, _sd(law.spread), _LAW_RATE)
        if not is_warm:
            return score, (client_key, law_key)
        self._tail.learn(abs(log10_amount - usual) / spread, _LOG_TAIL_FLOOR)
        return score, (client_key, law_key, TAIL_KEY)

    def _judged(self, usual: float, spread: float, deviations: float) -> SizeScore:
        """Return the score of a warm habit, by the tail of all."""
        if self._tail.seen < self.least_tail:
            return WARMING_UP
        surprise = self._tail.surprise(abs(deviations))
        return SizeScore(Status.SCORED, surprise, surprise >= self.alarm_surprise, usual, spread, deviations)

    def rows(self) -> Iterator[tuple[RowKey, Plain]]:
        """Yield every row as its key and its plain form, in the order of the keys within each kind."""
        for table in (self._clients, self._laws):
            for key in sorted(table):
                yield key, table[key].to_plain()
        yield TAIL_KEY, self._tail.to_plain()

    def row(self, key: RowKey) -> Plain:
        """Return the plain form of one row; raise KeyError if there is none."""
        return self._tail.to_plain() if key == TAIL_KEY else self._table(key)[key].to_plain()

    def load_row(self, key: RowKey, plain: Plain) -> None:
        """Put a row back; raise `msgspec.ValidationError` if it is not one."""
        if key == TAIL_KEY:
            self._tail = Tail.from_plain(plain)
        elif len(key) in (2, 3):
            self._table(key)[key] = Habit.from_plain(plain)
        else:
            raise msgspec.ValidationError(f"no row has the key {key}")

    def drop_row(self, key: RowKey) -> None:
        """Forget a client's habit or a law, such as those idle beyond the horizon; an absent one is already forgotten."""
        self._table(key).pop(key, None)

    def to_plain(self) -> Plain:
        return [[list(key), plain] for key, plain in self.rows()]

    def _is_warm(self, habit: Habit, law: Habit) -> bool:
        return habit.seen >= self.least_client and law.seen >= self.least_law

    def _table(self, key: RowKey) -> dict[RowKey, Habit]:
        """Return the table that a key of a habit or law belongs to; raise KeyError for any other."""
        if len(key) == 3:
            return self._clients
        if len(key) == 2:
            return self._laws
        raise KeyError(key)


class SizeSample(msgspec.Struct, frozen=True, gc=False):
    """One movement as the model sees it; `log10_amount` in log10 of major units."""

    client: str
    asset: str
    operation: str
    log10_amount: float


@dataclass(frozen=True, slots=True)
class SizeDetector:
    """The size model behind the interface of all models (`models.base.Detector`); its fields are those of `SizeModel`."""

    alarm_surprise: float = 4.0
    least_client: int = 5
    least_law: int = 30
    least_tail: int = 100

    def fresh(self) -> SizeModel:
        return SizeModel(self.alarm_surprise, self.least_client, self.least_law, self.least_tail)

    def restore(self, plain: Plain) -> SizeModel:
        model = self.fresh()
        for key, row in msgspec.convert(plain, list[tuple[RowKey, Any]]):
            model.load_row(key, row)
        return model

    def score(self, state: SizeModel, x: SizeSample, /) -> SizeScore:
        return state.score(x.client, x.asset, x.operation, x.log10_amount)

    def learn(self, state: SizeModel, x: SizeSample, /) -> None:
        state.learn(x.client, x.asset, x.operation, x.log10_amount)


def _expected(habit: Habit, law: Habit) -> tuple[float, float]:
    """Return location and robust deviation (log10) for a client, nearer to the law the younger the client is."""
    weight = _PRIOR_COUNT / (_PRIOR_COUNT + habit.seen)
    location = habit.location + weight * (law.location - habit.location)
    return location, _sd(habit.spread + weight * (law.spread - habit.spread))


def _sd(spread: float) -> float:
    """Return the robust deviation for a mean absolute deviation, both log10, not below the floor."""
    sd = _MEAN_ABS_TO_SD * spread
    return max(SPREAD_FLOOR_LOG10, sd)
