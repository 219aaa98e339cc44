"""Waiting until a run has come to rest: all that was fed is in the log, and checkpoints cover the log as it is then."""

from __future__ import annotations

import time
from typing import NoReturn

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.engine.checkpoints import last_head
from streams.engine.settings import EngineSettings
from streams.engine.topics import end_offsets
from tests.chaos.feeder import Feeder
from tests.chaos.fleet import Fleet
from tests.chaos.spool import Heads

REST_SECONDS = 300.0


def rest(
    settings: EngineSettings, feeder: Feeder | None, fleet: Fleet, heads: Heads, seconds: float = REST_SECONDS
) -> None:
    """Return when the run is at rest; raise AssertionError with what the workers said where nothing has moved for so long."""
    deadline = time.monotonic() + seconds
    while feeder is not None and not feeder.is_done:
        _in_time(deadline, "the feed does not end", fleet)
    admin = AdminClient({"bootstrap.servers": settings.broker, "log_level": 0})
    while not all_taken_in(settings, admin):
        _in_time(deadline, "not all that was fed is in the log", fleet)
    places = [(settings.log_topic, shard) for shard in range(settings.shards)]
    ends = [end for _, end in sorted(end_offsets(admin, places).items())]
    moved_s, behind = time.monotonic(), _behind(heads, ends)
    while behind:
        if time.monotonic() > moved_s + seconds:
            there = [last_head(settings.broker, settings.state_topic, shard) for shard in range(settings.shards)]
            held = [head.position if head else None for head in there]
            sentence = f"no checkpoints reach {ends}, the last are of {heads.positions}, in the topic {held}"
            _give_up(sentence, fleet)
        time.sleep(0.1)
        before, behind = behind, _behind(heads, ends)
        if behind != before:
            moved_s = time.monotonic()


def _behind(heads: Heads, ends: list[int]) -> dict[int, int]:
    """Return the position of each shard that is not where its log ended: those that are there go on, with ticks."""
    places = enumerate(zip(heads.positions, ends, strict=True))
    return {shard: position for shard, (position, end) in places if position < end}


def _in_time(deadline: float, sentence: str, fleet: Fleet) -> None:
    time.sleep(0.1)
    if time.monotonic() > deadline:
        _give_up(sentence, fleet)


def _give_up(sentence: str, fleet: Fleet) -> NoReturn:
    words = "; ".join(f"{worker.number}: {worker.last_words()}" for worker in fleet.workers)
    raise AssertionError(f"{sentence} ({words}; {fleet.findings[-5:]}){fleet.stacks()}")


def all_taken_in(settings: EngineSettings, admin: AdminClient) -> bool:
    """Say whether the group has committed all that the inputs hold."""
    places = [(topic, number) for topic in settings.input_topics for number in range(settings.input_partitions)]
    consumer = Consumer({"bootstrap.servers": settings.broker, "group.id": settings.group_id, "log_level": 0})
    try:
        ends = end_offsets(admin, places)
        committed = consumer.committed([TopicPartition(*place) for place in places], timeout=5)
    except KafkaException:
        return False
    finally:
        consumer.close()
    return all(max(one.offset, 0) >= ends[one.topic, one.partition] for one in committed)
