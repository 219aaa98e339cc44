"""Planted defects: mistakes that an engine like this one is known to make, each with the scenario that must show it.

A harness that finds nothing proves something only if it finds these. `worker.py` runs a worker with one of them; the
scenario says where that worker dies or what else happens to it, and the same scenario without the defect must be exact.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from confluent_kafka import Consumer, TopicPartition

from streams.engine import agents, crashpoints
from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmark, Bookmarks, Partition
from streams.engine.checkpoints import reader
from streams.engine.checkpoints.head import Head, Running
from streams.engine.checkpoints.writer import CheckpointWriter
from streams.engine.fetches import FetchedRecord
from streams.engine.held import HeldShard
from streams.engine.intake import Intake
from streams.engine.keeper import Capture, Keeper
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.monitor import Monitor, encode
from streams.record import Output

Event = Literal["crash", "zombie", "guest", "term"]


@dataclass(frozen=True)
class Scenario:
    """What happens: a crash at `arm`; a zombie; a guest that comes and goes; or a restart in good order."""

    event: Event = "crash"
    arm: str = ""
    linger_ms: int = 0  # so long is what the worker says kept back, as by a slow broker
    read_seconds: float = 0.0  # so long takes every second reading of the state
    crashes: int = 1
    per_second: float = 60.0  # how fast it is fed
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Defect:
    """One mistake: what it does, how it is put in, and the scenario that must show it."""

    text: str
    plant: Callable[[], None]
    scenario: Scenario


SLOW = 1_500
CRASH = Scenario(arm="checkpoint.captured:8")
DEFECTS: dict[str, Defect] = {}


def defect(text: str, scenario: Scenario = CRASH) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Enter a function that plants a defect under its own name."""

    def enter(plant: Callable[[], None]) -> Callable[[], None]:
        DEFECTS[plant.__name__] = Defect(text, plant, scenario)
        return plant

    return enter


