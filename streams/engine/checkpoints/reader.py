"""The last checkpoint of a shard that was written whole, read back from the compacted topic `state`.

Only what was committed is read. Rows stay bytes until somebody needs them as data: that keeps the garbage collector and
the memory out of a recovery.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.checkpoints.head import HEAD_KEY, Head, read_head
from streams.engine.clients import READING_ON, client_options
from streams.engine.errors import StateError, UnavailableError

FETCH_RECORDS = 2_000
FETCH_SECONDS = 0.05  # consume() waits its whole time unless it has all the records it was asked for
QUIET_SECONDS = 30.0


class Saved(msgspec.Struct, frozen=True, gc=False):
    """What was read: the head of the last checkpoint, None where there is none, and its rows by key, both as bytes."""

    head: Head | None
    rows: dict[bytes, bytes]
    records: int = 0


def read_saved(broker: str, topic: str, shard: int, begun: StateReader | None = None) -> Saved:
    """Return the last checkpoint of a shard; where reading it was `begun` already, it goes on from there.

    Raises `StateError` where the topic holds rows and no head, or a head that cannot be read, and `EngineError` where
    the broker does not answer for 30 seconds.
    """
    reader = begun or StateReader(broker, topic, shard)
    reader.read()
    return reader.saved()


class StateReader:
    """The rows of a shard as far as they were read: `records` and `size_bytes` are what that took.

    What was read may be the half of a checkpoint, until all is read that is there. `begun_s` is when it was begun
    (seconds since 1970 UTC): rows that are deleted are heard of for a day, so an old one must not be gone on with.
    """

    def __init__(self, broker: str, topic: str, shard: int) -> None:
        self._broker, self._topic, self._shard = broker, topic, shard
        self.begun_s = time.time()
        self._forget()

    def _forget(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._next = 0  # the offset from which it goes on
        self.records = self.size_bytes = 0

    def read(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Read on to where the topic ends now, or until there is enough; raise `EngineError` as `read_saved`."""
        try:
            self._read(is_enough)
        except KafkaException as problem:
            if problem.args[0].code() == KafkaError._AUTO_OFFSET_RESET and self._next:
                self._forget()  # where it ended is not there any more: the topic was made anew
                self.read(is_enough)
                return
            raise UnavailableError(
                f"{self._topic} cannot be read from {self._broker}: {problem.args[0].str()}"
            ) from None

    def _read(self, is_enough: Callable[[], bool]) -> None:
        options = {**OPTIONS, "auto.offset.reset": "error"} if self._next else OPTIONS
        consumer = Consumer(client_options(self._broker, options))
        try:
            for messages in fetches_to_end(consumer, TopicPartition(self._topic, self._shard, self._next)):
                self._take(messages)
                if is_enough():
                    return
        finally:
            consumer.close()

    def _take(self, messages: list[Message]) -> None:
        rows, size_bytes = self._rows, 0
        for message in messages:
            key, value = message.key(), message.value()
            if value is None:
                rows.pop(key, None)  # type: ignore[arg-type]  # keys are bytes
            else:
                rows[key] = value  # type: ignore[index]  # likewise
                size_bytes += len(value)
        if messages:
            self._next = messages[-1].offset() + 1  # type: ignore[operator]  # what was read has an offset
            self.records += len(messages)
            self.size_bytes += size_bytes

    def saved(self) -> Saved:
        """Hand over what was read, to the end of the topic, as the last checkpoint; raise `StateError` as `read_saved`."""
        encoded = self._rows.pop(HEAD_KEY, None)
        if encoded is not None:
            return Saved(read_head(encoded, self._topic, self._shard), self._rows, self.records)
        if self._rows:
            raise StateError(
                f"{self._topic} holds rows of shard {self._shard} and no head: it was not written by Driftline"
            )
        return Saved(None, self._rows, self.records)


OPTIONS = {
    **READING_ON,
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


def fetches_to_end(consumer: Consumer, place: TopicPartition) -> Iterator[list[Message]]:
    """Yield all that is committed in a partition, up to where it ends now, as many at a time as come."""
    consumer.assign([place])
    quiet = 0
    while quiet * FETCH_SECONDS <= QUIET_SECONDS:
        messages = consumer.consume(FETCH_RECORDS, FETCH_SECONDS)
        quiet = 0 if messages else quiet + 1
        found: list[Message] = []
        for message in messages:
            problem = message.error()
            if problem is None:
                found.append(message)
            elif problem.code() == KafkaError._PARTITION_EOF:
                yield found
                return
            elif not problem.retriable():
                raise KafkaException(problem)
        yield found
    raise UnavailableError(f"{place.topic} gave nothing for {QUIET_SECONDS:g} s before its end")
