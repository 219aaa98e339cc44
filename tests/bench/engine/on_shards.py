"""One of the workers on four shards. It says which it holds, waits for all others, and begins when it is told to."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterable, Coroutine
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from ledger.shards import ShardMap, ShardRule
from streams.engine import assembly, worker
from streams.engine.agents import Batch, Engine
from streams.engine.clocks import clocks
from streams.record import Output, Record
from tests.bench.engine.core import Core
from tests.bench.engine.on_driftline import LOOK_SECONDS, Machine, settings_of
from tests.bench.engine.result import Task, Watch, task
from tests.bench.engine.shards import SHARDS, Done


class Waiting(Engine):
    """An engine that applies nothing before the file ``go`` is there."""

    folder: Path

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        async def begun() -> AsyncIterable[Batch]:
            async for batch in stream:
                while not (self.folder / "go").exists():
                    await asyncio.sleep(LOOK_SECONDS)
                yield batch

        await super().apply(begun())


class Weighty(Machine):
    """The light core, whose work is done `weight` times for each event; one of them counts."""

    def __init__(self, watch: Watch, weight: int) -> None:
        super().__init__(watch)
        self._others = [Core() for _ in range(weight - 1)]

    def step(self, record: Record) -> list[Output]:
        if record.topic == "transfers":
            for core in self._others:
                core.apply(record.value)
        return super().step(record)


async def look(engine: Engine, folder: Path, machines: dict[int, Machine], stop: threading.Event) -> None:
    """Say which shards are held until work begins, and when all that is in them is confirmed; then end the worker."""
    while not (folder / "go").exists():
        _say(folder, "holds", sorted(held.shard.number for held in engine.open_shards()))
        await asyncio.sleep(0.1)
    used_s = time.process_time()
    held = engine.open_shards()
    ends = await asyncio.to_thread(engine.topics.ends, [one.place for one in held])
    for one in held:
        end = ends[one.place]
        while one.shard.position < end or not engine.bookmarks.is_confirmed(one.place, end):
            await asyncio.sleep(LOOK_SECONDS)
    ended_s, used_s = time.monotonic(), time.process_time() - used_s
    cores = [machines[one.shard.number].core for one in held]
    counted = sum(core.events for core in cores), sum(core.units() for core in cores)
    _say(folder, "done", Done(ended_s, used_s, [one.shard.number for one in held], *counted))
    while not (folder / "end").exists():
        await asyncio.sleep(LOOK_SECONDS)
    stop.set()


def _say(folder: Path, what: str, said: Any) -> None:
    part = folder / f"part-{os.getpid()}"
    part.write_bytes(msgspec.json.encode(said))
    part.rename(folder / f"{what}-{os.getpid()}")


def run(given: Task) -> int:
    stop, folder, watch = threading.Event(), Path(given.folder), Watch()
    machines = {shard: Weighty(watch, int(given.option)) for shard in range(SHARDS)}

    def watched(engine: Engine) -> list[Coroutine[Any, Any, None]]:
        return [*clocks(engine), look(engine, folder, machines, stop)]  # type: ignore[arg-type]  # machines of the bench

    settings = msgspec.structs.replace(settings_of(given), shards=SHARDS)
    rules = tuple(ShardRule(shard=shard, locations=(f"{shard}",), accounts=(f"{shard}",)) for shard in range(SHARDS))
    waiting = mock.patch.multiple(Waiting, create=True, folder=folder)
    with waiting, mock.patch.object(assembly, "Engine", Waiting), mock.patch.object(worker, "clocks", watched):
        return worker.run_worker(settings, machines.__getitem__, shard_map=ShardMap(rules), stop=stop)


if __name__ == "__main__":
    raise SystemExit(run(task()))
