"""The Faust application: the intake agent over the input topics, the monitor agent over the log, and their clocks.

The agents hand batches to `Intake` and `Shard` and hold no rules. One worker reads all inputs and the one shard; a
second worker in the same group would take partitions from it, and then neither writes ticks: time stands still rather
than pass what the other has not read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, cast

import faust
from confluent_kafka import KafkaException
from faust.types import AppT

from streams.engine.bookmarks import Bookmarks, Partition
from streams.engine.errors import EngineError
from streams.engine.intake import Intake, wall_us
from streams.engine.publisher import Delivered, Publisher
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.engine.topics import Topics
from streams.engine.transport import BatchTransport, FetchedRecord
from streams.monitor import encode
from streams.record import Output

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.005
SLICE_RECORDS = 500  # of the log, between two turns of the event loop
Batch = list[FetchedRecord]
OnOutput = Callable[[Output], object]


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
    ) -> None:
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

    # ------------------------------------------------------------------------------------------------ agents

    async def take_in(self, stream: AsyncIterable[Batch]) -> None:
        """The intake agent: fetches of the input topics into the log."""
        async for batch in stream:
            while self._is_held_back():
                await asyncio.sleep(POLL_SECONDS)
            if not self.draining:
                self.guard(partial(self.intake.take, batch))

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        """The monitor agent: fetches of the log through the monitor, and what it says to the output topics."""
        async for batch in stream:
            for start in range(0, len(batch), SLICE_RECORDS):
                while self.publisher.is_full():
                    await asyncio.sleep(POLL_SECONDS)
                self.guard(partial(self._apply, batch[start : start + SLICE_RECORDS]))
                await asyncio.sleep(0)

    def _is_held_back(self) -> bool:
        limit = self.settings.ahead_bytes_max
        ahead = self.intake.appended_bytes - self.shard.applied_bytes
        return not self.draining and (self.publisher.is_full() or (limit is not None and ahead > limit))

    def _apply(self, records: Batch) -> None:
        mark = self.bookmarks[records[0].topic, records[0].partition]
        fresh = self.shard.fresh(records, mark)
        if fresh:
            outputs = self.shard.apply(fresh)
            self._publish(outputs, self.publisher.delivered(mark.take(fresh[-1].offset + 1, len(outputs))))

    def _publish(self, outputs: list[Output], on_delivery: Delivered) -> None:
        for output in outputs:
            topic = self.settings.topic(output.topic)
            self.publisher.send(topic, encode(output.value), on_delivery, key=output.key.encode())
            if self._on_output is not None:
                self._on_output(output)

    # ------------------------------------------------------------------------------------------------ clocks

    def clocks(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs beside the agents for as long as the worker does."""
        return [self.serve_confirmations()] + ([self.keep_time()] if self.settings.clock == "ticks" else [])

    async def serve_confirmations(self) -> None:
        """Let librdkafka report what the broker has confirmed, every few milliseconds, until something fails."""
        while not self.failed.is_set():
            self.guard(self.publisher.poll)
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

    # ----------------------------------------------------------------------------------------------- failing

    def guard(self, action: Callable[[], object]) -> None:
        """Run a step of the engine; where it fails, note why and end the worker, for Faust's agents must not raise.

        A Faust agent that raises acknowledges what it was given and goes on with the next.
        """
        if self.failed.is_set():
            return
        try:
            action()
        except EngineError as problem:
            self.fail(str(problem))
        except Exception as problem:  # whatever it is, nothing after it may be taken up
            logger.error("the engine fails", exc_info=problem)
            self.fail(f"{type(problem).__name__}: {problem}")

    def fail(self, reason: str) -> None:
        """End the worker; the first reason is the one that is told."""
        self.failure = self.failure or reason
        self.failed.set()


class App(faust.App):
    """A Faust application that leaves nothing on the disk: there are no tables."""

    async def on_first_start(self) -> None:
        """Make no folders."""


def build_app(engine: Engine) -> App:
    """Return the application, ready to start in the running event loop."""
    settings = engine.settings
    app = App(settings.group_id, **faust_options(settings))
    app.transport = BatchTransport(app.conf.broker, cast(AppT, app), engine.bookmarks, engine.intake)
    _add_agent(app, "intake", settings.input_topics, engine.take_in)
    _add_agent(app, "monitor", (settings.log_topic,), engine.apply)
    return app


def _add_agent(
    app: App, name: str, topics: tuple[str, ...], agent: Callable[[AsyncIterable[Batch]], Awaitable[None]]
) -> None:
    # Raw, because there is one parser and it is the monitor's; without acks, because the bookmarks say what to commit.
    channel = app.topic(*topics, key_serializer="raw", value_serializer="raw", acks=False)
    app.agent(channel, name=name)(agent)


def faust_options(settings: EngineSettings) -> dict[str, Any]:
    """Return Faust's settings: explicit timings, nothing declared, nothing served, batches bounded."""
    session = settings.session_timeout_seconds
    return {
        "broker": "kafka://" + ";kafka://".join(settings.broker.replace(" ", "").split(",")),
        "broker_session_timeout": session,
        "broker_heartbeat_interval": session / 5,
        "broker_rebalance_timeout": 2 * session,
        "broker_request_timeout": max(60.0, 2 * session),
        "broker_commit_interval": 1.0,
        "broker_max_poll_records": settings.batch_records_max,
        "consumer_max_fetch_size": 1024 * 1024,
        "consumer_auto_offset_reset": "earliest",
        "table_standby_replicas": 0,  # there are no tables; 0 gives aiokafka's round robin
        "stream_buffer_maxsize": 8,  # of batches
        "stream_wait_empty": True,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "datadir": Path("driftline-unused"),  # never made: see App
    }
