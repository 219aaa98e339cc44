"""A worker says whether it lives and whether it is ready, and why not: in the open, where a supervisor asks."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.engine import health as health_of
from streams.engine.bookmarks import Ticket
from streams.engine.embedded import EmbeddedBroker
from streams.engine.errors import SettingsError
from streams.engine.gauges import Gauges, Histogram
from streams.engine.health import health, readiness, witness_health, witness_readiness
from streams.engine.settings import EngineSettings
from streams.engine.testimony import WitnessFigures
from streams.engine.worker import run_worker
from streams.files import read_records
from streams.metrics.declared_engine import ENGINE_METRICS
from streams.monitor import Monitor
from streams.record import Output, Record
from tests.engine.in_thread import in_thread
from tests.engine.running import produce
from tests.metrics.scrape import Figures, of, page, scrape

EXAMPLE = str(Path(__file__).parents[2] / "docs" / "examples" / "service_day.jsonl")
LAG_MAX = 100


def well() -> Gauges:
    """Return the figures of a worker that holds its shard and is up to date, at the second 1000."""
    gauges = Gauges()
    gauges.stage = "running"
    gauges.assigned([0])
    gauges.shards[0].stands(is_open=True, position=0)
    gauges.turned_s, gauges.answered_s = 999.5, 999.0
    return gauges


def test_a_worker_that_holds_its_shard_is_well_and_ready() -> None:
    gauges = well()
    assert health(gauges, 1_000.0).problems == []
    assert readiness(gauges, 1_000.0, LAG_MAX).problems == []
    assert readiness(gauges, 1_000.0, LAG_MAX).facts == {"stage": "running", "shards": {"0": "open"}, "lag_records": 0}


def test_a_worker_that_stands_by_is_ready_whatever_the_lag() -> None:
    gauges = well()
    gauges.assigned([])
    gauges.shards[0].is_open, gauges.shards[0].log_end = False, 10_000
    assert readiness(gauges, 1_000.0, LAG_MAX).problems == []
    assert readiness(gauges, 1_000.0, LAG_MAX).facts["shards"] == {"0": "standby"}


@pytest.mark.parametrize(
    ("name", "value", "problem", "lives"),
    [
        ("failure", "no checkpoint", "the engine has failed: no checkpoint", False),
        ("turned_s", 980.0, "the event loop has not turned for 20 s", False),
        ("is_in_group", False, "the worker is not in its group yet", True),
        ("is_open", False, "the state of shard 0 is not put back yet", True),
        ("missing_topics", ("alerts", "state"), "topics are missing: alerts, state", True),
        (
            "read_elsewhere", ("ledger/0",),
            "nothing is taken in: under the clock of events one worker reads all inputs, and another has ledger/0", True,
        ),
        ("answered_s", 970.0, "the broker has not answered for 30 s", True),
        ("log_end", 1_101, "1,101 records of the log of shard 0 are not applied; 100 are allowed", True),
    ],
)  # fmt: skip
def test_each_problem_is_said_and_only_some_mean_that_it_does_not_live(
    name: str, value: object, problem: str, lives: bool
) -> None:
    gauges = well()
    setattr(gauges if hasattr(gauges, name) else gauges.shards[0], name, value)
    assert readiness(gauges, 1_000.0, LAG_MAX).problems == [problem]
    assert health(gauges, 1_000.0).holds == lives
    holds, body = readiness(gauges, 1_000.0, LAG_MAX).page()
    assert not holds
    assert json.loads(body)["problems"] == [problem]


def test_a_worker_that_has_just_started_lives_and_is_not_ready() -> None:
    assert health(Gauges(), 1_000.0).page() == (True, b'{"ok":true,"problems":[],"stage":"starting"}\n')
    assert not readiness(Gauges(), 1_000.0, LAG_MAX).holds


def test_durations_fall_into_the_first_bound_that_holds_them() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    assert histogram.counts == [2, 1, 1]
    assert histogram.sum_s == pytest.approx(7.65)


def test_the_time_of_an_output_runs_until_it_is_confirmed() -> None:
    gauges, first, second = Gauges(), Ticket(10, 2), Ticket(20, 1)
    gauges.said(first, 1_000_000)
    gauges.said(second, 1_500_000)
    second.outstanding = 0
    gauges.settle(2_000_000)
    assert sum(gauges.latency_s.counts) == 0, "confirmed in order: the first waits"
    first.outstanding = 0
    gauges.settle(3_000_000)
    assert gauges.latency_s.sum_s == pytest.approx(2.0 + 1.5)


def test_a_witness_is_ready_once_it_has_compared_and_not_well_when_it_gets_no_further() -> None:
    figures = WitnessFigures(1)
    assert witness_health(figures, 1_000.0).problems == []
    figures.turned_s = 900.0
    assert witness_readiness(figures, 1_000.0).problems == ["no checkpoint is compared yet"]
    figures.agrees, figures.compared, figures.position = False, 3, 70
    assert witness_readiness(figures, 1_000.0).problems == [], "what it finds is no fault of its own"
    assert witness_readiness(figures, 1_000.0).facts == {"shard": 1, "compared": 3, "position": 70, "agrees": False}
    said = ["the witness has not got on for 121 s"]
    assert witness_health(figures, 1_021.0).problems == witness_readiness(figures, 1_021.0).problems == said


# --------------------------------------------------------------------------------------------------- a worker's pages


class Stalling(Monitor):
    """A monitor that stops the whole worker at one record until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.stalls, self.goes_on = threading.Event(), threading.Event()

    def step(self, record: Record) -> list[Output]:
        if b"stall here" in record.value:
            self.stalls.set()
            assert self.goes_on.wait(30)
        return super().step(record)


