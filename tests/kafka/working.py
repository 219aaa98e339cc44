"""A worker with the product's monitor on the real broker, in a thread, and events of a small world for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Self

import pytest
from confluent_kafka import Producer

from streams.engine.checkpoints import CheckpointWriter, Head, Saved, read_saved
from streams.engine.clients import client_options
from streams.engine.errors import EngineError
from streams.engine.keeper import transactional_id
from streams.engine.logfile import read_ends
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.worker import plain, run_worker
from streams.monitor import Monitor, Settings, encode
from streams.record import Output
from streams.simulate import SimEvent, Simulation, WorldConfig
from tests.engine.running import values_of

DAY_START_US = 1_767_571_200_000_000


def chunks(count: int, size: int = 700) -> Iterator[list[SimEvent]]:
    """Yield so many chunks of the events of a small world in which something is wrong."""
    config = WorldConfig(seed=5, start_us=DAY_START_US, duration_s=86_400.0, transfers_per_day=1_500)
    events = iter(Simulation(config, faults=["wrong_amount", "event_conflict"]).events())
    for _ in range(count):
        yield list(islice(events, size))


def send(settings: EngineSettings, events: list[SimEvent]) -> int:
    """Produce events to their topics and return when the broker has them; return how many."""
    producer = Producer(client_options(settings.broker, {"linger.ms": 5}))
    for event in events:
        producer.produce(settings.topic(event.topic), json.dumps(event.value).encode(), event.key)
    assert producer.flush(30) == 0
    return len(events)


class Worker:
    """A worker for the length of a `with` block; `said` is every output as bytes, `code` its exit code afterwards, or why it did not start."""

    def __init__(self, settings: EngineSettings, monitor: Monitor | None = None) -> None:
        self.settings = settings
        self.monitor = monitor or Monitor(Settings())
        self.said: list[bytes] = []
        self.code: int | str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        Topics(self.settings).create()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.wait_for_the_end()

    def wait_for_the_end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive(), "the worker did not end"

    def wait_for_state(self, position: int) -> None:
        """Wait until a checkpoint of this place in the log is written."""
        wait(lambda: self._is_alive() and position_of(self.settings) >= position)

    def _is_alive(self) -> bool:
        assert self._thread.is_alive(), f"the worker ended with {self.code}"
        return True

    def _run(self) -> None:
        try:
            self.code = run_worker(
                self.settings,
                lambda _: self.monitor,
                configuration=plain(Settings()),
                on_output=self._hear,
                stop=self._stop,
            )
        except EngineError as problem:
            self.code = str(problem)

    def _hear(self, output: Output) -> None:
        self.said.append(encode(output.value))


def wait(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)


def position_of(settings: EngineSettings) -> int:
    head = saved(settings).head
    return 0 if head is None else head.position


def log_end(settings: EngineSettings) -> int:
    return read_ends(settings.broker, (settings.log_topic, 0)).end


def saved(settings: EngineSettings) -> Saved:
    return read_saved(settings.broker, settings.state_topic, 0)


def write_state(settings: EngineSettings, rows: dict[str, bytes | None], head: Head) -> None:
    """Write a checkpoint as whoever holds the shard does."""
    writer = CheckpointWriter(settings.broker, settings.state_topic, 0, transactional_id(settings, 0))
    writer.open()
    writer.write(rows, head)


def values(settings: EngineSettings, topic: str) -> list[bytes]:
    """Return what a topic of one partition holds now."""
    return values_of(settings.broker, settings.topic(topic))
