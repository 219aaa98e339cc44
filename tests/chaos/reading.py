"""The topics of a run, read back from their beginning to where they end now, by a client that knows no engine."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, KafkaError, Message, TopicPartition

from streams.engine.clients import READING_ON
from streams.record import Record

HEAD = b'["head"]'
OWN = "control/driftline"
_decode = msgspec.json.decode


def read(broker: str, topic: str, number: int) -> Iterator[Message]:
    """Yield all that is committed in a partition, to where it ends now."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker, "group.id": "chaos-checker", "enable.auto.commit": False, "log_level": 0,
            "auto.offset.reset": "earliest", "isolation.level": "read_committed", "enable.partition.eof": True,
            "queued.max.messages.kbytes": 32_768, **READING_ON,
        }
    )  # fmt: skip
    try:
        consumer.assign([TopicPartition(topic, number, 0)])
        while True:
            for message in consumer.consume(5_000, 0.05):
                problem = message.error()
                if problem is None:
                    yield message
                elif problem.code() == KafkaError._PARTITION_EOF:
                    return
                else:
                    raise AssertionError(f"{topic} cannot be read: {problem.str()}")
    finally:
        consumer.close()


def entry_of(message: Message) -> Record:
    """Return what a message of the log holds, as the machine takes it."""
    origin, logged_at_us = _decode(message.key() or b"")
    return Record(origin.partition("/")[0], message.value() or b"", origin, logged_at_us)


def stamped_us(message: Message) -> int:
    """Return when the broker appended a message; raise AssertionError where that is not what its topic keeps."""
    kind, milliseconds = message.timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME, f"{message.topic()} is not stamped by the broker: see `create_topics`"
    return milliseconds * 1_000


def kind_of(value: bytes) -> object:
    """Return the `kind` that a record of Driftline's own says; None where it cannot be read."""
    try:
        return _decode(value or b"{}").get("kind")
    except (msgspec.DecodeError, AttributeError):
        return None


def short(value: bytes | None) -> str:
    """Return the beginning of some bytes for a sentence."""
    return "not there" if value is None else value[:120].decode("utf-8", "replace")
