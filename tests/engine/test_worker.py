"""Workers on the embedded broker: what goes in comes out, once, in order, and time never overtakes the input."""

from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from streams.engine import agents
from streams.engine.control import read_config
from streams.engine.embedded import EmbeddedBroker, default_topics
from streams.engine.errors import LogError, TopicsError
from streams.engine.logfile import export_log, read_records
from streams.engine.progress import Progress, ProgressReader
from streams.engine.settings import EngineSettings
from streams.engine.watermarks import observed_us
from streams.engine.worker import run_worker, worker_main
from streams.lines import parse_line
from streams.monitor import Settings
from streams.record import OWN_ORIGIN, Output, Record
from tests.engine.running import CountingMonitor, RunningWorker, Said, event, produce, values_of

EVENTS = 20_000


def test_every_event_comes_through_once_in_order_and_the_log_is_the_run(broker: EmbeddedBroker, tmp_path: Path) -> None:
    settings = broker.settings(clock="events", session_timeout_seconds=2)  # the second start waits for it
    sent = [("transfers" if number % 5 else "ledger", event(number)) for number in range(EVENTS)]
    sent[7] = ("ledger", b"not JSON \n \xff")
    with RunningWorker(settings) as worker:
        produce(broker.address, sent)
        worker.wait_until(lambda: len(worker.outputs) >= EVENTS)
    assert worker.code == 0
    for topic in ("transfers", "ledger"):
        seen = [record for record in worker.monitor.records if record.topic == topic]
        assert [record.value for record in seen] == [value for name, value in sent if name == topic]
        assert [record.origin for record in seen] == [f"{topic}/0/{offset}" for offset in range(len(seen))]
    # The log read back, and its export, are the records of the run; no tick is among them.
    assert log_of(broker) == worker.monitor.records
    assert len(worker.monitor.records) == EVENTS + 1
    path = tmp_path / "log.jsonl.gz"
    assert export_log(broker.address, path) == EVENTS + 1
    assert [parse_line(line) for line in _lines(path)] == worker.monitor.records
    # What was said is on the topic, in the order of the log.
    said = [msgspec.json.decode(value, type=Said).number for value in values_of(broker.address, "alerts")]
    assert said == list(range(2, EVENTS + 2))
    # A second start is told the whole log again, takes nothing in twice and goes on.
    with RunningWorker(settings) as again:
        produce(broker.address, [("balances", event(1))])
        again.wait_until(lambda: len(again.outputs) > EVENTS)
    assert again.monitor.records[:-1] == worker.monitor.records
    assert again.outputs[:EVENTS] == worker.outputs


def test_history_goes_into_the_log_in_the_order_in_which_it_was_observed(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "MERGE_RECORDS_MAX", 300)  # so that partitions are held back for one another
    topics = ("transfers", "transfers", "transfers", "balances", "ledger")
    history = [(topics[number % 5], event(number, number * 1_000)) for number in range(5_000)]
    produce(broker.address, sorted(history, key=lambda entry: entry[0]))
    with RunningWorker(broker.settings(clock="events", batch_records_max=200)) as worker:
        worker.wait_until(lambda: len(worker.outputs) == len(history))
    assert [record.value for record in inputs_of(worker.monitor.records)] == [value for _, value in history]


def test_ticks_go_forward_and_never_pass_what_is_unread(broker: EmbeddedBroker) -> None:
    backlog, spacing_us = 2_000, 1_000
    start_us = time.time_ns() // 1_000 - 3_600_000_000
    feed = [
        ("transfers" if number % 3 else "balances", event(number, start_us + number * spacing_us))
        for number in range(backlog)
    ]
    # Intake is held to 20 kB before a monitor that takes half a millisecond for each event.
    settings = broker.settings(tick_seconds=0.05, ahead_bytes_max=20_000, batch_records_max=100)
    produce(broker.address, feed)
    slow = CountingMonitor(pause=lambda: time.sleep(0.0005))
    with RunningWorker(settings, slow) as worker:
        worker.wait_until(lambda: len(worker.outputs) == backlog)
        worker.wait_until(lambda: _ticks(slow.records)[-1:] > [start_us + 3_600_000_000])
    records = log_of(broker)
    ticks = _ticks(records)
    assert all(earlier < later for earlier, later in pairwise(ticks))
    assert sum(tick < start_us + backlog * spacing_us for tick in ticks) >= 3, "no tick fell into the backlog"
    assert ticks[-1] > start_us + 3_600_000_000, "an idle input lets time come up to now"
    clock_us = 0
    for record in records:
        moment = observed_us(record.value)
        assert moment is not None
        if _is_tick(record):
            clock_us = moment
        elif record.origin != OWN_ORIGIN:
            assert moment >= clock_us, "a tick has passed an event that was not read"


