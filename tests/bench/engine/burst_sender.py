"""Sends each event of a plan at its moment, until the file ``enough`` is there.

It writes ``begun`` with the first, and in the end ``sent``: how many it were, and how many of them in the burst.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from tests.bench.engine.burst import Plan, Sent

STEP_SECONDS = 0.02
END = 1 << 62  # a moment after all others


def send(broker: str, prefix: str, folder: Path, plan: Plan) -> tuple[int, int]:
    """Send and return how many the broker has confirmed, and how many of them in the burst."""
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 5, "enable.idempotence": True})
    with (folder / "events").open("rb") as file:
        events = DueEvents(msgspec.json.decode(line, type=Sent) for line in file)
        time.sleep(max(events.next_us / 1e6 - time.time(), 0))
        (folder / "begun").touch()
        sent, edges, begun_s = 0, list[int](), time.monotonic()
        while events.next_us < END and not (folder / "enough").exists():
            sent += _some(producer, prefix, events.until(time.time_ns() // 1_000))
            if time.monotonic() - begun_s > plan.before_seconds + len(edges) * plan.burst_seconds and len(edges) < 2:
                edges.append(sent)
            producer.poll(0)
            time.sleep(STEP_SECONDS)
    assert producer.flush(60) == 0, "the broker does not take the events"
    edges += [sent] * (2 - len(edges))
    return sent, edges[1] - edges[0]


class DueEvents:
    """Events in order of their moments; `next_us` is that of the next one."""

    def __init__(self, events: Iterable[Sent]) -> None:
        self._events = iter(events)
        self._next = next(self._events, None)

    @property
    def next_us(self) -> int:
        return END if self._next is None else self._next.at_us

    def until(self, at_us: int) -> Iterator[Sent]:
        """Take the events out whose moments have come."""
        while self._next is not None and self._next.at_us <= at_us:
            yield self._next
            self._next = next(self._events, None)


def _some(producer: Producer, prefix: str, events: Iterator[Sent]) -> int:
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007  # the last one is how many
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
    counts = send(address, topics, Path(kept), msgspec.json.decode(asked, type=Plan))
    (Path(kept) / "sent").write_text("{} {}".format(*counts))
