"""Driftline's own worker with the light core for its machine: outputs confirmed, and its checkpoints written.

With the option ``full`` the machine is the product's own, the whole monitor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from typing import Any
from unittest import mock

import msgspec

from streams.engine import worker
from streams.engine.agents import Engine
from streams.engine.clocks import clocks
from streams.engine.settings import EngineSettings
from streams.monitor import Monitor, Settings
from streams.record import Output, Record
from tests.bench.engine.core import Alarm, Core, Row, advance, decode
from tests.bench.engine.result import Result, Task, Watch, task, tell

LOOK_SECONDS = 0.002
BEHIND_CONFIG = 1  # a log begins with one record that says what is in force


class RememberingCore(Core):
    """The light core, noting which rows have changed."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: dict[str, Row] = {}

    def apply(self, value: bytes) -> Alarm | None:
        event = decode(value)
        row = self.rows.get(event.account)
        if row is None:
            row = self.rows[event.account] = Row()
        self.changed[event.account] = row
        self.events += 1
        return advance(row, event)


class Machine:
    """The light core as the engine wants its machines."""

    state_version = 1

    def __init__(self, watch: Watch) -> None:
        self.core = RememberingCore()
        self.said = 0
        self._watch = watch

    def step(self, record: Record) -> list[Output]:
        if record.topic != "transfers":
            return []
        if not self.core.events:
            self._watch.begin()
        alarm = self.core.apply(record.value)
        if alarm is None:
            return []
        self.said += 1
        return [Output("alerts", alarm.account, alarm)]

    def changed_rows(self) -> dict[str, Any]:
        changed, self.core.changed = self.core.changed, {}
        return {f'["{account}"]': row for account, row in changed.items()}

    def restore(self, rows: Mapping[bytes, bytes]) -> None:
        self.core.rows = {key[2:-2].decode(): msgspec.json.decode(row, type=Row) for key, row in rows.items()}


async def look(engine: Engine, end: int, watch: Watch, times: dict[str, Any], stop: threading.Event) -> None:
    """Note how long it took until the log's first `end` records were confirmed, and checkpointed; then end the worker."""
    [held] = engine.shards.values()
    while held.shard.position < end or not engine.bookmarks.is_confirmed(held.place, end):
        await asyncio.sleep(LOOK_SECONDS)
    times["confirmed"] = watch.result(0, 0, 0)
    while held.keeper is not None and held.keeper.saved_position < end:
        await held.checkpoint()
        await asyncio.sleep(LOOK_SECONDS)
    times["saved"] = watch.seconds()
    stop.set()


class TimedMonitor(Monitor):
    """The product's monitor, which starts a watch."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(Settings())
        self.said = 0
        self._watch = watch

    def step(self, record: Record) -> list[Output]:
        self._watch.begin()
        outputs = super().step(record)
        self.said += len(outputs)
        return outputs


def confirmed(
    settings: EngineSettings, machine: Any, watch: Watch, log_end: int, configuration: Mapping[str, Any] | None = None
) -> Result:
    """Run a worker over its log up to an offset, and return what it took."""
    stop, times = threading.Event(), dict[str, Any]()

    def watched(engine: Engine) -> list[Coroutine[Any, Any, None]]:
        return [*clocks(engine), look(engine, log_end, watch, times, stop)]

    with mock.patch.object(worker, "clocks", watched):
        code = worker.run_worker(settings, lambda _: machine, configuration=configuration, stop=stop)
    assert code == 0, "the worker failed"
    result: Result = times["confirmed"]
    return msgspec.structs.replace(result, saved_seconds=times["saved"])


def settings_of(given: Task) -> EngineSettings:
    return EngineSettings(broker=given.broker, topic_prefix=given.source, group_id=given.group)


def light(given: Task) -> Result:
    watch = Watch()
    machine = Machine(watch)
    log_end = given.log_end or given.events + BEHIND_CONFIG
    result = confirmed(settings_of(given), machine, watch, log_end)
    events, units = given.events - given.known, machine.core.units()
    return msgspec.structs.replace(result, events=events, said=machine.said, units=units)


def full(given: Task) -> Result:
    watch = Watch()
    monitor = TimedMonitor(watch)
    settings = msgspec.structs.replace(settings_of(given), clock="events")
    result = confirmed(settings, monitor, watch, given.log_end or given.events, worker.plain(Settings()))
    return msgspec.structs.replace(result, events=given.events - given.known, said=monitor.said)


if __name__ == "__main__":
    asked = task()
    tell(full(asked) if asked.option == "full" else light(asked))
