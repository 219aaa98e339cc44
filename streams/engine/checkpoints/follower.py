"""The checkpoints of a shard one after the other, as they are written.

Compaction may remove rows, and heads, of all but the last one. Offsets say where it has: the records of one transaction
follow each other, and between two of them there is only the mark of the commit.
"""

from __future__ import annotations

import time
from collections import deque

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.checkpoints.head import HEAD_KEY, Head, read_head
from streams.engine.checkpoints.reader import OPTIONS
from streams.engine.clients import client_options, ends_of
from streams.engine.errors import EngineError

FETCH_RECORDS = 10_000
FETCH_SECONDS = 0.05
FRESH_SECONDS = 30.0  # half of the time that compaction leaves alone: of what was read till then nothing is gone since
FETCH_WAIT_MS = 500  # it waits for what is to come, and need not ask all the time
QUIET_SECONDS = 30.0
COMMIT_MARKS = 1  # between the head of a transaction and the first row of the next; the embedded broker writes none


class Written(msgspec.Struct, frozen=True, gc=False):
    """What was written up to a head, since the head before; `is_whole` where nothing of it can have been removed.

    What is not whole is one checkpoint of which something is gone, or several at once; only at the end of the topic
    the rows are known to be those of the head.
    """

    head: Head
    rows: dict[bytes, bytes | None]
    is_whole: bool


class StateFollower:
    """Reads what is committed in a partition of the state, from its beginning on. All calls block."""

    def __init__(self, broker: str, topic: str, shard: int) -> None:
        self._topic, self._shard = topic, shard
        self._consumer = Consumer(client_options(broker, {**OPTIONS, "fetch.wait.max.ms": FETCH_WAIT_MS}))
        self._consumer.assign([TopicPartition(topic, shard, 0)])
        self._fetched: deque[Message] = deque()
        self._rows: dict[bytes, bytes | None] = {}
        self._due: tuple[int, ...] = (0,)  # the offsets at which a record can be if none was removed before it
        self._is_whole = True
        self._is_at_end = False
        self._read_to = 0  # the offset behind the last head

    def close(self) -> None:
        self._consumer.close()

    def next(self, seconds: float, *, to_end: bool = False) -> Written | None:
        """Return the next checkpoint; None where nothing comes for `seconds`, or with `to_end` where the topic ends.

        Raises `EngineError` where the topic cannot be read, and `StateError` where a head is not one of this program.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while self._fetched:
                written = self._take(self._fetched.popleft())
                if written is not None:
                    return written
            if to_end and self._is_over():
                return None
            if self._fetch():
                deadline = time.monotonic() + seconds
        return None

    def last(self) -> Written | None:
        """Return all that comes up to where the topic ends now, at the last head; None where there is nothing.

        A worker may go on writing meanwhile, faster than the end of the topic can be met. Raises as `next`, and
        `EngineError` where nothing comes for half a minute and it is not the end.
        """
        rows: dict[bytes, bytes | None] = {}
        head, end, asked_s = None, self._end(), time.monotonic()
        while (written := self.next(QUIET_SECONDS, to_end=True)) is not None:
            rows.update(written.rows)
            head = written.head
            if self._read_to + COMMIT_MARKS >= end:
                if time.monotonic() - asked_s < FRESH_SECONDS:
                    break
                end, asked_s = self._end(), time.monotonic()
        else:
            if not self._is_over():
                raise EngineError(f"{self._topic} gave nothing for {QUIET_SECONDS:g} s before its end")
        return None if head is None else Written(head, rows, is_whole=True)

    def _end(self) -> int:
        try:
            return ends_of(self._consumer, TopicPartition(self._topic, self._shard))[1]
        except KafkaException as problem:
            raise EngineError(f"{self._topic} cannot be read: {problem.args[0].str()}") from None

    def _is_over(self) -> bool:
        """Say whether all is read; what a transaction has begun on the embedded broker is not the end of it."""
        return self._is_at_end and not self._rows and not self._fetched

    def _fetch(self) -> bool:
        try:
            messages = self._consumer.consume(FETCH_RECORDS, FETCH_SECONDS)
        except KafkaException as problem:
            raise EngineError(f"{self._topic} cannot be read: {problem.args[0].str()}") from None
        self._fetched.extend(messages)
        return bool(messages)

    def _take(self, message: Message) -> Written | None:
        problem = message.error()
        if problem is not None:
            self._on_error(problem)
            return None
        self._is_at_end = False
        offset, key, value = message.offset() or 0, message.key(), message.value()
        self._is_whole = self._is_whole and offset in self._due
        self._due = (offset + 1,)
        if key != HEAD_KEY:
            self._rows[key or b""] = value
            return None
        return self._complete(offset, value or b"")

    def _complete(self, offset: int, encoded: bytes) -> Written:
        self._read_to = offset + 1
        written = Written(read_head(encoded, self._topic, self._shard), self._rows, self._is_whole)
        self._rows, self._is_whole = {}, True
        self._due = tuple(range(offset + 1, offset + 2 + COMMIT_MARKS))
        return written

    def _on_error(self, problem: KafkaError) -> None:
        if problem.code() == KafkaError._PARTITION_EOF:
            self._is_at_end = True
        elif not problem.retriable():
            raise EngineError(f"{self._topic} cannot be read: {problem.str()}")
