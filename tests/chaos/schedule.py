"""What happens to a run, and in which order: a function of the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from streams.engine.crashpoints import POINTS

# How often each happens beside the chains of kills at named points.
OTHERS = {
    "kill": 5, "term": 3, "rolling restart": 1, "zombie": 3, "third worker": 2, "broker kill": 1, "broker pause": 2,
    "storm": 1, "slow": 2, "cut": 2, "cut off": 3, "lost answers": 3, "produce errors": 2, "commit errors": 2,
    "transaction errors": 2, "refused records": 1, "clock step": 2,
}  # fmt: skip
BY_PROXY = frozenset((
    "slow", "cut", "cut off", "lost answers", "produce errors", "commit errors", "transaction errors",
))  # fmt: skip
NAMED_SHARE = 0.4  # of the entries; each of these is a chain of several faults
CHAIN = (4, 8)
ONCE = ("open.fenced", "open.read", "open.restored", "revoke")  # others: up to four times before it kills


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, or a chain of kills at the points in `arms`; and numbers to choose by, from 0 to 1."""

    kind: str
    arms: tuple[str, ...] = ()
    which: float = 0.0
    length: float = 0.0
    pause: float = 0.0

    @property
    def weight(self) -> int:
        """How many faults it counts for."""
        return max(1, len(self.arms))


def schedule(
    seed: int, faults: int, kinds: frozenset[str] = frozenset(OTHERS), named_share: float = NAMED_SHARE
) -> list[Fault]:
    """Return the faults of a run in their order, of these kinds; every point is named before one is named twice."""
    rng = Random(f"{seed}:faults")
    points = _points(rng)
    chances = {kind: weight for kind, weight in OTHERS.items() if kind in kinds}
    made: list[Fault] = []
    while (left := faults - sum(fault.weight for fault in made)) > 0:
        numbers = (rng.random(), rng.random(), rng.random())
        if named_share and (not made or rng.random() < named_share):
            arms = tuple(next(points) for _ in range(min(left, rng.randint(*CHAIN))))
            made.append(Fault("named", arms, *numbers))
        else:
            made.append(Fault(rng.choices(list(chances), list(chances.values()))[0], (), *numbers))
    return made


def _points(rng: Random) -> Iterator[str]:
    while True:
        for name in rng.sample(POINTS, len(POINTS)):
            times = 1 if name in ONCE else rng.randint(1, 4)
            yield f"{name}:{times}:{rng.choice((0, 0.05, 0.3))}"
