"""A file of events as a list that a benchmark can change: taken apart, put out of order, and made into records again."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from streams.record import Record

LATE_SHARE = 0.25
REPEATED_SHARE = 0.05
LATE_SECONDS_MAX = 86_400.0


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its topic, its content, and when it arrives (aware UTC)."""

    topic: str
    value: dict[str, Any]
    arrives: datetime

    def record(self) -> Record:
        return Record(self.topic, msgspec.json.encode(self.value))


def read_lines(path: Path) -> list[bytes]:
    """Return the lines of a file, plain or `.gz`."""
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines(keepends=True)


def read_events(path: Path) -> list[Event]:
    """Return the events of a file in its order."""
    return [event_of(envelope["topic"], envelope["value"]) for envelope in map(msgspec.json.decode, read_lines(path))]


def event_of(topic: str, value: dict[str, Any]) -> Event:
    """Return an event that arrives when its content says so."""
    return Event(topic, value, datetime.fromisoformat(value["observed_at"]))


def arriving(event: Event, delay_seconds: float) -> Event:
    """Return the same event as it arrives later; nothing else in it changes."""
    arrives = event.arrives + timedelta(seconds=delay_seconds)
    return Event(event.topic, {**event.value, "observed_at": arrives.isoformat().replace("+00:00", "Z")}, arrives)


def out_of_order(events: Iterable[Event], rng: Random) -> list[Event]:
    """Return the events with a quarter of them up to a day late and a twentieth sent again, in order of arrival."""
    arrivals: list[Event] = []
    for event in events:
        late = rng.random() < LATE_SHARE
        first = arriving(event, rng.uniform(0, LATE_SECONDS_MAX)) if late else event
        arrivals.append(first)
        if rng.random() < REPEATED_SHARE:
            arrivals.append(arriving(first, rng.uniform(0, LATE_SECONDS_MAX)))
    return sorted(arrivals, key=lambda event: event.arrives)
