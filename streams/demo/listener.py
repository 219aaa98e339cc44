"""Hear the verdicts as any execution system does: from topic `decisions` of the broker, committed records only."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from streams.engine.clients import client_options
from streams.engine.settings import EngineSettings
from streams.monitor.outputs import Decision

FETCH_S = 0.02
FETCH_RECORDS = 1_000


class Listener(threading.Thread):
    """A thread that hands every verdict on; `stop` ends it. Repeats and old ones are for `on_decision` to tell apart."""

    def __init__(self, settings: EngineSettings, on_decision: Callable[[Decision], None]) -> None:
        super().__init__(name="listener", daemon=True)
        self._settings = settings
        self._on_decision = on_decision
        self._over = threading.Event()

    def run(self) -> None:
        """Read from the beginning until `stop` is called."""
        options = {
            "group.id": "demo-desk",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 20,  # the embedded broker answers late rather than when there is something
        }
        consumer = Consumer(client_options(self._settings.broker, options))
        consumer.assign([TopicPartition(self._settings.topic("decisions"), 0, OFFSET_BEGINNING)])
        decode = msgspec.json.Decoder(Decision).decode
        while not self._over.is_set():
            for message in consumer.consume(FETCH_RECORDS, FETCH_S):
                if message.error() is None:
                    self._on_decision(decode(message.value() or b""))
        consumer.close()

    def stop(self) -> None:
        """Hear no more, and wait for the thread."""
        self._over.set()
        self.join(15)
