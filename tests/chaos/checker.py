"""The verdict on a run, from the topics alone: the monitor serves as the reference machine, the engine is not asked.

Every input record is in the logs of its shards and in no other, unchanged, in order; each checkpoint of a shard is what
a fresh monitor over its whole log has at its position, row for row; the outputs are what those monitors say, each at
least once, nothing else, in the order of each shard; and no tick says that something is read which was not.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ledger.shards import ShardMap
from streams.engine.settings import EngineSettings
from streams.monitor import Monitor, Settings
from streams.record import OUTPUT_TOPICS, Record
from tests.chaos.inputs import Delivered, LogCheck, Place, read_inputs
from tests.chaos.outputs import Pair, check_outputs
from tests.chaos.reading import entry_of, read, stamped_us
from tests.chaos.reference import Reference
from tests.chaos.spool import kept, written
from tests.chaos.ticks import TickCheck
from tests.chaos.verdict import Verdict

AT_ONCE = 2  # shards that are checked side by side, each in a process of its own


@dataclass(frozen=True)
class Task:
    """One shard to be checked; `spool` is the folder where its checkpoints were kept, None: the topic has them all."""

    settings: EngineSettings
    monitor_settings: Settings
    shard: int
    inputs: dict[Place, Delivered]
    spool: Path | None = None
    stepped_us: int | None = None


def check(
    settings: EngineSettings,
    monitor_settings: Settings | None = None,
    spool: Path | None = None,
    stepped_us: int | None = None,
) -> Verdict:
    """Read the topics of a run that has come to rest and return the verdict; `stepped_us` is when a clock was first stepped."""
    in_force = monitor_settings or Settings()
    inputs = read_inputs(settings, ShardMap(in_force.shards))
    verdict = Verdict(figures={"inputs": sum(len(one.digests) for one in inputs.values())})
    said: list[dict[str, list[Pair]]] = []
    tasks = [Task(settings, in_force, shard, inputs, spool, stepped_us) for shard in range(settings.shards)]
    for found, spoken in _checked(tasks):
        verdict.add(found)
        said.append(spoken)
    for topic in OUTPUT_TOPICS:
        found_pairs = (
            (message.key() or b"", message.value() or b"")
            for message in read(settings.broker, settings.topic(topic), 0)
        )
        check_outputs(verdict, topic, [spoken[topic] for spoken in said], found_pairs)
    return verdict


def _checked(tasks: list[Task]) -> Iterator[tuple[Verdict, dict[str, list[Pair]]]]:
    if len(tasks) == 1:
        yield check_shard(tasks[0])
        return
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        yield from pool.map(check_shard, tasks)


def check_shard(task: Task) -> tuple[Verdict, dict[str, list[Pair]]]:
    """Check log and state of one shard; return what was found, and what its machine says by topic."""
    settings, shard = task.settings, task.shard
    verdict = Verdict(figures={"log": 0, "repeated": 0})
    log_check = LogCheck(verdict, task.inputs, shard)
    # Under the clock of events a tick says how far the order of observation has come, of inputs that may be long past.
    ticks = TickCheck(verdict, task.inputs, shard, task.stepped_us if settings.clock == "ticks" else 0)
    reference = Reference(verdict, lambda: Monitor(task.monitor_settings, shard=shard), shard)
    log = _watched(settings, shard, log_check, ticks)
    reference.go(log, written(settings, shard) if task.spool is None else kept(task.spool, shard))
    log_check.end()
    if task.spool is not None:
        reference.compare_kept(written(settings, shard))
    return verdict, reference.said


def _watched(settings: EngineSettings, shard: int, log_check: LogCheck, ticks: TickCheck) -> Iterator[Record]:
    for message in read(settings.broker, settings.log_topic, shard):
        record = entry_of(message)
        log_check.take(record)
        ticks.take(record, stamped_us(message))
        yield record
