"""The log read back: as entries, as the contract's exported lines, and into a file that `replay` takes.

A replay of the file is the live run again, byte for byte; it is also what a bug report is made of.
"""

from __future__ import annotations

import gzip
import heapq
import threading
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.clients import READING_ON, client_options, ends_of
from streams.engine.entries import entry_record
from streams.engine.errors import LogError, UnavailableError
from streams.lines import format_line
from streams.record import Record

FETCH_RECORDS = 10_000


class LogEnds(msgspec.Struct, frozen=True):
    """Where a partition of the log begins and ends, and its first record: value and origin, where it is there."""

    first: int
    end: int
    begins: tuple[bytes, str] | None


# consume() waits its whole time unless it has all the records it was asked for.
FETCH_SECONDS = 0.05
QUIET_SECONDS = 30.0


def read_records(
    broker: str, topic: str, *, shard: int = 0, start: int = 0, follow: threading.Event | None = None
) -> Iterator[tuple[int, Record]]:
    """Yield offset and record of a shard's log, from offset `start` to where the log ends now.

    With `follow` it goes on until the event is set, and then to where the log ends at that moment. Raises `LogError`
    where offsets are missing, `EngineError` where the broker does not answer for 30 seconds.
    """
    place = TopicPartition(topic, shard, start)
    consumer = Consumer(
        client_options(
            broker,
            {
                **READING_ON,
                "group.id": "driftline-log-reader",  # assigns itself and commits nothing; librdkafka asks for a name
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",  # a log whose beginning is gone is noticed by its first offset
            },
        )
    )
    try:
        consumer.assign([place])
        yield from _read(consumer, place, follow)
    except KafkaException as problem:
        raise UnavailableError(f"{topic} cannot be read from {broker}: {problem.args[0].str()}") from None
    finally:
        consumer.close()


def read_ends(broker: str, place: tuple[str, int]) -> LogEnds:
    """Return where a partition of the log begins and ends, and its first record where it still has that."""
    topic, shard = place
    consumer = Consumer(client_options(broker, {"group.id": "driftline-log-reader", "enable.auto.commit": False}))
    try:
        first, end = ends_of(consumer, TopicPartition(topic, shard))
    except KafkaException as problem:
        raise UnavailableError(f"{topic} cannot be read from {broker}: {problem.args[0].str()}") from None
    finally:
        consumer.close()
    if first > 0 or end == 0:
        return LogEnds(first, end, None)
    for _, record in read_records(broker, topic, shard=shard):
        return LogEnds(first, end, (record.value, record.origin))
    return LogEnds(first, end, None)


def _read(consumer: Consumer, place: TopicPartition, follow: threading.Event | None) -> Iterator[tuple[int, Record]]:
    due = place.offset
    end = None if follow else ends_of(consumer, place)[1]
    quiet_fetches = 0
    while end is None or due < end:
        if end is None and follow is not None and follow.is_set():
            end = ends_of(consumer, place)[1]
        messages = consumer.consume(FETCH_RECORDS, FETCH_SECONDS)
        quiet_fetches = 0 if messages or end is None else quiet_fetches + 1
        if quiet_fetches * FETCH_SECONDS > QUIET_SECONDS:
            raise UnavailableError(
                f"{place.topic} gave nothing for {QUIET_SECONDS:g} s before its end ({due} of {end})"
            )
        for message in messages:
            offset = _offset(message, due)
            if end is not None and offset >= end:
                return
            yield offset, entry_record(message.key(), message.value())
            due = offset + 1


def _offset(message: Message, due: int) -> int:
    problem = message.error()
    if isinstance(problem, KafkaError):
        raise KafkaException(problem)
    offset = message.offset()
    if offset != due:
        raise LogError(f"the log has lost records: offset {due} was due and {offset} came, so it cannot be replayed")
    return due


def read_log(broker: str, topic: str, *, shard: int = 0, follow: threading.Event | None = None) -> Iterator[bytes]:
    """Yield the log of one shard as exported lines, without line ends; see `read_records`."""
    for _, record in read_records(broker, topic, shard=shard, follow=follow):
        yield format_line(record, shard)


def read_logs(broker: str, topic: str, shards: int) -> Iterator[bytes]:
    """Yield the logs of all shards as exported lines: each in its own order, merged by when they were appended."""
    logs = (_appended(broker, topic, shard) for shard in range(shards))
    for _, shard, _, record in heapq.merge(*logs):
        yield format_line(record, shard)


def _appended(broker: str, topic: str, shard: int) -> Iterator[tuple[int, int, int, Record]]:
    """Yield each record of a shard with what it is merged by; no record goes before an earlier one of its shard."""
    latest_us = 0
    for offset, record in read_records(broker, topic, shard=shard):
        latest_us = max(latest_us, record.logged_at_us or 0)
        yield latest_us, shard, offset, record


def shards_of_log(broker: str, topic: str) -> int:
    """Return how many partitions the log has; raise `LogError` where there is none."""
    consumer = Consumer(client_options(broker, {"group.id": "driftline-log-reader"}))
    try:
        found = consumer.list_topics(topic, timeout=QUIET_SECONDS).topics[topic]
    except KafkaException as problem:
        raise UnavailableError(f"no broker answers at {broker}: {problem.args[0].str()}") from None
    finally:
        consumer.close()
    if found.error is not None or not found.partitions:
        raise LogError(f"{broker} has no topic {topic}")
    return len(found.partitions)


def export_log(broker: str, path: Path, *, topic: str = "log") -> int:
    """Write the log, of all its shards, to `path` (compressed where it ends in .gz); return the number of lines.

    Raises as `read_records`.
    """
    count, shards = 0, shards_of_log(broker, topic)
    with _open(path) as file:
        for line in read_logs(broker, topic, shards):
            file.write(line + b"\n")
            count += 1
    return count


def _open(path: Path) -> BufferedIOBase:
    # Without a time stamp in it, the same log gives the same file.
    return gzip.GzipFile(path, "wb", mtime=0) if path.suffix == ".gz" else path.open("wb")
