"""A worker with the real monitor on the embedded broker, its outputs as bytes, and its log as it grows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from typing import Self

import pytest
from confluent_kafka import Producer

from streams.engine.clients import client_options
from streams.engine.embedded import EmbeddedBroker
from streams.engine.logfile import read_log
from streams.engine.settings import EngineSettings
from streams.engine.worker import plain, run_worker
from streams.lines import parse_line
from streams.monitor import Monitor, Settings, encode
from streams.monitor.report import position_rows
from streams.record import Output, Record
from streams.simulate import SimEvent


class StallingMonitor:
    """The monitor, which stalls the whole worker once, as a paused machine would: `stall(seconds)`."""

    def __init__(self) -> None:
        self.monitor = Monitor(Settings())
        self.records = 0
        self._stall_s = 0.0

    def stall(self, seconds: float) -> None:
        self._stall_s = seconds

    def step(self, record: Record) -> list[Output]:
        if self._stall_s:
            seconds, self._stall_s = self._stall_s, 0.0
            time.sleep(seconds)
        outputs = self.monitor.step(record)
        self.records += 1
        return outputs


class LiveRun:
    """A worker in a thread for the length of a `with` block; afterwards `said`, `lines` and `positions` are complete."""

    def __init__(self, broker: EmbeddedBroker, **settings: object) -> None:
        self.settings: EngineSettings = broker.settings(**settings)
        self.monitor = StallingMonitor()
        self.said: list[bytes] = []
        self.lines: list[bytes] = []
        self.code: int | None = None
        self._stop, self._log_over = threading.Event(), threading.Event()
        self._worker = threading.Thread(target=self._run, daemon=True)
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._worker.start()
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._worker.join(60)
        applied = self.monitor.records
        deadline = time.monotonic() + 30
        while len(self.lines) < applied and time.monotonic() < deadline:
            time.sleep(0.05)
        self._log_over.set()
        self._reader.join(30)
        assert not self._worker.is_alive()
        assert len(self.lines) >= applied

    @property
    def positions(self) -> list[object]:
        return list(position_rows(self.monitor.monitor.state))

    def wait_for(self, records: int, seconds: float = 60.0) -> None:
        """Wait until so many records have been applied; fail where that does not come about."""
        deadline = time.monotonic() + seconds
        while self.monitor.records < records:
            assert self._worker.is_alive(), f"the worker ended with {self.code}"
            if time.monotonic() > deadline:
                pytest.fail(f"{self.monitor.records} of {records} records applied in time")
            time.sleep(0.01)

    def _run(self) -> None:
        self.code = run_worker(
            self.settings,
            lambda _: self.monitor,
            configuration=plain(Settings()),
            on_output=lambda output: self.said.append(encode(output.value)),
            stop=self._stop,
        )

    def _read(self) -> None:
        for line in read_log(self.settings.broker, self.settings.log_topic, follow=self._log_over):
            self.lines.append(line)


def send(settings: EngineSettings, events: Iterable[SimEvent]) -> int:
    """Produce events to their topics and wait until the broker has them; return how many."""
    producer = Producer(client_options(settings.broker, {"compression.type": "gzip", "linger.ms": 5}))
    count = 0
    for event in events:
        producer.produce(event.topic, json.dumps(event.value).encode(), event.key)
        count += 1
    assert producer.flush(30) == 0
    return count


def replayed(lines: Iterable[bytes]) -> tuple[list[bytes], list[object]]:
    """Return what a fresh monitor says over the lines of a log, as bytes, and its last positions."""
    monitor = Monitor()
    said = [encode(output.value) for line in lines for output in monitor.step(parse_line(line))]
    return said, list(position_rows(monitor.state))
