"""One thing, done many times under load: clean restarts, frozen holders that wake up, and failovers by the clock.

``python -m tests.chaos.trials restarts|zombies|failover`` prints a table and what the checker says (exit 1: not as it
must be). A restart is a SIGTERM under load. A zombie is a worker that is frozen beyond its session, half of the time at
a named point, and woken when others have its shards. A failover is a kill -9, timed to the next checkpoint of every shard.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.chaos.run import BROKER_PROPERTIES
from tests.chaos.verdict import Verdict
from tests.kafka.broker import KafkaBroker

STATIC_SECONDS_MAX = 5.0
TAKEOVER_SECONDS_MAX = 3.0  # beyond the session


@dataclass
class Measure:
    """Something that was timed, in seconds; none of it may be more than `limit`, where there is one."""

    name: str
    seconds: list[float] = field(default_factory=list)
    limit: float | None = None

    @property
    def is_good(self) -> bool:
        return self.limit is None or max(self.seconds, default=float("inf")) <= self.limit

    def line(self) -> str:
        """Return a row of the table."""
        if not self.seconds:
            return f"{self.name:<44}{0:>6}       -       -       -"
        found = (min(self.seconds), median(self.seconds), max(self.seconds))
        limit = "" if self.limit is None else f"{self.limit:8.1f}  {'ok' if self.is_good else 'TOO SLOW'}"
        return f"{self.name:<44}{len(self.seconds):>6}" + "".join(f"{one:8.2f}" for one in found) + limit


@dataclass
class Trial:
    """What came of so many times: what was timed, what was counted, what must not be, and the checker's verdict."""

    measures: list[Measure] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def is_good(self) -> bool:
        return not self.wrong and self.verdict.is_exact and all(measure.is_good for measure in self.measures)

    def __str__(self) -> str:
        head = f"{'seconds':<44}{'times':>6}{'min':>8}{'median':>8}{'max':>8}{'limit':>8}"
        lines = [head, *(measure.line() for measure in self.measures)]
        lines += [f"{name:<44}{number:>6}" for name, number in self.counts.items()]
        lines += [f"  {sentence}" for sentence in self.wrong]
        return "\n".join((*lines, str(self.verdict), "GOOD" if self.is_good else "BAD"))


@dataclass(frozen=True)
class Asked:
    """What is to be tried, and on what."""

    broker: KafkaBroker
    folder: Path
    times: int
    shards: int = 2
    workers: int = 2
    keys: int = 0  # accounts of each shard
    session_seconds: float = 2.0
    per_second: float = 150.0
    prefix: str = "trial."
    say: Callable[[str], object] = lambda _: None


def main() -> int:
    """Try what is asked for, and print the table."""
    from tests.chaos.trial_runs import KINDS

    parser = argparse.ArgumentParser(prog="python -m tests.chaos.trials", description=__doc__)
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("--times", type=int)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keys", type=int, help="accounts that each shard remembers")
    parser.add_argument("--session", type=float, help="the session timeout in seconds")
    parser.add_argument("--per-second", type=float, default=150.0)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    kind = KINDS[given.kind]
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        with KafkaBroker(folder / "broker", BROKER_PROPERTIES) as broker:
            trial = kind.run(
                Asked(
                    broker, folder / "workers", given.times or kind.times, given.shards, given.workers,
                    kind.keys if given.keys is None else given.keys, given.session or kind.session_seconds,
                    given.per_second, say=lambda text: print(text, file=sys.stderr, flush=True),
                )
            )  # fmt: skip
        print(trial)
    return 0 if trial.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
