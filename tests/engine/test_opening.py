"""A shard is opened while partitions come and go: what a thread does there, and what the event loop does meanwhile."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.engine import keeper as module
from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmarks
from streams.engine.checkpoints import Head, Saved
from streams.engine.failing import Failing
from streams.engine.gauges import Gauges
from streams.engine.held import HeldShard
from streams.engine.keeper import Keeper
from streams.engine.logfile import LogEnds
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard

LOG = ("log", 0)
SETTINGS = EngineSettings(broker="none:1")


class Nothing:
    """A machine without state."""

    state_version = 1

    def step(self, record: object) -> list[Any]:
        return []

    def changed_rows(self) -> dict[str, Any]:
        return {}

    def restore(self, plain: dict[str, Any]) -> None: ...


def test_the_log_is_looked_at_after_the_last_holder_is_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then that one may append to the log, and write a checkpoint of more than was seen of it."""
    done: list[str] = []

    def noted(what: str, answer: Any) -> Any:
        done.append(what)
        return answer

    head = Head(
        position=7, state_version=1, inputs=0, outputs=0, input_hash=0, output_hash=0, log_begins=0, clock="ticks"
    )
    writer = SimpleNamespace(open=lambda: done.append("fence"))
    monkeypatch.setattr(module, "CheckpointWriter", lambda *_: writer)
    monkeypatch.setattr(module, "read_saved", lambda *_: noted("state", Saved(head, {})))
    monkeypatch.setattr(module, "read_ends", lambda *_: noted("log", LogEnds(0, 7, None)))
    shard = Shard(0, Nothing(), 0)
    assert Keeper(SETTINGS, shard, Nothing()).open() == 7
    assert done == ["fence", "state", "log"]


class SlowKeeper:
    """Opens the shard at once, and takes its time to say so."""

    records_read, written_us, goes_on = 0, None, False

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self.has_opened, self.may_end = threading.Event(), threading.Event()

    def open(self) -> int:
        self._shard.resume(None)
        self.has_opened.set()
        assert self.may_end.wait(10)
        return 0


def test_a_shard_that_goes_and_comes_back_while_it_is_opened_is_open_in_the_end() -> None:
    async def story() -> None:
        shard = Shard(0, Nothing(), 0)
        keeper = SlowKeeper(shard)
        intake = cast(Any, SimpleNamespace(revoked=lambda partition: None))
        anything = cast(Any, None)
        gauges, marks = Gauges(), Bookmarks("log")
        failing = Failing(gauges)
        held = HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], failing)
        engine = Engine(SETTINGS, anything, marks, intake, [held], anything, [], gauges, failing)
        first = asyncio.create_task(engine.prepare([LOG]))
        assert await asyncio.to_thread(keeper.has_opened.wait, 10)
        engine.revoked(LOG)
        shard.is_open = True  # as the thread leaves it where the partition went away a moment earlier
        second = asyncio.create_task(engine.prepare([LOG]))
        await asyncio.sleep(0)
        keeper.may_end.set()
        await asyncio.gather(first, second)
        assert shard.is_open

    asyncio.run(story())
