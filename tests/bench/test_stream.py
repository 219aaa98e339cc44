"""The disorder that the benchmark claims is the disorder that it makes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from tests.bench.stream import Event, event_of, out_of_order

COUNT = 4_000


def orderly() -> list[Event]:
    times = [f"2026-01-{1 + number // 400:02}T{number % 400 // 20:02}:{number % 20:02}:00Z" for number in range(COUNT)]
    return [event_of("transfers", {"event_id": str(number), "observed_at": at}) for number, at in enumerate(times)]


def test_a_quarter_comes_late_and_a_twentieth_again() -> None:
    events = orderly()
    arrivals = out_of_order(events, Random(7))
    first = {event.value["event_id"]: event for event in reversed(arrivals)}
    delays = [first[event.value["event_id"]].arrives - event.arrives for event in events]
    late = [delay for delay in delays if delay]
    assert 0.23 < len(late) / COUNT < 0.27
    assert timedelta(0) < min(late) < timedelta(hours=1)
    assert timedelta(hours=23) < max(late) <= timedelta(days=1)
    assert 0.04 < len(arrivals) / COUNT - 1 < 0.06


def test_nothing_is_lost_and_only_the_arrival_changes() -> None:
    arrivals = out_of_order(orderly(), Random(7))
    assert [event.arrives for event in arrivals] == sorted(event.arrives for event in arrivals)
    assert set(Counter(event.value["event_id"] for event in arrivals).values()) == {1, 2}
    assert {event.value["event_id"] for event in arrivals} == {str(number) for number in range(COUNT)}
    assert all(event == event_of(event.topic, event.value) for event in arrivals)
