"""Sends the events of a plan at its rates, until the file ``enough`` is there; says in ``sent`` how many it were."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from tests.bench.engine.burst import Plan, Sent

STEP_SECONDS = 0.02


def due(plan: Plan, elapsed_s: float) -> int:
    """Return how many events should have been sent so long after the first."""
    events, left_s = 0.0, elapsed_s
    for rate, seconds in plan.parts:
        events += rate * min(max(left_s, 0.0), seconds)
        left_s -= seconds
    return int(events)


def send(broker: str, prefix: str, folder: Path, plan: Plan) -> int:
    """Send and return how many the broker has confirmed."""
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 5, "enable.idempotence": True})
    sent, begun_s = 0, time.monotonic()
    with (folder / "events").open("rb") as file:
        events = (msgspec.json.decode(line, type=Sent) for line in file)
        while sent < plan.events and not (folder / "enough").exists():
            wanted = due(plan, time.monotonic() - begun_s) - sent
            sent += _some(producer, prefix, islice(events, wanted))
            producer.poll(0)
            time.sleep(STEP_SECONDS)
    assert producer.flush(60) == 0, "the broker does not take the events"
    return sent


def _some(producer: Producer, prefix: str, events: Iterator[Sent]) -> int:
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007
        while True:
            try:
                producer.produce(prefix + event.topic, event.value, event.key, on_delivery=check)
            except BufferError:
                producer.poll(0.05)
            else:
                break
    return count


def check(problem: KafkaError | None, message: Message) -> None:
    assert problem is None, f"{message.topic()}: {problem}"


if __name__ == "__main__":
    _, address, topics, kept, asked = sys.argv
    count = send(address, topics, Path(kept), msgspec.json.decode(asked, type=Plan))
    (Path(kept) / "sent").write_text(str(count))
