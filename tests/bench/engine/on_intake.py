"""Driftline's intake alone: an input topic into the log, confirmed; what is in the log is read back but not applied."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, Coroutine
from typing import Any
from unittest import mock

from streams.engine import assembly, worker
from streams.engine.agents import Batch, Engine
from streams.engine.clocks import clocks
from tests.bench.engine.on_driftline import LOOK_SECONDS, Machine, settings_of
from tests.bench.engine.result import Result, Task, Watch, task, tell


class Alone(Engine):
    """An engine that takes in and applies nothing."""

    watch: Watch

    async def take_in(self, stream: AsyncIterable[Batch]) -> None:
        async def watched() -> AsyncIterable[Batch]:
            async for batch in stream:
                self.watch.begin()
                yield batch

        await super().take_in(watched())

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        async for _ in stream:
            pass


async def look(engine: Engine, end: int, watch: Watch, results: list[Result], stop: threading.Event) -> None:
    """Note how long it took until so many events were confirmed, and end the worker."""
    place, marks = (engine.settings.topic("transfers"), 0), engine.bookmarks
    while place not in marks or marks[place].next_offset < end or not marks.is_confirmed(place, end):
        await asyncio.sleep(LOOK_SECONDS)
    results.append(watch.result(end, end, 0))
    for held in engine.shards.values():
        held.shard.close()  # nothing of the log is applied, so that an end would wait for it
    stop.set()


def run(given: Task) -> Result:
    stop, results, watch = threading.Event(), list[Result](), Watch()

    def watched(engine: Engine) -> list[Coroutine[Any, Any, None]]:
        return [*clocks(engine), look(engine, given.events, watch, results, stop)]

    alone = mock.patch.multiple(Alone, create=True, watch=watch)
    with alone, mock.patch.object(assembly, "Engine", Alone), mock.patch.object(worker, "clocks", watched):
        code = worker.run_worker(settings_of(given), lambda _: Machine(watch), stop=stop)
    assert code == 0, "the worker failed"
    return results[0]


if __name__ == "__main__":
    tell(run(task()))
