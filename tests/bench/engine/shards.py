"""Two workers on four shards against one: the light core, its events over the shards by account.

With a weight the core does its work on each event so many times, which makes an event as dear as the whole monitor's.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from itertools import chain, count
from pathlib import Path
from statistics import median
from zlib import crc32

import msgspec

from streams.engine.settings import EngineSettings
from tests.bench.engine.contest import ROOT, own_python
from tests.bench.engine.core import events
from tests.bench.engine.fill import Entry, Filler
from tests.bench.engine.result import Task

PREFIX = "shards-"
SHARDS = 4
TARGET = 1.8
KEYS = 1_009  # accounts; other events than those of the other parts
WEIGHTS = {1: 1_000_000, 40: 100_000}  # how often the work is done, and for how many events
PATIENCE_SECONDS = 300.0
TURNS = count(1)  # for the names of topics


class Done(msgspec.Struct, frozen=True):
    """What a worker says: when all of its shards were confirmed, and what it had counted."""

    ended_s: float  # of the clock that all processes share
    processor_seconds: float
    shards: list[int]
    events: int
    units: int


def shard_of(account: bytes) -> int:
    """Return the shard of an account."""
    return crc32(account) % SHARDS


def logs(total: int) -> list[list[Entry]]:
    """Return the entries of each shard's log."""
    found: list[list[Entry]] = [[] for _ in range(SHARDS)]
    for number, (account, value) in enumerate(events(total, KEYS)):
        found[shard_of(account)].append((f"transfers/0/{number}", value))
    return found


def seconds_of(
    filler: Filler, settings: EngineSettings, entries: list[list[Entry]], workers: int, weight: int
) -> tuple[float, list[Done]]:
    """Return how long so many workers take for the logs, from a common start to the last confirmation."""
    name = f"{PREFIX}{next(TURNS)}-"
    mine = msgspec.structs.replace(settings, topic_prefix=name, shards=SHARDS)
    filler.logs(mine, entries, {})
    with tempfile.TemporaryDirectory() as folder:
        task = Task(
            broker=settings.broker, source=name, outputs="", events=sum(map(len, entries)), folder=folder,
            group=f"{name}group", option=str(weight),
        )  # fmt: skip
        command = [str(own_python()), "-m", "tests.bench.engine.on_shards", msgspec.json.encode(task).decode()]
        started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(workers)]
        try:
            _until(lambda: _are_ready(Path(folder), workers), started)
            begun_s = time.monotonic()
            (Path(folder) / "go").touch()
            _until(lambda: len(list(Path(folder).glob("done-*"))) == workers, started)
            (Path(folder) / "end").touch()
        finally:
            for one in started:
                if (Path(folder) / "end").exists():
                    one.wait(60)
                else:
                    one.kill()
        done = [msgspec.json.decode(path.read_bytes(), type=Done) for path in Path(folder).glob("done-*")]
    filler.drop(name)
    return max(one.ended_s for one in done) - begun_s, done


def _are_ready(folder: Path, workers: int) -> bool:
    """Say whether each worker holds its share of the shards."""
    held = [msgspec.json.decode(path.read_bytes(), type=list[int]) for path in folder.glob("holds-*")]
    return len(held) == workers and sorted(chain.from_iterable(held)) == list(range(SHARDS)) and all(held)


def _until(holds: object, started: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():  # type: ignore[operator]  # it is given wherever it is called
        for one in started:
            if one.poll() is not None:
                _, said = one.communicate()
                raise RuntimeError(f"a worker ended with {one.returncode}: {said.decode()[-2000:]}")
        if time.monotonic() > deadline:
            raise RuntimeError("the workers do not come to an end")
        time.sleep(0.01)


def main(broker: str, rounds: int) -> str:
    """Return the figures of so many rounds, in turns."""
    settings = EngineSettings(broker=broker)
    filler = Filler(settings)
    lines = []
    for weight, total in WEIGHTS.items():
        entries = logs(total)
        took: dict[int, list[tuple[float, list[Done]]]] = {1: [], 2: []}
        for _ in range(rounds):
            for workers, runs in took.items():
                runs.append(seconds_of(filler, settings, entries, workers, weight))
        lines += _report(weight, total, took)
    return "\n".join(lines)


def _report(weight: int, total: int, took: dict[int, list[tuple[float, list[Done]]]]) -> list[str]:
    ratios = [one / two for (one, _), (two, _) in zip(took[1], took[2], strict=True)]
    ratio = median(ratios)
    lines = [f"Four shards, {total:,} events, light core{'' if weight == 1 else f' {weight} times for each'}"]
    for workers, runs in took.items():
        rates = [total / seconds for seconds, _ in runs]
        used = median(sum(done.processor_seconds for done in said) / total * 1e6 for _, said in runs)
        lines.append(
            f"  {workers} worker{'s' * (workers > 1):1}{median(rates):>12,.0f} events/s ({min(rates):,.0f} to {max(rates):,.0f}), {used:.2f} us of processor time an event"
        )
    counted = {
        (sum(one.events for one in said), sum(one.units for one in said)) for runs in took.values() for _, said in runs
    }
    if len(counted) > 1 or next(iter(counted))[0] != total:
        lines.append(f"  WRONG: of {total:,} events was counted {sorted(counted)}")
    lines.append(
        f"  two over one {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})  target {TARGET:g}: {'met' if ratio >= TARGET else 'NOT met'}"
    )
    return lines
