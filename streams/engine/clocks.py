"""What runs beside the agents for as long as a worker does: confirmations, checkpoints, and what moves time."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from typing import Any

from confluent_kafka import KafkaException

from streams.engine.agents import RELEASED_RECORDS, Engine
from streams.engine.bookmarks import Partition
from streams.engine.errors import EngineError
from streams.engine.held import POLL_SECONDS, HeldShard
from streams.engine.intake import wall_us
from streams.engine.memory import look_again
from streams.engine.watching import keep_looking, keep_turning

logger = logging.getLogger(__name__)

ORDER_SECONDS = 0.02
INPUTS_SECONDS = 2.0
FORGET_SECONDS = 5.0
COLLECT_SECONDS = 0.25


def clocks(engine: Engine) -> list[Coroutine[Any, Any, None]]:
    """Return every clock of a worker."""
    moves_time = [keep_time(engine)] if engine.settings.clock == "ticks" else [keep_order(engine), keep_inputs(engine)]
    shards = [held.shard for held in engine.shards.values()]
    return [
        serve_confirmations(engine),
        *moves_time,
        *(keep_checkpoints(engine, held) for held in engine.shards.values()),
        engine.states_ahead.keep(),
        keep_turning(engine.gauges, shards),
        keep_looking(engine.gauges, engine.topics, list(engine.shards)),
    ]


async def serve_confirmations(engine: Engine) -> None:
    """Let librdkafka report what the broker has confirmed, every few milliseconds, until something fails."""
    while not engine.failing.failed.is_set():
        engine.failing.guard(engine.publisher.poll)
        engine.gauges.settle(wall_us())
        await asyncio.sleep(POLL_SECONDS)


async def keep_checkpoints(engine: Engine, held: HeldShard) -> None:
    """Write a checkpoint of a shard every few seconds, once all that was said up to there is confirmed.

    The shards take turns, so that their rows are not all taken at one moment. Where no checkpoints are written, the
    machine forgets now and then which of its rows have changed.
    """
    interval_s = engine.settings.checkpoint_seconds
    await asyncio.sleep(interval_s * held.shard.number / len(engine.shards))
    while not engine.failing.failed.is_set():
        if held.keeper is None:
            await asyncio.sleep(FORGET_SECONDS)
            held.shard.forget_changes()
        else:
            await _collect(engine, held, interval_s)
            await held.checkpoint()
            if not any(one.is_opening() for one in engine.shards.values()):
                look_again()


async def _collect(engine: Engine, held: HeldShard, seconds: float) -> None:
    """Wait for the next checkpoint; what has changed is encoded a few times a second, and not all of it then."""
    steps = math.ceil(seconds / COLLECT_SECONDS)
    for _ in range(steps):
        await asyncio.sleep(seconds / steps)
        engine.failing.guard(held.collect)


async def keep_time(engine: Engine) -> None:
    """Ask where the inputs end and append a tick, on a monotonic clock; a broker that is away gives no ticks.

    A tick that did not know of a new partition could pass what is unread there: where one was added the worker ends, and
    the next start reads it.
    """
    loop = asyncio.get_running_loop()
    due = loop.time()
    while not engine.failing.failed.is_set():
        due = max(due + engine.settings.tick_seconds, loop.time())
        await asyncio.sleep(due - loop.time())
        asked_at_us = wall_us()
        try:
            inputs = await asyncio.to_thread(engine.topics.input_partitions)
            ends = await asyncio.to_thread(engine.topics.ends, engine.inputs)
        except (KafkaException, EngineError) as problem:
            logger.warning("no tick: the broker does not say where the inputs end (%s)", problem)
            continue
        if not _has_grown(engine, inputs) and not engine.draining:
            engine.failing.guard(partial(engine.intake.tick, ends, asked_at_us))


def _has_grown(engine: Engine, inputs: Iterable[Partition]) -> bool:
    """End the worker where an input has a new partition, and say so."""
    added = sorted(set(inputs) - set(engine.inputs))
    if added:
        names = ", ".join(f"{topic}/{number}" for topic, number in added)
        engine.failing.fail(f"the inputs have new partitions ({names}): the next start reads them")
    return bool(added)


async def keep_order(engine: Engine) -> None:
    """Ask where the inputs end and append what may go in the order of observation, many times a second."""
    while not engine.failing.failed.is_set():
        await asyncio.sleep(ORDER_SECONDS)
        try:
            ends = await asyncio.to_thread(engine.topics.ends, engine.inputs)
        except KafkaException as problem:
            logger.warning("nothing is taken in: the broker does not say where the inputs end (%s)", problem)
            continue
        while not engine.is_held_back() and _append_in_order(engine, ends):
            await asyncio.sleep(0)
        engine.resume_paused()


async def keep_inputs(engine: Engine) -> None:
    """Look now and then whether an input has a new partition, of which the order of observation knows nothing."""
    while not engine.failing.failed.is_set():
        await asyncio.sleep(INPUTS_SECONDS)
        try:
            _has_grown(engine, await asyncio.to_thread(engine.topics.input_partitions))
        except (KafkaException, EngineError) as problem:
            logger.warning("the broker does not say which partitions the inputs have (%s)", problem)


def _append_in_order(engine: Engine, ends: Mapping[Partition, int]) -> bool:
    release = partial(engine.intake.release, ends, RELEASED_RECORDS)
    return not engine.draining and bool(engine.failing.guard(release))
