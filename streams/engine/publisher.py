"""Records out to the broker, in order and confirmed: librdkafka's idempotent producer, with a count kept per ticket.

A ticket is settled when the broker has confirmed each record that was sent for it. One that it refuses, or does not
confirm in time, ends the worker: what was not confirmed is not committed either, and is done again at the next start.
Time is kept here and not by librdkafka, which would give up one record and send the next: a gap in the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.engine.bookmarks import Ticket
from streams.engine.clients import client_options
from streams.engine.errors import DeliveryError
from streams.engine.settings import EngineSettings

QUEUED_RECORDS_MAX = 200_000  # of librdkafka's queue; half of it is what the engine lets itself fill
RECORD_BYTES_MAX = 64 * 1024 * 1024  # the log takes whatever an input topic took

Delivered = Callable[[KafkaError | None, Message], None]


class Publisher:
    """Sends records and counts their confirmations down on tickets; for one thread only."""

    def __init__(self, settings: EngineSettings) -> None:
        self._producer = Producer(producer_options(settings))
        self._patience_s = settings.delivery_timeout_seconds
        self._waiting_since_s: float | None = None  # since when something has waited and nothing was confirmed
        self.failure: str | None = None

    def delivered(self, ticket: Ticket) -> Delivered:
        """Return the callback that counts one delivery down on `ticket`."""
        return partial(self._settle, ticket)

    def send(
        self,
        topic: str,
        value: bytes,
        on_delivery: Delivered,
        *,
        key: bytes | None = None,
        partition: int = -1,
    ) -> None:
        """Queue one record (`partition` -1: by its key); raise `DeliveryError` where it can never be sent."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition=partition, on_delivery=on_delivery)
            except BufferError:  # full by bytes: wait for confirmations, and no longer than `poll` would
                self.poll(0.05)
            except KafkaException as refusal:
                raise DeliveryError(f"a record of {len(value):,} bytes cannot be sent to {topic}: {refusal}") from None
            else:
                return

    def poll(self, wait_seconds: float = 0.0) -> None:
        """Serve the confirmations that have arrived; raise `DeliveryError` where one is a refusal, or none comes."""
        self._producer.poll(wait_seconds)
        if self.failure is not None:
            raise DeliveryError(self.failure)
        now_s = time.monotonic()
        if not self.queued():
            self._waiting_since_s = None
        elif self._waiting_since_s is None:
            self._waiting_since_s = now_s
        elif now_s - self._waiting_since_s > self._patience_s:
            raise DeliveryError(f"no record was confirmed for {self._patience_s:g} s, and {self.queued():,} wait")

    def queued(self) -> int:
        """Return how many records are not confirmed yet."""
        return len(self._producer)

    def is_full(self) -> bool:
        """Say whether so much is queued that nothing more should be taken up."""
        return self.queued() > QUEUED_RECORDS_MAX // 2

    def flush(self, timeout_seconds: float) -> None:
        """Wait until everything is confirmed; raise `DeliveryError` where it is not within the time."""
        left = self._producer.flush(timeout_seconds)
        if self.failure is not None:
            raise DeliveryError(self.failure)
        if left:
            raise DeliveryError(f"{left:,} records were not confirmed within {timeout_seconds:g} s")

    def _settle(self, ticket: Ticket, problem: KafkaError | None, message: Message) -> None:
        if problem is None:
            ticket.outstanding -= 1
            self._waiting_since_s = None
        elif self.failure is None:
            self.failure = f"a record for {message.topic()} was not confirmed: {problem.str()}"


def producer_options(settings: EngineSettings) -> dict[str, Any]:
    """Return librdkafka's options for records that are kept in order, once each, and confirmed by all replicas."""
    options = {
        "client.id": f"{settings.group_id}-publisher",
        "enable.idempotence": True,  # implies acks=all and order within a partition
        "linger.ms": 1,
        "compression.type": settings.compression,
        "compression.level": 1 if settings.compression == "gzip" else -1,
        "delivery.timeout.ms": 0,  # never: see above
        "message.max.bytes": RECORD_BYTES_MAX,
        "queue.buffering.max.messages": QUEUED_RECORDS_MAX,
    }
    return client_options(settings.broker, options)