def swap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put what `make` makes of an attribute in its place."""
    setattr(owner, name, make(getattr(owner, name)))


# ------------------------------------------------------------------------------------------------------- the checkpoint


@defect(
    "a checkpoint is written before its outputs are confirmed",
    Scenario(arm="transaction.committed:7", linger_ms=SLOW, crashes=3, per_second=50.0),
)
def unconfirmed() -> None:
    swap(Bookmarks, "is_confirmed", lambda _: lambda *_: True)


def _moved(by: int) -> None:
    def make(old: Callable[..., Head]) -> Callable[..., Head]:
        return lambda self, *, position, **others: old(self, position=position + by, **others)

    swap(Running, "head", make)


@defect("a checkpoint says one record more than was applied")
def one_too_far() -> None:
    _moved(1)


@defect("a checkpoint says one record less than was applied")
def one_too_short() -> None:
    _moved(-1)


@defect("rows that are gone stay in the state")
def no_tombstones() -> None:
    def make(old: Callable[[Monitor], dict[str, Any]]) -> Callable[[Monitor], dict[str, Any]]:
        return lambda self: {key: row for key, row in old(self).items() if row is not None}

    swap(Monitor, "changed_rows", make)
    swap(Monitor, "calm_rows", make)


@defect("the ids that were seen are not checkpointed")
def no_seen_ids() -> None:
    def make(old: Callable[[Monitor], dict[str, Any]]) -> Callable[[Monitor], dict[str, Any]]:
        return lambda self: {key: row for key, row in old(self).items() if not key.startswith('["seen"')}

    swap(Monitor, "changed_rows", make)
    swap(Monitor, "calm_rows", make)


@defect("rows are newer than the head that they are written with")
def torn_capture() -> None:
    def make(old: Callable[..., Capture | None]) -> Callable[..., Capture | None]:
        before: list[Head] = []

        def capture(self: Keeper, written_us: int) -> Capture | None:
            found = old(self, written_us)
            if found is None:
                return None
            before.append(found.head)
            return Capture(found.rows, before[max(-2, -len(before))])

        return capture

    swap(Keeper, "capture", make)


@defect("rows and head are written in two transactions", Scenario(arm="transaction.half:4"))
def two_transactions() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def write(self: CheckpointWriter, rows: Mapping[str, bytes | None], head: Head) -> None:
            self._producer.begin_transaction()
            for key, value in rows.items():
                self._send(key.encode(), value)
            self._producer.commit_transaction(30)
            crashpoints.reached("transaction.half")
            old(self, {}, head)

        return write

    swap(CheckpointWriter, "write", make)


@defect("the transactional id is the worker's and not the shard's", Scenario("zombie"))
def no_fence() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def begin(self: CheckpointWriter, broker: str, topic: str, shard: int, transactional_id: str) -> None:
            old(self, broker, topic, shard, f"{transactional_id}-{os.getpid()}")

        return begin

    swap(CheckpointWriter, "__init__", make)


# ---------------------------------------------------------------------------------------------------------- the opening


@defect("what was not committed is read as state", Scenario(arm="transaction.whole:4:0.4"))
def read_uncommitted() -> None:
    reader.OPTIONS["isolation.level"] = "read_uncommitted"


@defect("a shard that comes back keeps the rows that it had", Scenario("guest"))
def rows_kept() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def restore(self: Monitor, rows: Mapping[bytes, bytes]) -> None:
            if not self.state.counts:
                old(self, rows)

        return restore

    swap(Monitor, "restore", make)


@defect("an opening that a rebalance overtook goes on", Scenario("guest", read_seconds=9.0))
def opened_twice() -> None:
    def make(_: Any) -> Callable[..., Any]:
        async def prepare(self: HeldShard) -> None:
            if not self.is_open and self.keeper is not None:
                await self._open(self.keeper, self._taken_away)

        return prepare

    swap(HeldShard, "prepare", make)


@defect("positions are not put back")
def no_positions() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        return lambda self, plain: old(
            self, {key: row for key, row in plain.items() if not key.startswith('["position"')}
        )

    swap(Monitor, "restore", make)


@defect("the running hashes begin anew")
def hashes_anew() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def resume(self: Shard, head: Head | None) -> None:
            old(self, head)
            self.running = Running()

        return resume

    swap(Shard, "resume", make)


@defect(
    "the log is applied from the group's offset on, not from the checkpoint's",
    Scenario(arm="commit.after:5", settings={"checkpoint_seconds": 2.5}),
)
def from_the_groups_offset() -> None:
    def make(old: Callable[..., int]) -> Callable[..., int]:
        def open_shard(self: Keeper, *asked: Any) -> int:
            position = max(old(self, *asked), _committed(self._settings))
            self._shard.position = position
            return position

        return open_shard

    swap(Keeper, "open", make)


def _committed(settings: EngineSettings) -> int:
    consumer = Consumer({"bootstrap.servers": settings.broker, "group.id": settings.group_id})
    [found] = consumer.committed([TopicPartition(settings.log_topic, 0)], timeout=10)
    consumer.close()
    return max(found.offset, 0)


# ---------------------------------------------------------------------------------------------------------- the outputs


@defect("what the log held at the start is taken to be said", Scenario(arm="monitor.published:4", linger_ms=SLOW))
def not_said_again() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def publish(self: Engine, shard: Shard, outputs: list[Output], on_delivery: Any) -> None:
            if shard.position > shard.live_from:
                old(self, shard, outputs, on_delivery)
                return
            for output in outputs:
                shard.running.say(output.topic, output.key, encode(output.value))
                on_delivery(None, None)

        return publish

    swap(Engine, "_publish", make)


@defect("the outputs of a batch are said backwards")
def said_backwards() -> None:
    swap(Engine, "_publish", lambda old: lambda self, shard, outputs, done: old(self, shard, outputs[::-1], done))


@defect("what is set aside is not said")
def no_quarantine() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def publish(self: Engine, shard: Shard, outputs: list[Output], on_delivery: Any) -> None:
            for output in outputs:
                if output.topic == "quarantine":
                    on_delivery(None, None)
            old(self, shard, [output for output in outputs if output.topic != "quarantine"], on_delivery)

        return publish

    swap(Engine, "_publish", make)


@defect("an output names the process that said it")
def signed_outputs() -> None:
    def make(old: Callable[[object], bytes]) -> Callable[[object], bytes]:
        return lambda value: old(value)[:-1] + b',"by":%d}' % os.getpid()

    swap(agents, "encode", make)


# ----------------------------------------------------------------------------------------------------------- the intake


@defect("an input is committed before the log has it", Scenario(arm="commit.after:3", linger_ms=SLOW))
def early_commit() -> None:
    def make(_: Any) -> Callable[[Bookmark], int | None]:
        return lambda self: self.next_offset if self.next_offset != self.committed else None

    swap(Bookmark, "committable", make)


@defect("what arrives while a worker ends is passed over", Scenario("term", linger_ms=SLOW, per_second=50.0))
def dropped_at_the_end() -> None:
    def make(_: Any) -> Callable[..., Any]:
        async def take_in(self: Engine, stream: Any) -> None:
            async for batch in stream:
                if self.draining:
                    self.bookmarks[batch[0].topic, batch[0].partition].take(batch[-1].offset + 1, 0)
                else:
                    self.failing.guard(lambda: self.intake.take(batch))  # noqa: B023  # called at once

        return take_in

    swap(Engine, "take_in", make)


Append = Callable[[Intake, Sequence[FetchedRecord], Bookmark], None]


@defect("a fetch is appended backwards")
def appended_backwards() -> None:
    def make(old: Append) -> Append:
        def append(self: Intake, fresh: Sequence[FetchedRecord], mark: Bookmark) -> None:
            old(self, fresh[::-1], mark)
            mark.next_offset = mark.tickets[-1].next_offset = fresh[-1].offset + 1

        return append

    swap(Intake, "_append", make)


@defect("empty messages are left out of the log")
def no_empty_messages() -> None:
    def make(old: Append) -> Append:
        def append(self: Intake, fresh: Sequence[FetchedRecord], mark: Bookmark) -> None:
            full = [record for record in fresh if record.value]
            if full:
                old(self, full, mark)
            if mark.next_offset <= fresh[-1].offset:
                mark.take(fresh[-1].offset + 1, 0)

        return append

    swap(Intake, "_append", make)


@defect("what goes into the log is written anew")
def written_anew() -> None:
    def make(old: Callable[..., None]) -> Callable[..., None]:
        def send(self: Intake, value: bytes, origin: str, *others: Any) -> None:
            with suppress(msgspec.DecodeError, RecursionError):
                value = msgspec.json.encode(msgspec.json.decode(value), order="sorted")
            old(self, value, origin, *others)

        return send

    swap(Intake, "_send", make)


@defect("a tick knows nothing of what is unread", Scenario("term", settings={"tick_seconds": 0.01}))
def ticks_past_unread() -> None:
    def make(old: Callable[[Intake, Mapping[Partition, int], int], None]) -> Callable[..., None]:
        return lambda self, ends, asked_at_us: old(self, dict.fromkeys(ends, 0), asked_at_us)

    swap(Intake, "tick", make)
