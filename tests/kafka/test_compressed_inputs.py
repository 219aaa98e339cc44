"""Inputs come as their producers compress them: every codec of Kafka is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from streams.engine.clients import client_options
from streams.engine.logfile import read_records
from streams.engine.settings import EngineSettings
from tests.kafka.working import Worker, wait


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_an_input_is_read_however_it_is_compressed(on_kafka: Callable[..., EngineSettings], codec: str) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    values = [b'{"event_id":"%d","padding":"%s"}' % (number, b"again and " * 50) for number in range(50)]
    with Worker(settings) as worker:
        producer = Producer(client_options(settings.broker, {"compression.type": codec, "linger.ms": 50}))
        for value in values:
            producer.produce(settings.topic("transfers"), value, partition=0)
        assert producer.flush(10) == 0
        wait(lambda: len(logged(settings)) == len(values))
    assert worker.code == 0
    assert logged(settings) == values


def logged(settings: EngineSettings) -> list[bytes]:
    entries = read_records(settings.broker, settings.log_topic)
    return [record.value for _, record in entries if record.topic == "transfers"]
