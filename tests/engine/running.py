"""A worker in a thread, a monitor that only counts, and events to give them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Self

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from ledger.times import to_text
from streams.engine.clients import client_options
from streams.engine.settings import EngineSettings, settings_from
from streams.engine.worker import run_worker
from streams.record import Output, Record


class Said(msgspec.Struct, frozen=True):
    """What the counting monitor says: the number of the record, and where it came from."""

    number: int
    origin: str


class CountingMonitor:
    """Keeps every record and says one alert for each that is not of the control topic."""

    def __init__(self, pause: Callable[[], object] = lambda: None) -> None:
        self.records: list[Record] = []
        self._pause = pause

    def step(self, record: Record) -> list[Output]:
        self.records.append(record)
        if record.topic == "control":
            return []
        self._pause()
        return [Output("alerts", record.topic, Said(len(self.records), record.origin))]


@dataclass
class RunningWorker:
    """A worker in a thread for the length of a `with` block; `code` is its exit code afterwards."""

    settings: EngineSettings
    monitor: CountingMonitor = field(default_factory=CountingMonitor)
    grace_seconds: int = 60
    outputs: list[Output] = field(default_factory=list)
    code: int | None = None

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the worker did not end"

    def _run(self) -> None:
        self.code = run_worker(
            self.settings,
            lambda _: self.monitor,
            configuration={"grace_seconds": self.grace_seconds},
            on_output=self.outputs.append,
            stop=self._stop,
        )

    def wait_until(self, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds; fail where the worker ends first or the time is over."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.02)):
            if holds():
                return
            assert self._thread.is_alive(), f"the worker ended with {self.code}"
            pause.wait(0.02)
        pytest.fail("it did not happen in time")


def event(number: int, observed_us: int = 0) -> bytes:
    """Return the bytes of an event that carries nothing but its number and when it was observed."""
    return b'{"event_id":"e%d","observed_at":"%s"}' % (number, to_text(observed_us).encode())


def produce(address: str, values: Iterable[tuple[str, bytes | None]]) -> None:
    """Produce (topic, value) pairs and wait until the broker has them all."""
    producer = Producer({"bootstrap.servers": address, "linger.ms": 5, "compression.type": "gzip", "log_level": 0})
    for topic, value in values:
        while len(producer) > 50_000:
            producer.poll(0.01)
        producer.produce(topic, value, partition=0)
    assert producer.flush(20) == 0


def values_of(address: str, topic: str) -> list[bytes]:
    """Return what a topic of one partition holds now; the broker's full name of it, and nothing here knows what the values mean."""
    consumer = Consumer(client_options(address, {"group.id": "reader", "enable.auto.commit": False}))
    place = TopicPartition(topic, 0, 0)
    end = consumer.get_watermark_offsets(place, timeout=10)[1]
    consumer.assign([place])
    values: list[bytes] = []
    while len(values) < end:
        values += [message.value() or b"" for message in consumer.consume(10_000, 0.05)]
    consumer.close()
    return values


if __name__ == "__main__":  # a worker with this monitor as a process of its own
    sys.exit(run_worker(settings_from(os.environ), lambda _: CountingMonitor()))
