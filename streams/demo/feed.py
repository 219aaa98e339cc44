"""Send a simulated prime broker's events to the input topics, each when its time has come, and what a person says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import Producer

from streams.engine.clients import client_options
from streams.engine.settings import EngineSettings
from streams.simulate import SimEvent

LATEST_WAIT_S = 0.2


class Feed(threading.Thread):
    """A thread that plays events in real time; `sent` counts them, `stop` ends it.

    An event is drawn from `events` only when the one before it has been sent, so a world that is made as it is drawn
    runs ahead of the wall clock by one event at most. `on_event` hears each right before it is sent.
    """

    def __init__(
        self,
        settings: EngineSettings,
        events: Iterable[SimEvent],
        on_event: Callable[[SimEvent], None] = lambda event: None,
    ) -> None:
        super().__init__(name="feed", daemon=True)
        options = {"enable.idempotence": True, "linger.ms": 5, "compression.type": "gzip"}
        self._producer = Producer(client_options(settings.broker, options))
        self._settings = settings
        self._events = events
        self._on_event = on_event
        self._over = threading.Event()
        self.sent = 0

    def run(self) -> None:
        """Send until the events end or `stop` is called, and wait until the broker has them all."""
        for event in self._events:
            if not self._wait_until(event.observed_at_us):
                break
            self._on_event(event)
            self.say(event.topic, event.key, event.value)
            self.sent += 1
        self._producer.flush(10)

    def say(self, topic: str, key: str, value: dict[str, Any]) -> None:
        """Send one event now; from any thread."""
        self._producer.produce(self._settings.topic(topic), json.dumps(value, separators=(",", ":")).encode(), key)
        self._producer.poll(0)

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