def wait(holds: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def settings(broker: EmbeddedBroker) -> EngineSettings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return broker.settings(clock="events", metrics_port=port, metrics_address="127.0.0.1", checkpoint_seconds=0.2)


def test_a_worker_is_ready_once_its_shard_is_open_and_not_well_while_it_stalls(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_of, "TURN_SECONDS_MAX", 1.5)
    monitor, port = Stalling(), settings.metrics_port
    with in_thread(lambda stop: run_worker(settings, lambda _: monitor, stop=stop)):
        wait(lambda: page(port, "/ready")[0] == 200)
        assert page(port, "/ready")[1]["shards"] == {"0": "open"}
        assert page(port, "/health") == (200, {"ok": True, "problems": [], "stage": "running"})
        produce(settings.broker, [("transfers", b"stall here")])
        assert monitor.stalls.wait(20)
        wait(lambda: page(port, "/health")[0] == 503)
        assert "the event loop has not turned" in page(port, "/health")[1]["problems"][0]
        assert page(port, "/ready")[0] == 503
        monitor.goes_on.set()
        wait(lambda: page(port, "/ready")[0] == 200)


def test_a_scrape_says_how_the_engine_does(settings: EngineSettings) -> None:
    records, begun_s = list(read_records([EXAMPLE])), time.time()
    seen: list[Figures] = []

    def whole() -> bool:
        if page(settings.metrics_port, "/health")[0]:
            seen.append(scrape(settings.metrics_port))
        return bool(seen) and of(seen[-1], "engine_records_total") == len(records) + 1

    with in_thread(lambda stop: run_worker(settings, lambda _: Monitor(), stop=stop)):
        produce(settings.broker, [(record.topic, record.value) for record in records])
        wait(whole)
        wait(lambda: (of(scrape(settings.metrics_port), "checkpoint_rows_written_total", shard="0") or 0) > 50)
        figures = scrape(settings.metrics_port)
    assert of(figures, "shard_open", shard="0") == 1
    assert of(figures, "log_lag_records", shard="0") == 0
    assert (of(figures, "checkpoints_written_total", shard="0") or 0) >= 1
    assert 0 <= (of(figures, "checkpoint_age_seconds", shard="0") or -1) < time.time() - begun_s + 1
    assert 0 < (of(figures, "recovery_seconds", shard="0") or 0) < 40
    assert of(figures, "recovery_records", shard="0") == 0
    assert (of(figures, "event_lag_seconds") or 0) > 0
    for name in ("checkpoint_duration_seconds", "output_latency_seconds"):
        count, total = of(figures, f"{name}_count"), of(figures, f"{name}_sum")
        assert count
        assert total
        assert of(figures, f"{name}_bucket", le="+Inf") == count
        assert total / count < 30
    exposed = {name for name, _ in figures}
    for metric in ENGINE_METRICS:
        suffix = {"counter": "_total", "histogram": "_bucket"}.get(metric.kind, "")
        assert metric.name + suffix in exposed, f"{metric.name} is declared and nobody says it"


def test_a_lag_that_nobody_may_have_is_no_setting() -> None:
    with pytest.raises(SettingsError, match="ready_lag_records must be at least 0"):
        EngineSettings(broker="x:1", ready_lag_records=-1)
