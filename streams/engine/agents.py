"""What the two agents of a worker do with their batches, and the clocks that run beside them.

The agents hand batches to `Intake` and `Shard` and hold no rules. Nothing here raises into Faust: what fails ends the
worker, and what was not confirmed by then is done again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from confluent_kafka import KafkaException
from faust.types import TP, AppT

from streams.engine.bookmarks import Bookmarks, Partition, Ticket
from streams.engine.checkpoints.head import Head
from streams.engine.crashpoints import reached
from streams.engine.errors import EngineError
from streams.engine.gauges import Gauges
from streams.engine.intake import Intake, wall_us
from streams.engine.keeper import Keeper
from streams.engine.publisher import Delivered, Publisher
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.engine.topics import Topics
from streams.engine.transport import Fetch, FetchedRecord
from streams.engine.watching import keep_looking, keep_turning
from streams.monitor import encode
from streams.record import Output

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.005
ORDER_SECONDS = 0.02
FORGET_SECONDS = 5.0
MERGE_RECORDS_MAX = 50_000  # of a partition that wait for the others
SLICE_RECORDS = 500  # between two turns of the event loop
Batch = Fetch
OnOutput = Callable[[Output], object]
T = TypeVar("T")


class Engine:
    """What the agents of one worker share."""

    def __init__(
        self,
        settings: EngineSettings,
        publisher: Publisher,
        bookmarks: Bookmarks,
        intake: Intake,
        shard: Shard,
        topics: Topics,
        inputs: list[Partition],
        on_output: OnOutput | None = None,
        keeper: Keeper | None = None,
        gauges: Gauges | None = None,
    ) -> None:
        self.gauges = gauges or Gauges()
        self.keeper = keeper
        self.settings = settings
        self.publisher = publisher
        self.bookmarks = bookmarks
        self.intake = intake
        self.shard = shard
        self.topics = topics
        self.inputs = inputs
        self.draining = False  # set when the worker is to end: nothing more is taken in, what is in the log is applied
        self.failed = asyncio.Event()
        self.failure: str | None = None
        self._on_output = on_output
        self._paused: set[Partition] = set()
        self._is_saving = False
        self._taken_away: Counter[Partition] = Counter()  # how often each went to another worker, or might have
        self._opening: asyncio.Task[None] | None = None
        self.app: AppT  # set by build_app

    # ------------------------------------------------------------------------------------------------ agents

    async def take_in(self, stream: AsyncIterable[Batch]) -> None:
        """The intake agent: fetches of the input topics into the log."""
        async for batch in stream:
            while self._is_held_back():
                await asyncio.sleep(POLL_SECONDS)
            place = (batch[0].topic, batch[0].partition)
            # One that was fetched before its partition went away and came back may be ahead of where reading goes on.
            if not self.draining and batch.opening == self.opening_of(place):
                reached("intake.fetched")
                self.guard(partial(self.intake.take, batch))
                reached("intake.appended")
                self._pause(*place)

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        """The monitor agent: fetches of the log through the monitor, and what it says to the output topics."""
        async for batch in stream:
            for start in range(0, len(batch), SLICE_RECORDS):
                while self.publisher.is_full():
                    await asyncio.sleep(POLL_SECONDS)
                if batch.opening != self.shard.opening or not self.shard.is_open:
                    break  # another worker may hold the shard, or it was opened again at another place
                self.guard(partial(self._apply, batch[start : start + SLICE_RECORDS]))
                await asyncio.sleep(0)

    def _is_held_back(self) -> bool:
        limit = self.settings.ahead_bytes_max
        ahead = self.intake.appended_bytes - self.shard.applied_bytes
        return not self.draining and (self.publisher.is_full() or (limit is not None and ahead > limit))

    def _apply(self, records: list[FetchedRecord]) -> None:
        mark = self.bookmarks[records[0].topic, records[0].partition]
        fresh = self.shard.fresh(records, mark)
        if fresh:
            outputs = self.shard.apply(fresh)
            reached("monitor.stepped")
            ticket = mark.take(fresh[-1].offset + 1, len(outputs))
            self._publish(outputs, self.publisher.delivered(ticket))
            self._measure(fresh, outputs, ticket)
            reached("monitor.published")

    def _measure(self, fresh: Sequence[FetchedRecord], outputs: list[Output], ticket: Ticket) -> None:
        self.gauges.applied += len(fresh)
        self.gauges.is_open, self.gauges.position = self.shard.is_open, self.shard.position
        logged_us = self.shard.logged_us(fresh[0]) if outputs else None
        if logged_us is not None:
            self.gauges.said(ticket, logged_us)

    def _publish(self, outputs: list[Output], on_delivery: Delivered) -> None:
        for output in outputs:
            topic, value = self.settings.topic(output.topic), encode(output.value)
            self.shard.running.say(output.topic, output.key, value)
            self.publisher.send(topic, value, on_delivery, key=output.key.encode())
            if self._on_output is not None:
                self._on_output(output)

    # -------------------------------------------------------------------------------- partitions come and go

    async def prepare(self, partitions: Sequence[Partition]) -> None:
        """Open the shard where it was assigned and is not open: its state is put back before anything is fetched."""
        place = (self.settings.log_topic, self.shard.number)
        self.gauges.assigned(holds_log=place in partitions)
        if place not in partitions:
            return
        if self.keeper is None:
            if not self.shard.is_open:
                self.shard.resume(None if place not in self.bookmarks else self._stands())
            return
        # Faust lets go of this call when the next rebalance comes, and a thread cannot be stopped: what is under way,
        # an older opening or a checkpoint, ends first. Before that a shard that looks open may be about to be closed.
        while self._is_saving or (self._opening is not None and not self._opening.done()):
            await asyncio.sleep(POLL_SECONDS)
        if not self.shard.is_open:
            self._opening = asyncio.create_task(self._open(place, self.keeper))
            await asyncio.shield(self._opening)

    async def _open(self, place: Partition, keeper: Keeper) -> None:
        begun_s, taken_away = time.monotonic(), self._taken_away[place]
        try:
            position = await asyncio.to_thread(keeper.open)
        except EngineError as problem:
            self.fail(str(problem))
            return
        if taken_away != self._taken_away[place]:
            self.shard.close()  # it went to another worker while it was opened here
            return
        self.gauges.recovered(time.monotonic() - begun_s, keeper.records_read, keeper.written_us)
        self.bookmarks.resume(place, position)

    def _stands(self) -> Head:
        """Return where the shard stands: without checkpoints it goes on from what this worker remembers."""
        return self.shard.running.head(position=self.shard.position, state_version=0, clock="", written_us=0)

    def opening_of(self, partition: Partition) -> int:
        return self.shard.opening if partition[0] == self.settings.log_topic else self._taken_away[partition]

    def opened(self, partition: Partition, next_offset: int) -> None:
        self.intake.opened(partition, next_offset)

    def revoked(self, partition: Partition) -> None:
        self.intake.revoked(partition)
        self._taken_away[partition] += 1
        if partition == (self.settings.log_topic, self.shard.number):
            self.shard.close()

    # ------------------------------------------------------------------------------------------------ clocks

    async def forget_changes(self) -> None:
        """Where no checkpoints are written, let the machine forget now and then which of its rows have changed."""
        while not self.failed.is_set():
            await asyncio.sleep(FORGET_SECONDS)
            self.shard.forget_changes()

    async def keep_checkpoints(self) -> None:
        """Write a checkpoint every few seconds, once all that was said up to there is confirmed."""
        while not self.failed.is_set():
            await asyncio.sleep(self.settings.checkpoint_seconds)
            await self.checkpoint()

    async def checkpoint(self) -> None:
        """Write a checkpoint of where the shard stands now, where it is open and has moved on."""
        keeper, shard = self.keeper, self.shard
        if keeper is None or not shard.is_open or self.failed.is_set() or self._is_saving:
            return
        self._is_saving = True
        try:
            await self._save(keeper, shard, shard.opening)
        except EngineError as problem:
            self.fail(str(problem))
        finally:
            self._is_saving = False

    async def _save(self, keeper: Keeper, shard: Shard, opening: int) -> None:
        begun_s = time.monotonic()
        capture = keeper.capture(wall_us())
        if capture is None:
            return
        reached("checkpoint.captured")
        place = (self.settings.log_topic, shard.number)
        while not self.bookmarks.is_confirmed(place, capture.head.position):
            if self.failed.is_set() or shard.opening != opening or not shard.is_open:
                return
            await asyncio.sleep(POLL_SECONDS)
        reached("checkpoint.confirmed")
        await asyncio.to_thread(keeper.write, capture)
        self.gauges.wrote(len(capture.rows), time.monotonic() - begun_s, wall_us())
        if shard.opening == opening:
            keeper.written(capture)

    def _pause(self, topic: str, partition: int) -> None:
        if self.intake.merge.depth((topic, partition)) > MERGE_RECORDS_MAX:
            self.app.consumer.pause_partitions({TP(topic, partition)})
            self._paused.add((topic, partition))

    def _resume(self) -> None:
        ready = {place for place in self._paused if self.intake.merge.depth(place) <= MERGE_RECORDS_MAX // 2}
        self._paused -= ready
        self.app.consumer.resume_partitions({TP(*place) for place in ready} & self.app.consumer.assignment())

    def clocks(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs beside the agents for as long as the worker does."""
        clocks = [self.serve_confirmations(), self.keep_time() if self.settings.clock == "ticks" else self.keep_order()]
        clocks.append(self.forget_changes() if self.keeper is None else self.keep_checkpoints())
        place = (self.settings.log_topic, self.shard.number)
        return [
            *clocks,
            keep_turning(self.gauges, self.shard),
            keep_looking(self.gauges, self.topics, place),
        ]

    async def serve_confirmations(self) -> None:
        """Let librdkafka report what the broker has confirmed, every few milliseconds, until something fails."""
        while not self.failed.is_set():
            self.guard(self.publisher.poll)
            self.gauges.settle(wall_us())
            await asyncio.sleep(POLL_SECONDS)

    async def keep_time(self) -> None:
        """Ask where the inputs end and append a tick, on a monotonic clock; a broker that is away gives no ticks."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.failed.is_set():
            due = max(due + self.settings.tick_seconds, loop.time())
            await asyncio.sleep(due - loop.time())
            asked_at_us = wall_us()
            try:
                ends = await asyncio.to_thread(self.topics.ends, self.inputs)
            except KafkaException as problem:
                logger.warning("no tick: the broker does not say where the inputs end (%s)", problem)
                continue
            if not self.draining:
                self.guard(partial(self.intake.tick, ends, asked_at_us))

    async def keep_order(self) -> None:
        """Ask where the inputs end and append what may go in the order of observation, many times a second."""
        while not self.failed.is_set():
            await asyncio.sleep(ORDER_SECONDS)
            try:
                ends = await asyncio.to_thread(self.topics.ends, self.inputs)
            except KafkaException as problem:
                logger.warning("nothing is taken in: the broker does not say where the inputs end (%s)", problem)
                continue
            while not self._is_held_back() and self._append_in_order(ends):
                await asyncio.sleep(0)
            if self._paused:
                self._resume()

    def _append_in_order(self, ends: Mapping[Partition, int]) -> bool:
        return not self.draining and bool(self.guard(partial(self.intake.release, ends, SLICE_RECORDS)))

    # ----------------------------------------------------------------------------------------------- failing

    def guard(self, action: Callable[[], T]) -> T | None:
        """Run a step of the engine; where it fails, note why and end the worker, for Faust's agents must not raise.

        A Faust agent that raises acknowledges what it was given and goes on with the next. None once it has failed.
        """
        if self.failed.is_set():
            return None
        try:
            return action()
        except EngineError as problem:
            self.fail(str(problem))
        except Exception as problem:  # whatever it is, nothing after it may be taken up
            logger.error("the engine fails", exc_info=problem)
            self.fail(f"{type(problem).__name__}: {problem}")
        return None

    def fail(self, reason: str) -> None:
        """End the worker; the first reason is the one that is told."""
        self.failure = self.gauges.failure = self.failure or reason
        self.failed.set()
