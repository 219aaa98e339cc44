"""The last checkpoint of a shard that was written whole, read back from the compacted topic `state`.

Only what was committed is read. Rows stay bytes until somebody needs them as data: that keeps the garbage collector and
the memory out of a recovery.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.checkpoints.head import HEAD_KEY, Head, read_head
from streams.engine.clients import client_options
from streams.engine.errors import StateError, UnavailableError

FETCH_RECORDS = 2_000
FETCH_SECONDS = 0.05  # consume() waits its whole time unless it has all the records it was asked for
QUIET_SECONDS = 30.0


class Saved(msgspec.Struct, frozen=True, gc=False):
    """What was read: the head of the last checkpoint, None where there is none, and its rows by key, both as bytes."""

    head: Head | None
    rows: dict[bytes, bytes]
    records: int = 0


def read_saved(broker: str, topic: str, shard: int) -> Saved:
    """Return the last checkpoint of a shard.

    Raises `StateError` where the topic holds rows and no head, or a head that cannot be read, and `EngineError` where
    the broker does not answer for 30 seconds.
    """
    consumer = Consumer(client_options(broker, OPTIONS))
    rows: dict[bytes, bytes] = {}
    count = 0
    try:
        for message in messages_to_end(consumer, TopicPartition(topic, shard, 0)):
            count += 1
            key, value = message.key(), message.value()
            if value is None:
                rows.pop(key, None)  # type: ignore[arg-type]  # keys are bytes
            else:
                rows[key] = value  # type: ignore[index]
    except KafkaException as problem:
        raise UnavailableError(f"{topic} cannot be read from {broker}: {problem.args[0].str()}") from None
    finally:
        consumer.close()
    return Saved(_head(topic, shard, rows), rows, count)


OPTIONS = {
    "group.id": "driftline-state-reader",  # assigns itself and commits nothing; librdkafka asks for a name
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "fetch.min.bytes": 1,
    "fetch.wait.max.ms": 10,  # that the end is reached is said by an empty answer, for which a broker takes half a second
    "queued.max.messages.kbytes": 262_144,
    "max.partition.fetch.bytes": 16 * 1024 * 1024,  # of one partition, and all of it: the default asks a hundred times
}


def _head(topic: str, shard: int, rows: dict[bytes, bytes]) -> Head | None:
    encoded = rows.pop(HEAD_KEY, None)
    if encoded is None:
        if rows:
            raise StateError(f"{topic} holds rows of shard {shard} and no head: it was not written by Driftline")
        return None
    return read_head(encoded, topic, shard)


def messages_to_end(consumer: Consumer, place: TopicPartition) -> Iterator[Message]:
    """Yield all that is committed in a partition, up to where it ends now."""
    consumer.assign([place])
    quiet = 0
    while quiet * FETCH_SECONDS <= QUIET_SECONDS:
        messages = consumer.consume(FETCH_RECORDS, FETCH_SECONDS)
        quiet = 0 if messages else quiet + 1
        for message in messages:
            problem = message.error()
            if problem is None:
                yield message
            elif problem.code() == KafkaError._PARTITION_EOF:
                return
            elif not problem.retriable():
                raise KafkaException(problem)
    raise UnavailableError(f"{place.topic} gave nothing for {QUIET_SECONDS:g} s before its end")
