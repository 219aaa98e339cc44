"""Inputs whose producers write in transactions: what they took back was never said, and time goes on behind their marks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from ledger.times import to_text
from streams.engine.clients import client_options
from streams.engine.logfile import read_records
from streams.engine.settings import EngineSettings
from streams.engine.watermarks import observed_us
from streams.record import OWN_ORIGIN, Record
from tests.kafka.working import Worker, wait

OnKafka = Callable[..., EngineSettings]


def heartbeat(name: str) -> bytes:
    """Return an event observed now."""
    now = to_text(time.time_ns() // 1_000)
    return json.dumps(
        {
            "schema_version": 1, "event_id": name, "source": "desk", "event_time": now, "observed_at": now,
            "kind": "heartbeat", "scope": "desk", "of_source": "desk", "watermark": now,
        }
    ).encode()  # fmt: skip


@pytest.fixture
def settings(on_kafka: OnKafka) -> EngineSettings:
    return on_kafka(tick_seconds=0.2, checkpoint_seconds=0.3)


@pytest.fixture
def producer(settings: EngineSettings) -> Producer:
    producer = Producer(client_options(settings.broker, {"transactional.id": settings.topic("upstream")}))
    producer.init_transactions(30)
    return producer


def say(producer: Producer, settings: EngineSettings, name: str, *, is_meant: bool) -> None:
    producer.begin_transaction()
    producer.produce(settings.topic("control"), heartbeat(name), partition=0)
    producer.flush(10)
    if is_meant:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def logged(settings: EngineSettings) -> list[Record]:
    return [record for _, record in read_records(settings.broker, settings.log_topic)]


def events(settings: EngineSettings) -> list[str]:
    return [json.loads(record.value)["event_id"] for record in logged(settings) if record.origin != OWN_ORIGIN]


def clock_us(settings: EngineSettings) -> int:
    ticks = (record.value for record in logged(settings) if record.origin == OWN_ORIGIN)
    return max((observed_us(tick) or 0 for tick in ticks), default=0)


def test_time_goes_on_behind_the_marks_of_transactions(settings: EngineSettings, producer: Producer) -> None:
    with Worker(settings):
        say(producer, settings, "said", is_meant=True)
        wait(lambda: events(settings) == ["said"])
        said_us = time.time_ns() // 1_000
        wait(lambda: clock_us(settings) > said_us + 1_000_000, 20)


def test_what_was_taken_back_is_not_taken_in_and_holds_nothing_up(settings: EngineSettings, producer: Producer) -> None:
    with Worker(settings):
        say(producer, settings, "first", is_meant=True)
        say(producer, settings, "taken back", is_meant=False)
        say(producer, settings, "second", is_meant=True)
        say(producer, settings, "taken back too", is_meant=False)
        wait(lambda: events(settings)[-1:] == ["second"])
        said_us = time.time_ns() // 1_000
        wait(lambda: clock_us(settings) > said_us + 1_000_000, 20)
        assert events(settings) == ["first", "second"]


def test_time_does_not_pass_what_is_not_decided_yet(settings: EngineSettings, producer: Producer) -> None:
    with Worker(settings):
        wait(lambda: clock_us(settings) > 0)
        producer.begin_transaction()
        begun_us = time.time_ns() // 1_000
        producer.produce(settings.topic("control"), heartbeat("late to be said"), partition=0)
        producer.flush(10)
        written_us = time.time_ns() // 1_000
        time.sleep(2)
        assert events(settings) == []
        assert clock_us(settings) <= written_us, "a tick has passed what may still be said"
        producer.commit_transaction(30)
        wait(lambda: events(settings) == ["late to be said"])
        wait(lambda: clock_us(settings) > begun_us + 2_000_000)
