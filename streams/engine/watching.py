"""What looks at an engine from inside it, each second: whether its event loop turns, and how far it is behind.

Two clocks, because a broker that does not answer must not look like an event loop that does not turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from confluent_kafka import KafkaException

from streams.engine.bookmarks import Partition
from streams.engine.errors import EngineError
from streams.engine.gauges import Gauges
from streams.engine.shard import Shard
from streams.engine.topics import Topics

ROUND_SECONDS = 0.5
LOOK_SECONDS = 1.0
LOOKS_TO_TOPICS = 15


async def keep_turning(gauges: Gauges, shards: Sequence[Shard]) -> None:
    """Note that the event loop turns, and which shards are open."""
    while True:
        gauges.turned_s = time.monotonic()
        for shard in shards:
            gauges.shards[shard.number].stands(is_open=shard.is_open, position=shard.position)
        await asyncio.sleep(ROUND_SECONDS)


async def keep_looking(gauges: Gauges, topics: Topics, log: Sequence[Partition]) -> None:
    """Ask the broker where the log ends, shard by shard, and now and then whether all topics are there still."""
    looks = 0
    while True:
        with suppress(KafkaException, EngineError):  # what is asked in vain is seen by when it last was not
            ends = await asyncio.to_thread(topics.ends, log)
            gauges.answered_s = time.monotonic()
            for (_, number), end in ends.items():
                gauges.shards[number].log_end = end
            if looks % LOOKS_TO_TOPICS == 0:
                counts = await asyncio.to_thread(topics.partition_counts)
                gauges.missing_topics = tuple(one.topic for one in topics.declared if one.topic not in counts)
        looks += 1
        await asyncio.sleep(LOOK_SECONDS)
