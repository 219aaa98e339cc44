"""A million rows put back: the engine's keeper against a bare loop that reads the state topic and decodes each row.

Both are processes of their own, in turns. The rows are the light core's, written by the engine in many checkpoints.
"""

from __future__ import annotations

import time
from itertools import count
from random import Random
from statistics import median

import msgspec

from streams.engine.checkpoints import CheckpointWriter, Head
from streams.engine.keeper import transactional_id
from streams.engine.settings import EngineSettings
from tests.bench.engine.contest import Contestant, Tried, own_python, run, table
from tests.bench.engine.core import USUAL_MEAN, USUAL_VARIANCE, Row
from tests.bench.engine.fill import Filler
from tests.bench.engine.result import Task

PREFIX = "recovery-"
TARGET = 2.0
ROWS = 1_000_000
CHECKPOINT_ROWS = 50_000
SEED = 41
CONTESTANTS = (
    Contestant("driftline", "on_recovery", "Driftline: the shard opened"),
    Contestant("bare", "on_recovery", "bare loop: read and decoded", option="bare"),
)
_encode = msgspec.json.Encoder().encode


def write(settings: EngineSettings, rows: int) -> None:
    """Write a state of so many rows, in checkpoints of a log that holds nothing else."""
    filler = Filler(settings)
    filler.log(settings, [], {})
    writer = CheckpointWriter(settings.broker, settings.state_topic, 0, transactional_id(settings, 0))
    writer.open()
    chance, numbers = Random(SEED), count()
    for _ in range(0, rows, CHECKPOINT_ROWS):
        writer.write(dict(_row(next(numbers), chance) for _ in range(CHECKPOINT_ROWS)), _head(settings))


def _row(number: int, chance: Random) -> tuple[str, bytes]:
    row = Row(chance.randrange(10**13), 1 + number % 9, USUAL_MEAN + chance.random(), USUAL_VARIANCE + chance.random())
    return f'["client-{number:07d}"]', _encode(row)


def _head(settings: EngineSettings) -> Head:
    return Head(
        position=1, state_version=1, inputs=0, outputs=0, input_hash=0, output_hash=0, log_begins=0,
        clock=settings.clock, written_us=time.time_ns() // 1_000,
    )  # fmt: skip


def measure(broker: str, rounds: int, rows: int = ROWS) -> list[Tried]:
    """Run both in turns over one state, and return what they said: `events` are rows."""
    settings = EngineSettings(broker=broker, topic_prefix=PREFIX, group_id=f"{PREFIX}group")
    write(settings, rows)
    tried = [Tried(one) for one in CONTESTANTS]
    for _ in range(rounds):
        for one in tried:
            task = Task(
                broker=broker, source=PREFIX, outputs="", events=rows, folder="", group=settings.group_id,
                option=one.contestant.option,
            )  # fmt: skip
            one.results.append(run(one.contestant, task, own_python()))
    Filler(settings).drop(PREFIX)
    return tried


def report(tried: list[Tried]) -> str:
    """Return the figures, and the ratio of the times beside the target."""
    ours, bare = tried
    ratios = [mine.seconds / other.seconds for mine, other in zip(ours.results, bare.results, strict=True)]
    used = [
        mine.processor_seconds / other.processor_seconds for mine, other in zip(ours.results, bare.results, strict=True)
    ]
    ratio = median(ratios)
    wrong = {result.units for one in tried for result in one.results}
    lines = [f"Recovery of {ours.results[0].events:,} rows (rows/s)", table(tried)]
    if len(wrong) > 1:
        lines.append(f"  WRONG: the sums of the balances differ: {sorted(wrong)}")
    lines.append(f"  seconds: {_listed(ours)}; bare {_listed(bare)}; processor time over bare {median(used):.2f}")
    verdict = "met" if ratio <= TARGET else "NOT met"
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    lines.append(f"  time over bare {ratio:.2f} {spread}  target at most {TARGET:g}: {verdict}")
    return "\n".join(lines)


def _listed(tried: Tried) -> str:
    return ", ".join(f"{result.seconds:.1f}" for result in tried.results)


def main(broker: str, rounds: int) -> str:
    """Return the figures of so many rounds."""
    return report(measure(broker, rounds))
