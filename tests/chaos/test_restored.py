"""A monitor put back from its rows goes on as the one that wrote them, whatever the order in which its inputs came.

Chaos asks this of the whole engine; here it is asked of the monitor alone, on the same feed, at far more places.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any

import msgspec
import pytest

from streams.monitor import Monitor, Settings, encode
from streams.record import Output, Record
from tests.chaos.feeder import records

NOW_US = 1_795_000_000_000_000
EVENTS, EVERY = 2_500, 40


def uneven(seed: int) -> list[Record]:
    """Return a feed as a worker takes it up that reads its topics unevenly, with ticks in between."""
    rng = Random(f"{seed}:uneven")
    topics: dict[str, deque[Record]] = {}
    for number, (topic, _, value) in enumerate(records(seed, EVENTS, NOW_US)):
        topics.setdefault(topic, deque()).append(Record(topic, value or b"", f"{topic}/0/{number}", NOW_US))
    order: list[Record] = []
    while topics:
        topic = rng.choice(sorted(topics))
        order += [topics[topic].popleft() for _ in range(min(rng.randint(1, 200), len(topics[topic])))]
        if not topics[topic]:
            del topics[topic]
    return order


def plain_rows(monitor: Monitor) -> dict[str, Any]:
    rows: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(monitor.rows()))
    return rows


def said(outputs: list[Output]) -> list[tuple[str, str, bytes]]:
    return [(output.topic, output.key, encode(output.value)) for output in outputs]


@pytest.mark.parametrize("seed", [1, 7])
def test_a_monitor_that_is_put_back_all_the_time_says_what_one_says_that_never_ended(seed: int) -> None:
    whole, often = Monitor(Settings()), Monitor(Settings())
    for number, record in enumerate(uneven(seed)):
        assert said(often.step(record)) == said(whole.step(record)), f"record {number}, {record.origin}"
        if number % EVERY == 0:
            rows = plain_rows(often)
            often = Monitor(Settings())
            often.restore(rows)
    assert plain_rows(often) == plain_rows(whole)
