"""A worker process on a real broker through a simulated day: what it says is, byte for byte, its log replayed."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import KafkaError, Message, Producer

from alerts.records import Alert
from streams.engine.logfile import export_log
from streams.engine.progress import Progress, ProgressReader
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.worker import start_worker
from streams.lines import parse_line
from streams.monitor import Monitor, encode
from streams.record import OUTPUT_TOPICS
from streams.simulate import SimEvent, Simulation, WorldConfig
from tests.engine.running import values_of

DAY_START_US = 1_767_571_200_000_000


def simulated_day() -> Iterator[SimEvent]:
    config = WorldConfig(seed=11, start_us=DAY_START_US, duration_s=86_400.0, transfers_per_day=1_000)
    return Simulation(config, faults=["wrong_amount", "event_conflict"]).events()


def send(settings: EngineSettings, events: Iterable[SimEvent]) -> int:
    """Produce events with their keys, without which a compacted topic takes none, and return how many."""
    producer, refused = Producer({"bootstrap.servers": settings.broker, "linger.ms": 5}), []

    def delivered(problem: KafkaError | None, message: Message) -> None:
        if problem is not None:
            refused.append(f"{message.topic()}: {problem.str()}")

    count = 0
    for event in events:
        value = json.dumps(event.value).encode()
        producer.produce(settings.topic(event.topic), value, event.key, on_delivery=delivered)
        producer.poll(0)
        count += 1
    assert producer.flush(30) == 0
    assert refused == []
    return count


@contextmanager
def worker_on(settings: EngineSettings, log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker as a process of its own; what it says on its standard error is in `log_file`."""
    with log_file.open("wb") as log:
        process = start_worker(settings, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(30)


def wait_for(settings: EngineSettings, process: subprocess.Popen[bytes], records: int, seconds: float = 150) -> None:
    """Wait until so many records of the log have been applied, with their outputs confirmed."""
    reader, deadline = ProgressReader(settings), time.monotonic() + seconds
    try:
        while (progress := reader.read()) != Progress((records,), (records,)):
            assert process.poll() is None, f"the worker ended with {process.returncode}"
            if time.monotonic() > deadline:
                pytest.fail(f"{progress} of {records} records in time")
            time.sleep(0.2)
    finally:
        reader.close()


def replayed(log: Path) -> dict[str, list[bytes]]:
    """Return what a fresh monitor says over an exported log, by topic."""
    monitor = Monitor()
    said: dict[str, list[bytes]] = {topic: [] for topic in OUTPUT_TOPICS}
    for line in log.read_bytes().splitlines():
        for output in monitor.step(parse_line(line)):
            said[output.topic].append(encode(output.value))
    return said


def test_a_day_through_a_worker_process_is_its_replay_and_sigterm_ends_it(
    on_kafka: Callable[..., EngineSettings], tmp_path: Path
) -> None:
    settings = on_kafka(clock="events")
    Topics(settings).create()
    sent = send(settings, simulated_day())
    with worker_on(settings, tmp_path / "worker.log") as worker:
        wait_for(settings, worker, sent + 1)  # the config record goes first
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, (tmp_path / "worker.log").read_text("utf-8")
    log = tmp_path / "log.jsonl"
    assert export_log(settings.broker, log, topic=settings.log_topic) == sent + 1
    expected = replayed(log)
    for topic in OUTPUT_TOPICS:
        assert values_of(settings.broker, settings.topic(topic)) == expected[topic], topic
    alerts = [msgspec.json.decode(value, type=Alert) for value in expected["alerts"]]
    assert {"position_drift", "event_conflict"} <= {alert.type for alert in alerts}
    assert expected["decisions"], "a day without a decision proves nothing of them"
