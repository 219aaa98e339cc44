"""Metrics are the monitor's own figures: what a scrape says is what it holds, and what only grows never falls."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import structs

from ledger.service.tallies import ALWAYS
from ledger.service.tally import Tally
from streams.engine.embedded import EmbeddedBroker
from streams.engine.gauges import Watched
from streams.engine.worker import worker_main
from streams.files import read_records
from streams.metrics import MetricsError, MonitorCollector, serving
from streams.metrics.declared import METRICS, Metric
from streams.metrics.reading import CLIENTS_MAX, OTHERS, samples
from streams.monitor import Monitor, Settings
from streams.record import Record
from streams.simulate import Simulation, demo_config
from tests.engine.in_thread import in_thread
from tests.engine.running import produce
from tests.ledger.strategies import Log, logs
from tests.metrics.scrape import Figures, of, scrape

EXAMPLE = str(Path(__file__).parents[2] / "docs" / "examples" / "service_day.jsonl")


@pytest.fixture(scope="module")
def day() -> Monitor:
    """A monitor that was told of the day of the example."""
    monitor = Monitor()
    for record in read_records([EXAMPLE]):
        monitor.step(record)
    return monitor


@pytest.fixture
def figures(day: Monitor) -> Iterator[Figures]:
    with serving_now(day) as port:
        yield scrape(port)


def test_a_scrape_says_how_the_day_stands(figures: Figures) -> None:
    withdrawals = {"op_type": "withdrawal"}
    assert of(figures, "movements_total", **withdrawals) == 6
    assert of(figures, "verdicts_total", **withdrawals, **{"class": "risk_free", "action": "auto_approve"}) == 3
    assert of(figures, "verdicts_total", **withdrawals, **{"class": "risky", "action": "review"}) == 3
    assert of(figures, "movements_passed", **withdrawals, by="manual") == 1
    assert of(figures, "movements_straight_through", **withdrawals) == 3
    assert of(figures, "movements_asked_completed", **withdrawals) == 4
    assert of(figures, "movements_undone", **withdrawals, status="rejected") == 1
    assert of(figures, "movements_told_of_total", **withdrawals, type="unregistered_address") == 1
    assert of(figures, "rule_failures_total", **withdrawals, rule="R5") == 2
    assert of(figures, "rule_manual_movements", **withdrawals, rule="R2") == 1
    assert of(figures, "client_manual_movements", client="acme") == 1
    assert of(figures, "client_manual_movements", client=OTHERS) == 0
    assert of(figures, "corrections_usd", op_type="adjustment") == 128
    assert of(figures, "backlog_movements", **withdrawals, stage="decide") == 1
    assert of(figures, "backlog_oldest_seconds", **withdrawals, stage="decide") == 34 * 60
    assert of(figures, "policy_confirmed_total") == 3
    assert of(figures, "records_applied_total", kind="transfers") == 22
    assert of(figures, "clock_timestamp_seconds") == 1_772_446_500


def test_what_is_open_held_and_quarantined_is_said_while_it_is() -> None:
    monitor = Monitor()
    records = list(read_records([str(Path(EXAMPLE).parent / "decisions.jsonl")]))
    monitor.step(Record("transfers", b"not JSON"))
    (code,) = [name.removeprefix("quarantined ") for name in monitor.state.counts if name.startswith("quarantined ")]
    seen = []
    with serving_now(monitor) as port:
        for record in records:
            monitor.step(record)
            seen.append(scrape(port))
    standing = [
        (
            of(figures, "alerts_open", type="position_drift", severity="P1"),
            of(figures, "brakes_engaged", type="position_drift"),
            of(figures, "movements_held_now", op_type="withdrawal"),
        )
        for figures in seen
    ]
    assert (1, 1, 2) in standing
    assert standing[-1] == (None, None, None)
    assert of(seen[-1], "records_quarantined_total", code=code) == 1


def serving_now(monitor: Monitor) -> AbstractContextManager[int]:
    return serving(MonitorCollector([Watched(0, monitor, lambda: 0, 0)]), 0, "127.0.0.1")


def test_every_metric_is_declared_once_with_a_unit_in_its_name() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS) > 20
    families = {family.name: family for family in MonitorCollector([Watched(0, Monitor(), lambda: 0, 0)]).collect()}
    assert families.keys() == {metric.name for metric in METRICS}, "one without figures is named all the same"
    for metric in METRICS:
        assert families[metric.name].type == metric.kind
        assert not metric.name.endswith("_total"), "a counter gets it when it is exposed"
        assert metric.says.endswith(".")


def test_clients_are_bounded_and_nobody_is_lost(day: Monitor) -> None:
    monitor = Monitor()
    rows = monitor.state.reconciliation.context.tallies.tally
    for number in range(CLIENTS_MAX + 30):
        rows.put((20_000, "withdrawal", f"c{number:03}"), Tally(manual=number))
    rows.put((20_000, "withdrawal", OTHERS), Tally(manual=10_000))
    rows.put((20_000, "withdrawal", ""), Tally(manual=7))
    found = {
        labels[0]: value
        for metric, labels, value in samples(monitor.state)
        if metric.name.endswith("client_manual_movements")
    }
    assert len(found) == CLIENTS_MAX + 1
    assert found[f"c{CLIENTS_MAX + 29:03}"] == CLIENTS_MAX + 29
    assert sum(found.values()) == sum(range(CLIENTS_MAX + 30)) + 10_000


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_a_counter_never_falls(log: Log) -> None:
    monitor = Monitor()
    before: dict[tuple[Metric, tuple[str, ...]], float] = {}
    for record in log:
        monitor.step(record)
        now = {(metric, labels): value for metric, labels, value in samples(monitor.state) if metric.kind == "counter"}
        assert all(now.get(key, 0) >= value for key, value in before.items())
        assert all(len(labels) == len(metric.labels) for metric, labels in now)
        before = now


def test_scrapes_beside_a_running_monitor_are_whole_and_counters_never_fall() -> None:
    config = demo_config(7, 1_767_225_600_000_000, fault_at_s=60.0)
    monitor, over, seen = Monitor(), threading.Event(), list[Figures]()
    with serving_now(monitor) as port:
        thread = threading.Thread(target=lambda: _scrape_until(over, port, seen))
        thread.start()
        for number, event in enumerate(Simulation(config).events()):
            monitor.step(Record(event.topic, json.dumps(event.value).encode()))
            if number > 6_000:
                break
        over.set()
        thread.join()
        seen.append(scrape(port))
    assert len(seen) > 3, "nothing was read beside it"
    for earlier, later in pairwise(seen):
        fallen = {key for key, value in earlier.items() if key[0].endswith("_total") and later.get(key, 0) < value}
        assert not fallen
    rows = monitor.state.reconciliation.context.tallies.tally.rows
    for (day, op_type, _), row in rows.items():
        if day == ALWAYS:
            assert of(seen[-1], "movements_total", op_type=op_type) == structs.asdict(row)["movements"]


def _scrape_until(over: threading.Event, port: int, seen: list[Figures]) -> None:
    while not over.is_set():
        seen.append(scrape(port))


def test_a_monitor_that_has_yet_to_catch_up_says_nothing_that_would_look_like_new_work(day: Monitor) -> None:
    position: int | None = None
    collector = MonitorCollector([Watched(0, day, lambda: position, 100)])

    def said() -> tuple[float, bool]:
        found = {family.name: family.samples for family in collector.collect()}
        return found["driftline_live"][0].value, bool(found["driftline_movements"])

    assert said() == (0, False), "another worker has the log"
    position = 99
    assert said() == (0, False), "what was there when it started is not applied yet"
    position = 120
    assert said() == (1, True)
    position = 110
    assert said() == (0, False), "it was put back to an earlier checkpoint"
    position = 120
    assert said() == (1, True)


# --- The worker -------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        collector = MonitorCollector([Watched(0, Monitor(), lambda: 0, 0)])
        with pytest.raises(MetricsError, match=f"127.0.0.1:{port}"), serving(collector, port, "127.0.0.1"):
            pytest.fail("it cannot be served")
        with EmbeddedBroker() as broker:
            settings = broker.settings(metrics_port=port, metrics_address="127.0.0.1")
            assert worker_main(settings, Settings()) == 2
    assert capsys.readouterr().err.startswith(f"driftline worker: cannot serve metrics on 127.0.0.1:{port}: ")


def test_a_worker_serves_its_monitor_and_lets_go_of_the_port() -> None:
    port = _free_port()
    with EmbeddedBroker() as broker:
        settings = broker.settings(clock="events", metrics_port=port, metrics_address="127.0.0.1")
        records = list(read_records([EXAMPLE]))
        with in_thread(lambda stop: worker_main(settings, Settings(), stop=stop)):
            produce(broker.address, [(record.topic, record.value) for record in records])
            found = _scraped_until(port, "movements_completed", 4, op_type="withdrawal")
    assert of(found, "records_applied_total", kind="transfers") == 22
    with pytest.raises(OSError, match="refused"):
        scrape(port)


def _scraped_until(port: int, name: str, value: float, **labels: str) -> Figures:
    pause = threading.Event()
    for _ in range(600):
        try:
            found = scrape(port)
        except OSError:
            found = {}
        if of(found, name, **labels) == value:
            return found
        pause.wait(0.05)
    pytest.fail("it was not served in time")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
