"""Plain Faust, an agent for each event: the rows in memory, or with the option ``table`` in a table of its own."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import faust
import msgspec

from tests.bench.engine.core import Core, Row, advance, decode, encode
from tests.bench.engine.result import Result, Task, Watch, task, tell


class Run:
    """One application that ends when all its events are applied and confirmed."""

    def __init__(self, given: Task) -> None:
        self.given, self.watch, self.core = given, Watch(), Core()
        self.result: Result | None = None
        self.said, self.events = 0, 0
        self._sent: list[Any] = []
        self.app = faust.App(
            given.group,
            broker=f"kafka://{given.broker}",
            topic_allow_declare=given.option == "table",  # for the table's changelog
            topic_disable_leader=True,
            topic_partitions=1,
            consumer_auto_offset_reset="earliest",
            web_enabled=False,
            datadir=given.folder,
            store="memory://",
        )
        self._source = self.app.topic(given.source, key_serializer="raw", value_serializer="raw")
        self._outputs = self.app.topic(given.outputs, key_serializer="raw", value_serializer="raw")
        if given.option == "table":
            self.table = self.app.Table("rows", partitions=1)
        self.app.agent(self._source)(self._with_table if given.option == "table" else self._in_memory)

    async def _in_memory(self, stream: Any) -> None:
        async for value in stream:
            self.watch.begin()
            await self._say(self.core.apply(value))

    async def _with_table(self, stream: Any) -> None:
        async for value in stream:
            self.watch.begin()
            event = decode(value)
            found = self.table.get(event.account)
            row = Row() if found is None else msgspec.convert(found, Row)
            alarm = advance(row, event)
            self.table[event.account] = msgspec.to_builtins(row)
            await self._say(alarm)

    async def _say(self, alarm: Any) -> None:
        if alarm is not None:
            self._sent.append(await self._outputs.send(key=alarm.account.encode(), value=encode(alarm)))
            self.said += 1
        self.events += 1
        if self.events == self.given.events:
            await self.app.producer.flush()
            await asyncio.gather(*self._sent)
            self.result = self.watch.result(self.events, self.said, self._units())

    def _units(self) -> int:
        if self.given.option != "table":
            return self.core.units()
        return sum(row[0] for row in self.table.values())


async def main(given: Task) -> Result:
    run = Run(given)
    deadline = time.monotonic() + 300
    run.app.finalize()
    await run.app.start()
    while run.result is None:
        assert time.monotonic() < deadline, "not done in time"
        await asyncio.sleep(0.05)
    await run.app.stop()
    return run.result


if __name__ == "__main__":
    tell(asyncio.run(main(task())))
