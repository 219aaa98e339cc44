"""What the benches of a burst, of several shards and of recovery say is what was counted: what is lost or wrong is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.bench.engine import burst, recovery, shards
from tests.bench.engine.burst import Plan, Seen, Sent
from tests.bench.engine.burst_sender import due
from tests.bench.engine.contest import Tried
from tests.bench.engine.result import Result

PLAN = Plan(usual_rate=10, burst_rate=100, before_seconds=2, burst_seconds=3, after_seconds=5)


@pytest.mark.parametrize(("elapsed_s", "events"), [(0, 0), (1, 10), (2, 20), (3, 120), (5, 320), (6, 330), (60, 370)])
def test_a_plan_says_what_is_due_at_each_moment(elapsed_s: float, events: int) -> None:
    assert due(PLAN, elapsed_s) == events
    assert PLAN.events == 370


def test_the_events_of_a_plan_are_as_many_as_it_takes_and_each_is_another(tmp_path: Path) -> None:
    burst.prepare(PLAN, tmp_path / "events")
    events = [msgspec.json.decode(line, type=Sent) for line in (tmp_path / "events").read_bytes().splitlines()]
    assert len(events) == PLAN.events
    assert len({event.value for event in events}) == len(events)


def seen(**others: object) -> Seen:
    whole = Seen(rows=[(0.0, 5, 90.0), (9.0, 80, 95.0)], lag_gone_s=4.0, sent=370, transfers=40, logged=370, decided=40)
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
