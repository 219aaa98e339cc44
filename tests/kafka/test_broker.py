"""The broker of the tests does what tests of crashes ask of it: what it has confirmed outlives a kill."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.engine.logfile import read_log
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from tests.engine.running import event, produce
from tests.kafka.broker import KafkaBroker


def test_a_killed_broker_comes_back_with_what_it_confirmed_and_a_paused_one_answers_again(
    kafka: KafkaBroker, on_kafka: Callable[..., EngineSettings]
) -> None:
    settings = on_kafka()
    Topics(settings).create()
    produce(kafka.address, [(settings.log_topic, event(number)) for number in range(1_000)])
    kafka.kill()
    kafka.start()
    assert len(list(read_log(kafka.address, settings.log_topic))) == 1_000
    kafka.pause()
    try:
        with pytest.raises(KafkaException):
            AdminClient({"bootstrap.servers": kafka.address, "log_level": 0}).list_topics(timeout=2)
    finally:
        kafka.resume()
    kafka.wait_until_it_answers()
