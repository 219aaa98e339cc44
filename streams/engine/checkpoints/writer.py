"""Checkpoints written: the changed rows and the head in one Kafka transaction, by whoever holds the shard.

The transactional id is the shard's, not the worker's. Whoever opens it is the only one that can write: an older holder
that wakes up finds itself shut out (`FencedError`). All calls block; they belong into a thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.engine.checkpoints.head import HEAD_KEY, Head, encode_head
from streams.engine.clients import client_options
from streams.engine.crashpoints import reached
from streams.engine.errors import EngineError

logger = logging.getLogger(__name__)

TRANSACTION_SECONDS = 30.0
PATIENCE_SECONDS = 120.0  # so long a broker may be away before a checkpoint gives up and the worker ends
PAUSE_SECONDS = 0.2
RECORD_BYTES_MAX = 64 * 1024 * 1024
_TOO_LARGE = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE)
_FENCED = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)


class FencedError(EngineError):
    """Another worker holds the shard now."""


class CheckpointWriter:
    """Writes the checkpoints of one shard; opening it shuts every earlier holder out."""

    def __init__(self, broker: str, topic: str, shard: int, transactional_id: str) -> None:
        self._topic, self._shard = topic, shard
        self._name = transactional_id
        self._options = client_options(broker, _options(transactional_id))
        self._options |= {"on_delivery": self._delivered}
        self._producer: Producer  # one for each opening
        self._refused: tuple[str, KafkaError] | None = None  # the first row of a transaction that was, and why

    def open(self) -> None:
        """Take the shard: from now on nobody else can write its state. Raises `EngineError` where that fails.

        A producer can do that once only, so that a shard that comes back gets a new one.
        """
        self._producer = Producer(self._options)
        self._persist(lambda: self._producer.init_transactions(TRANSACTION_SECONDS))

    def write(self, rows: Mapping[str, bytes | None], head: Head) -> None:
        """Write a checkpoint; it is there as a whole when this returns, and not at all where this raises.

        Raises `FencedError` where another worker holds the shard, and `EngineError` where the broker stays away.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._written(rows, head):
            if time.monotonic() > deadline:
                raise EngineError(f"no checkpoint of {self._name} could be written for {PATIENCE_SECONDS:g} s")
            time.sleep(PAUSE_SECONDS)

    def _written(self, rows: Mapping[str, bytes | None], head: Head) -> bool:
        """Try once; False where it was taken back and may be tried again."""
        self._refused = None
        try:
            self._producer.begin_transaction()
            waiting = iter(rows.items())
            self._send_all(islice(waiting, len(rows) // 2))
            reached("transaction.half")
            self._send_all(waiting)
            self._send(HEAD_KEY, encode_head(head))
            reached("transaction.whole")
            self._persist(lambda: self._producer.commit_transaction(TRANSACTION_SECONDS))
            reached("transaction.committed")
        except KafkaException as problem:
            return self._take_back(problem.args[0])
        return True

    def _take_back(self, problem: KafkaError) -> bool:
        if problem.code() == KafkaError._FATAL:
            problem = self._cause() or problem
        if problem.code() in _FENCED:
            raise FencedError(f"another worker holds {self._name} now: this one ends") from None
        self._producer.poll(0)
        if self._refused is not None and self._refused[1].code() in _TOO_LARGE:
            row, why = self._refused
            raise EngineError(
                f"a checkpoint of {self._name} failed: the broker does not take the row {row} ({why.str()}): "
                f"let {self._topic} take larger ones (max.message.bytes)"
            )
        # What was sent before has failed, and `produce` only says that the transaction is in no state to go on.
        has_failed = problem.code() == KafkaError._STATE
        if problem.fatal() or not (has_failed or problem.txn_requires_abort()):
            raise EngineError(f"a checkpoint of {self._name} failed: {problem.str()}") from None
        logger.warning(
            "a checkpoint of %s is taken back and tried again: %s %s", self._name, problem, self._refused or ""
        )
        self._persist(lambda: self._producer.abort_transaction(TRANSACTION_SECONDS))
        return False

    def _cause(self) -> KafkaError | None:
        """Return why the producer can do nothing any more: `produce` only says that it cannot, a transaction says why."""
        try:
            self._producer.abort_transaction(TRANSACTION_SECONDS)
        except KafkaException as said:
            cause: KafkaError = said.args[0]
            return cause
        return None

    def _delivered(self, problem: KafkaError | None, message: Message) -> None:
        """Note which row was refused first; only failures are told."""
        if problem is not None and self._refused is None:
            self._refused = ((message.key() or b"").decode("utf-8", "replace"), problem)

    def _send_all(self, rows: Iterable[tuple[str, bytes | None]]) -> None:
        """Send rows one after the other; a call for each would cost as much as sending it."""
        produce, topic, shard = self._producer.produce, self._topic, self._shard
        for key, value in rows:
            try:
                produce(topic, value, key.encode(), partition=shard)
            except BufferError:
                self._send(key.encode(), value)

    def _send(self, key: bytes, value: bytes | None) -> None:
        while True:
            try:
                self._producer.produce(self._topic, value, key, partition=self._shard)
            except BufferError:
                self._producer.poll(0.05)
            else:
                return

    def _persist(self, act: Any) -> None:
        """Do what may have to be asked for again; raise what is to be decided by the caller."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                act()
            except KafkaException as problem:
                error = problem.args[0]
                if error.code() in _FENCED:
                    raise FencedError(f"another worker holds {self._name} now: this one ends") from None
                if not error.retriable() or time.monotonic() > deadline:
                    if error.txn_requires_abort() and not error.fatal():
                        raise
                    raise EngineError(f"{self._name} cannot go on: {error.str()}") from None
                time.sleep(PAUSE_SECONDS)
            else:
                return


def _options(transactional_id: str) -> dict[str, Any]:
    return {
        "client.id": transactional_id,
        "transactional.id": transactional_id,
        "transaction.timeout.ms": int(TRANSACTION_SECONDS * 1000),
        "linger.ms": 5,
        "delivery.report.only.error": True,
        "compression.type": "lz4",  # only librdkafka reads it
        "message.max.bytes": RECORD_BYTES_MAX,
        "queue.buffering.max.messages": 500_000,
    }
