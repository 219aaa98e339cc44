"""Driftline's intake alone: an input topic into the log, confirmed; what is in the log is read back but not applied."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable
from unittest import mock

from streams.engine import assembly, worker
from streams.engine.agents import Batch, Engine
from tests.bench.engine.on_driftline import LOOK_SECONDS, Machine, settings_of, watched_clocks
from tests.bench.engine.result import Result, Task, Watch, task, tell


class Alone(Engine):
    """An engine that takes in, and says how long it took until so many events were confirmed."""

    end: int
    watch: Watch
    stop: threading.Event
    results: list[Result]

    async def take_in(self, stream: AsyncIterable[Batch]) -> None:
        async def watched() -> AsyncIterable[Batch]:
            async for batch in stream:
                self.watch.begin()
                yield batch

        await super().take_in(watched())

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        async for _ in stream:
            pass

    async def look(self) -> None:
        place = (self.settings.topic("transfers"), 0)
        marks = self.bookmarks
        while place not in marks or marks[place].next_offset < self.end or not marks.is_confirmed(place, self.end):
            await asyncio.sleep(LOOK_SECONDS)
        self.results.append(self.watch.result(self.end, self.end, 0))
        for held in self.shards.values():
            held.shard.close()  # nothing of the log is applied, so that an end would wait for it
        self.stop.set()


def run(given: Task) -> Result:
    stop, results, watch = threading.Event(), list[Result](), Watch()
    wanted = mock.patch.multiple(Alone, create=True, end=given.events, watch=watch, stop=stop, results=results)
    engine = mock.patch.object(assembly, "Engine", Alone)
    with wanted, engine, mock.patch.object(worker, "clocks", watched_clocks):
        code = worker.run_worker(settings_of(given), lambda _: Machine(watch), stop=stop)
    assert code == 0, "the worker failed"
    return results[0]


if __name__ == "__main__":
    tell(run(task()))
