"""What the benches of a burst, of several shards and of recovery say is what was counted: what is lost or wrong is told."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from streams.monitor import Monitor, Settings
from streams.record import Record
from tests.bench.engine import accounts, burst, recovery, shards
from tests.bench.engine.burst import Plan, Seen, Sent
from tests.bench.engine.burst_sender import DueEvents
from tests.bench.engine.contest import Tried
from tests.bench.engine.result import Result

PLAN = Plan(usual_rate=20, burst_rate=200, before_seconds=20, burst_seconds=30, after_seconds=20)


def test_a_plan_is_as_busy_as_it_says_and_each_event_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(burst, "CLIENTS", 2)
    burst.prepare(PLAN, tmp_path / "events")
    events = [msgspec.json.decode(line, type=Sent) for line in (tmp_path / "events").read_bytes().splitlines()]
    assert len({(event.at_us, event.value) for event in events}) == len(events)
    begun_us = events[0].at_us
    assert begun_us > time.time_ns() // 1_000, "it is still to come"
    seconds = [(event.at_us - begun_us) / 1e6 for event in events if event.topic == "transfers"]
    usual, surge = sum(5 < at_s < 20 for at_s in seconds) / 15, sum(25 < at_s < 50 for at_s in seconds) / 25
    assert 5 < surge / usual < 20


def test_events_are_due_when_their_moment_has_come() -> None:
    events = DueEvents(Sent(at_us, "transfers", "k", "v") for at_us in (5, 5, 7))
    assert events.next_us == 5
    assert [event.at_us for event in events.until(6)] == [5, 5]
    assert events.next_us == 7
    assert list(events.until(6)) == []
    assert [event.at_us for event in events.until(9)] == [7]
    assert events.next_us > 9


def seen(**others: object) -> Seen:
    whole = Seen(
        rows=[(0.0, 5, 90.0), (9.0, 80, 950.0)], lag_gone_s=4.0, sent=370, transfers=40, logged=370, decided=40, alone_mib=800.0
    )  # fmt: skip
    for name, value in others.items():
        setattr(whole, name, value)
    return whole


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({}, "lost 0"),
        ({"logged": 369}, "lost 1"),
        ({"decided": 38}, "lost 2"),
        ({"lag_gone_s": None}, "lag NOT gone"),
        ({"alone_mib": 600.0}, "at most 950 MiB"),
    ],
)
def test_what_is_lost_or_still_waits_is_told(others: dict[str, object], said: str) -> None:
    report = burst.report(PLAN, seen(**others))
    assert said in report
    assert ("NOT met" in report) == bool(others)


def test_each_shard_gets_its_accounts_and_all_events_are_in_one_of_them() -> None:
    logs = shards.logs(5_000)
    origins = [origin for entries in logs for origin, _ in entries]
    assert len(origins) == len(set(origins)) == 5_000
    assert all(1_000 < len(entries) < 1_500 for entries in logs)


def test_clients_who_pay_each_other_are_usual_and_quiet() -> None:
    known = accounts.openings(250)
    paid = list(accounts.payments(500, 250, len(known)))
    monitor = Monitor(Settings())
    for origin, value in [*known, *paid]:
        assert monitor.step(Record(origin.split("/")[0], value, origin)) == []
    assert len({msgspec.json.decode(value)["event_id"] for _, value in known + paid}) == len(known) + len(paid)
    rows = [key for key in monitor.changed_rows() if key.startswith('["account"')]
    assert len(rows) == 251, "each client's, and the other side's"


def runs(seconds: float, *counted: int) -> list[tuple[float, list[shards.Done]]]:
    return [(seconds, [shards.Done(0.0, 1.0, [], events, 7) for events in counted])]


def test_workers_that_count_otherwise_are_told() -> None:
    well = "\n".join(shards._report(1, 100, {1: runs(2.0, 100), 2: [(1.0, [*runs(1.0, 60, 40)[0][1]])]}))
    assert "two over one 2.00" in well
    wrong = "\n".join(shards._report(1, 100, {1: runs(2.0, 100), 2: runs(1.0, 60, 39)}))
    assert "WRONG" in wrong


def test_rows_that_were_not_put_back_as_they_were_are_told() -> None:
    tried = [Tried(one) for one in recovery.CONTESTANTS]
    for one, units in zip(tried, (10, 10), strict=True):
        one.results = [Result(events=5, seconds=1, processor_seconds=1, startup_seconds=1, said=0, units=units)]
    assert "WRONG" not in recovery.report(tried)
    tried[0].results[0] = msgspec.structs.replace(tried[0].results[0], units=11)
    assert "WRONG" in recovery.report(tried)
