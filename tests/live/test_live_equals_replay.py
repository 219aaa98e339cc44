"""Live equals replay: what a worker says is, to the byte, what its log says when it is replayed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest

from alerts.records import Alert
from streams.demo.feed import Feed
from streams.engine.embedded import EmbeddedBroker
from streams.simulate import SimEvent, Simulation, WorldConfig, demo_config
from tests.live.live_run import LiveRun, replayed, send

DAY_START_US = 1_767_571_200_000_000
CHUNK = 1_000


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def chunks(events: Iterator[SimEvent]) -> Iterator[list[SimEvent]]:
    while chunk := list(islice(events, CHUNK)):
        yield chunk


def alerts_of(said: list[bytes]) -> list[Alert]:
    return [msgspec.json.decode(line, type=Alert) for line in said if b'"alert_id"' in line]


def test_a_simulated_day_through_faust_is_its_replay(broker: EmbeddedBroker) -> None:
    config = WorldConfig(seed=5, start_us=DAY_START_US, duration_s=86_400.0, transfers_per_day=1_500)
    world = Simulation(config, faults=["wrong_amount", "event_conflict"])
    with LiveRun(broker, clock="events") as live:
        sent = 1  # the config record
        for chunk in chunks(world.events()):
            sent += send(live.settings, chunk)
            live.wait_for(sent)
    assert live.code == 0
    said, positions = replayed(live.lines)
    assert len(live.lines) == sent
    assert said == live.said
    assert positions == live.positions
    found = {alert.type for alert in alerts_of(said)}
    assert {"position_drift", "event_conflict"} <= found


def test_a_live_minute_with_a_backlog_raises_no_false_absence_and_is_its_replay(broker: EmbeddedBroker) -> None:
    with LiveRun(broker, clock="ticks", tick_seconds=0.5) as live:
        live.wait_for(2)
        world = Simulation(demo_config(seed=3, start_us=time.time_ns() // 1000, fault_at_s=None))
        feed = Feed(live.settings, world.events())
        feed.start()
        time.sleep(25)
        live.monitor.stall(8)  # longer than most routes of this world take: a clock that ran on would miss them all
        time.sleep(35)
        feed.stop()
        live.wait_for(feed.sent + 1)
        time.sleep(2)
    assert live.code == 0
    assert feed.sent > 3_000
    said, positions = replayed(live.lines)
    assert said == live.said
    assert positions == live.positions
    absences = [alert.explanation for alert in alerts_of(said) if alert.type == "in_transit_overdue"]
    assert absences == []
    assert world.truth == []
