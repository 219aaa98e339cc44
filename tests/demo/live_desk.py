"""Requests, decisions and the desk that acts on them, over the broker: what is free of risk flows, what is held waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from alerts.records import Alert
from ledger.times import to_us
from streams.demo.feed import Feed
from streams.demo.floor import ASKED_KINDS, Floor
from streams.demo.plan import DemoPlan
from streams.demo.run import demo_world, desk_at_work, worker_in_thread
from streams.demo.story import closing
from streams.demo.watch import Watch
from streams.engine.embedded import EmbeddedBroker
from streams.engine.logfile import read_records
from streams.monitor import Monitor, Settings
from streams.monitor.outputs import Decision
from streams.simulate import SimEvent

PASSED = ("approved", "broadcast", "completed")
ON_ITS_WAY_S = 0.5  # so long after a hold is heard what was let pass before may still be told


class Diary(Floor):
    """A floor that writes down what it heard, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.verdicts: dict[str, list[tuple[float, str]]] = {}
        self.passed: dict[str, tuple[float, dict[str, Any]]] = {}

    def hear(self, event: SimEvent) -> None:
        value = event.value
        if event.topic == "transfers" and value["op_type"] in ASKED_KINDS and value["status"] in PASSED:
            self.passed.setdefault(value["transfer_id"], (time.monotonic(), value))
        super().hear(event)

    def judged(self, decision: Decision) -> None:
        self.verdicts.setdefault(decision.transfer_id, []).append((time.monotonic(), decision.action))
        super().judged(decision)

    def in_force(self, transfer_id: str, at_s: float) -> set[str]:
        """Return the actions that were in force at a moment, or so shortly before that they may have been acted on."""
        said = [(heard_s, action) for heard_s, action in self.verdicts.get(transfer_id, ()) if heard_s <= at_s]
        ends_s = [heard_s for heard_s, _ in said[1:]] + [at_s]
        return {action for (_, action), end_s in zip(said, ends_s, strict=False) if end_s >= at_s - ON_ITS_WAY_S}

    def held(self) -> list[str]:
        return [name for name, said in self.verdicts.items() if any(action == "hold" for _, action in said)]


class Run:
    """Half a minute of the demo without its screen: a wrong amount brakes, and a person closes it."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self.diary = Diary()
        monitor = Monitor(Settings())
        watch = Watch(monitor)
        watch.floor = self.diary
        with worker_in_thread(broker.settings(tick_seconds=0.5), monitor, watch):
            world = demo_world(DemoPlan(fault_at_s=5.0), watch)
            with desk_at_work(broker.settings(), world, watch) as feed:
                wait_until(lambda: bool(watch.brakes()))
                wait_until(lambda: len(self.diary.held()) >= 8)
                close(feed, watch.brakes().values())
                wait_until(lambda: not watch.brakes())
                wait_until(lambda: all(self.diary.newest(name) != "hold" for name in self.diary.held()))
                wait_until(lambda: len(self.diary.passed.keys() & set(self.diary.held())) >= 4)
        records = [record for _, record in read_records(broker.address, "log") if record.topic == "transfers"]
        self.log: list[dict[str, Any]] = [msgspec.json.decode(record.value) for record in records]
        self.decisions = list(decisions(broker.address))


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with EmbeddedBroker() as broker:
        yield Run(broker)


def test_every_request_in_the_log_has_one_first_verdict(run: Run) -> None:
    asked = {
        event["transfer_id"]: None
        for event in run.log
        if event["op_type"] in ASKED_KINDS and event["status"] == "requested"
    }
    first = [decision.transfer_id for decision in run.decisions if decision.seq == 0]
    assert [name for name in first if name in asked] == list(asked)


def test_every_automatic_movement_in_the_log_was_approved_before_it_passed(run: Run) -> None:
    approved_us: dict[str, int] = {}
    for decision in run.decisions:
        if decision.action == "auto_approve":
            approved_us.setdefault(decision.transfer_id, moment_us(decision.decided_at))
    automatic = {
        event["transfer_id"]: moment_us(event["event_time"])
        for event in reversed(run.log)
        if event["op_type"] in ASKED_KINDS and event["status"] in PASSED and event["control"].get("origin") == "auto"
    }
    assert len(automatic) > 20
    assert {name: at_us for name, at_us in automatic.items() if not approved_us.get(name, at_us + 1) <= at_us} == {}


def test_what_was_for_people_was_let_pass_by_people(run: Run) -> None:
    reviewed = [
        value
        for name, (_, value) in run.diary.passed.items()
        if name in run.diary.verdicts and {action for _, action in run.diary.verdicts[name]} == {"review"}
    ]
    assert len(reviewed) >= 3
    assert {value["control"]["origin"] for value in reviewed} == {"manual"}


def test_nothing_that_was_held_passed_by_itself_before_it_was_let_go(run: Run) -> None:
    diary = run.diary
    automatic = {name: at_s for name, (at_s, value) in diary.passed.items() if value["control"].get("origin") == "auto"}
    assert [name for name, at_s in automatic.items() if "auto_approve" not in diary.in_force(name, at_s)] == []
    let_go = [name for name in diary.held() if name in automatic]
    assert len(let_go) >= 3, "too few were held and let go again for this to prove anything"


def moment_us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


def close(feed: Feed, alerts: Iterable[Alert]) -> None:
    """Let a person close what brakes."""
    for alert in alerts:
        feed.say("control", alert.alert_id, closing(alert, time.time_ns() // 1_000))


def wait_until(holds: Callable[[], bool], seconds: float = 25.0) -> None:
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


def decisions(address: str) -> Iterator[Decision]:
    """Yield what the topic holds now."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reader", "log_level": 0})
    place = TopicPartition("decisions", 0, 0)
    left = consumer.get_watermark_offsets(place, timeout=10)[1]
    consumer.assign([place])
    while left:
        for message in consumer.consume(1_000, 0.05):
            left -= 1
            yield msgspec.json.decode(message.value() or b"", type=Decision)
    consumer.close()
