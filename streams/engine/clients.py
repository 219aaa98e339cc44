"""What every client of the broker is told (where it is, where to put its own log lines), and asks: where a log ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

# Otherwise librdkafka writes to standard error itself, also each time an embedded broker goes away as it should.
KAFKA_LOGGER = logging.getLogger("driftline.kafka")
LEADER_SECONDS = 30.0
PAUSE_SECONDS = 0.05
# For who reads as much as there is: librdkafka asks for no more while 100,000 records wait, and then once a second.
READING_ON = {"fetch.queue.backoff.ms": 10}


def client_options(broker: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a confluent-kafka client of `broker` with these `options`."""
    return {"bootstrap.servers": broker, "logger": KAFKA_LOGGER, **options}


def ends_of(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Return where a partition begins and ends; asked again while it has no leader, as when it was just made.

    Raises `KafkaException` where it has none for half a minute.
    """
    deadline = time.monotonic() + LEADER_SECONDS
    while True:
        try:
            first, end = consumer.get_watermark_offsets(place, timeout=LEADER_SECONDS)
        except KafkaException as problem:
            if problem.args[0].code() not in _NO_LEADER or time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return int(first), int(end)


_NO_LEADER = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
