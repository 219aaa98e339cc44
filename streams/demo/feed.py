"""Send a simulated prime broker's events to the input topics, each when its time has come."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable

from confluent_kafka import Producer

from streams.engine.clients import client_options
from streams.engine.settings import EngineSettings
from streams.simulate import SimEvent

LATEST_WAIT_S = 0.2


class Feed(threading.Thread):
    """A thread that plays events in real time; `sent` counts them, `stop` ends it."""

    def __init__(self, settings: EngineSettings, events: Iterable[SimEvent]) -> None:
        super().__init__(name="feed", daemon=True)
        self._settings = settings
        self._events = events
        self._over = threading.Event()
        self.sent = 0

    def run(self) -> None:
        """Send until the events end or `stop` is called, and wait until the broker has them all."""
        options = {"enable.idempotence": True, "linger.ms": 5, "compression.type": "gzip"}
        producer = Producer(client_options(self._settings.broker, options))
        for event in self._events:
            if not self._wait_until(event.observed_at_us):
                break
            value = json.dumps(event.value, separators=(",", ":")).encode()
            producer.produce(self._settings.topic(event.topic), value, event.key)
            producer.poll(0)
            self.sent += 1
        producer.flush(10)

    def stop(self) -> None:
        """Send no more, and wait for the thread."""
        self._over.set()
        self.join(15)

    def _wait_until(self, at_us: int) -> bool:
        """Sleep until the wall clock shows `at_us`; False when the feed is over before."""
        while not self._over.is_set():
            left_s = at_us / 1e6 - time.time()
            if left_s <= 0:
                return True
            self._over.wait(min(left_s, LATEST_WAIT_S))
        return False