def test_the_log_says_what_is_in_force(broker: EmbeddedBroker) -> None:
    settings = broker.settings(tick_seconds=0.05, session_timeout_seconds=2)
    with RunningWorker(settings) as worker:
        worker.wait_until(lambda: len(_ticks(worker.monitor.records)) >= 2)
    first = log_of(broker)
    with pytest.raises(LogError, match="'ticks' and this start asks for 'events'"):
        run_worker(broker.settings(clock="events"), lambda _: CountingMonitor())
    # Another configuration is a record of the log, before anything else that the new start logs.
    with RunningWorker(settings, grace_seconds=90) as other:
        other.wait_until(lambda: len(other.monitor.records) > len(first) + 1)
    records = log_of(broker)
    assert records[: len(first)] == first
    configs = {number: config for number, record in enumerate(records) if (config := read_config(record.value))}
    assert {number: (config.clock, config.settings) for number, config in configs.items()} == {
        0: ("ticks", {"grace_seconds": 60}),
        len(first): ("ticks", {"grace_seconds": 90}),
    }


def test_progress_is_what_the_broker_knows(broker: EmbeddedBroker) -> None:
    settings = broker.settings(clock="events")
    assert _progress(settings) == Progress((0,), (0,))
    with RunningWorker(settings) as worker:
        produce(broker.address, [("ledger", event(number)) for number in range(50)])
        worker.wait_until(lambda: len(worker.outputs) == 50)
    assert _progress(settings) == Progress((51,), (51,))


def test_a_missing_topic_is_named(broker: EmbeddedBroker) -> None:
    with pytest.raises(TopicsError, match=r"has no topic uat\.transfers, .*uat\.log, .*--create-topics"):
        run_worker(broker.settings(topic_prefix="uat."), lambda _: CountingMonitor())


def test_a_log_with_several_partitions_is_refused() -> None:
    refused = pytest.raises(TopicsError, match="log has 3 partitions, and must have 1")
    with EmbeddedBroker({**default_topics(), "log": 3}) as broker, refused:
        run_worker(broker.settings(), lambda _: CountingMonitor())


def test_a_monitor_that_breaks_its_promise_ends_the_worker_and_nothing_is_committed(broker: EmbeddedBroker) -> None:
    class Broken(CountingMonitor):
        def step(self, record: Record) -> list[Output]:
            raise RuntimeError("out of order")

    told, settings = io.StringIO(), broker.settings(clock="events", session_timeout_seconds=2)
    with redirect_stderr(told):
        assert run_worker(settings, lambda _: Broken()) == 1
    assert told.getvalue() == "driftline worker: RuntimeError: out of order\n"
    assert _progress(settings).applied == 0


def test_a_start_that_cannot_be_says_why_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with EmbeddedBroker({"log": 1}) as broker:
        assert worker_main(broker.settings(), Settings()) == 2
    assert capsys.readouterr().err.startswith("driftline worker: 127.0.0.1:")


def test_a_killed_worker_loses_nothing_and_a_terminated_one_ends_clean(broker: EmbeddedBroker) -> None:
    settings = broker.settings(clock="events", batch_records_max=200, session_timeout_seconds=2)
    produce(broker.address, [("transfers", event(number)) for number in range(3_000)])
    with _process(settings) as killed:
        _wait(lambda: len(log_of(broker)) > 500)
        killed.kill()
    with _process(settings) as ended:
        produce(broker.address, [("transfers", event(number)) for number in range(3_000, 4_000)])
        _wait(lambda: event(3_999) in {record.value for record in log_of(broker)})
        ended.send_signal(signal.SIGTERM)
        assert ended.wait(20) == 0
    origins = [record.origin for record in inputs_of(log_of(broker))]
    assert list(dict.fromkeys(origins)) == [f"transfers/0/{offset}" for offset in range(4_000)]
    # The clean end has said everything: one alert at least for each entry of the log, the last one included.
    last_number = max(msgspec.json.decode(value, type=Said).number for value in values_of(broker.address, "alerts"))
    assert last_number == len(log_of(broker))


# ---------------------------------------------------------------------------------------------------------- helpers


def log_of(broker: EmbeddedBroker) -> list[Record]:
    return [record for _, record in read_records(broker.address, "log")]


def inputs_of(records: list[Record]) -> list[Record]:
    return [record for record in records if record.origin != OWN_ORIGIN]


def _progress(settings: EngineSettings) -> Progress:
    reader = ProgressReader(settings)
    progress = reader.read()
    reader.close()
    return progress


def _is_tick(record: Record) -> bool:
    return record.origin == OWN_ORIGIN and read_config(record.value) is None


def _ticks(records: list[Record]) -> list[int]:
    return [moment for record in records if _is_tick(record) and (moment := observed_us(record.value)) is not None]


def _lines(path: Path) -> list[bytes]:
    with gzip.open(path) as file:
        return file.readlines()


def _process(settings: EngineSettings) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, **settings.as_environment(), "PYTHONPATH": str(root)}
    return subprocess.Popen([sys.executable, "-m", "tests.engine.running"], cwd=root, env=environment)


def _wait(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
