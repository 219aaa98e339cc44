"""What a worker meets when it starts, and later: a broker that does not answer yet, an input that has grown."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from streams.engine import topics
from streams.engine.clients import client_options
from streams.engine.logfile import read_records
from streams.engine.settings import EngineSettings
from streams.engine.worker import worker_main
from streams.monitor import Settings
from tests.kafka.broker import KafkaBroker
from tests.kafka.working import Worker, chunks, log_end, send, wait

OnKafka = Callable[..., EngineSettings]


def origins(settings: EngineSettings) -> set[str]:
    return {record.origin for _, record in read_records(settings.broker, settings.log_topic)}


def add_partition(settings: EngineSettings, topic: str) -> None:
    admin = AdminClient(client_options(settings.broker, {}))
    for answer in admin.create_partitions([NewPartitions(topic, 2)]).values():
        answer.result(10)


def test_a_start_waits_for_a_broker_that_does_not_answer_yet(
    kafka: KafkaBroker, on_kafka: OnKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "REQUEST_SECONDS", 1.0)
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    with Worker(settings) as worker:  # makes the topics and starts
        kafka.pause()
        time.sleep(3)
        kafka.resume()
        [chunk] = chunks(1, 50)
        worker.wait_for_state(send(settings, chunk) + 1)
    assert worker.code == 0


def test_a_start_without_a_broker_ends_after_its_patience(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(topics, "REQUEST_SECONDS", 0.2)
    begun_s = time.monotonic()
    settings = EngineSettings(broker="127.0.0.1:1", start_patience_seconds=2.0)
    assert worker_main(settings, Settings()) == 2
    assert 2.0 < time.monotonic() - begun_s < 20
    assert "no broker answers at 127.0.0.1:1" in capsys.readouterr().err


def test_a_new_partition_of_an_input_ends_the_worker_and_the_next_start_reads_it(
    on_kafka: OnKafka, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = on_kafka(tick_seconds=0.2, checkpoint_seconds=0.3)
    transfers = settings.topic("transfers")
    with Worker(settings) as worker:
        wait(lambda: log_end(settings) > 3)
        add_partition(settings, transfers)
        worker.wait_for_the_end()
    assert worker.code == 1
    assert f"the inputs have new partitions ({transfers}/1): the next start reads them" in capsys.readouterr().err
    [[event]] = chunks(1, 1)
    producer = Producer(client_options(settings.broker, {}))
    producer.produce(transfers, json.dumps(event.value).encode(), partition=1)
    assert producer.flush(10) == 0
    with Worker(settings) as worker:
        wait(lambda: "transfers/1/0" in origins(settings))
    assert worker.code == 0
