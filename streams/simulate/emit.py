"""From what happened to what arrives: envelopes, how late each is, and the order in which they are read here."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import Any, NamedTuple

from streams.simulate.agenda import Agenda
from streams.simulate.catalogue import DELAY_S, PLACES, SOURCES
from streams.simulate.config import WorldConfig
from streams.simulate.units import moment_us, span_us, time_text

Json = dict[str, Any]
_NEVER_LATE = frozenset(("treasury", "reference-data"))  # plans and reference come before what they are about
_LATE_FROM_S = 30.0
_NUMBERING = frozenset(place.source for place in PLACES.values() if place.role == "venue")  # as their bills are


class SimEvent(NamedTuple):
    """One event as it arrives: `key` is its Kafka key on `topic`, `value` the envelope of the contract.

    Parts of `value` are shared between events: read it, do not change it.
    """

    observed_at_us: int
    topic: str
    key: str
    value: Json


class Letter(NamedTuple):
    """An event on its way out, and the moment that it is stamped with."""

    topic: str
    key: str
    source: str
    at_us: int
    value: Json


Gate = Callable[[Letter], bool]


class Outbox:
    """Events on their way here, and what each source has still to deliver.

    The delays have their own random numbers: a world does the same whatever its feeds are like. Venues number the
    transfers that they tell, without a gap, in `source_seq`. The `gates` of a source see each event that it sends; one
    that returns True keeps it back, to `forward` it later or never.
    """

    __slots__ = ("_agenda", "_config", "_count", "_delays", "_heap", "_numbers", "_rng", "_under_way", "gates")

    def __init__(self, config: WorldConfig, agenda: Agenda) -> None:
        self._config = config
        self._agenda = agenda
        self._rng = Random(f"{config.seed}:delays")
        self._heap: list[tuple[int, int, str, str, Json]] = []
        self._count = count()
        self.gates: dict[str, list[Gate]] = {source: [] for source in SOURCES}
        self._numbers = dict.fromkeys(_NUMBERING, 0)
        self._under_way: dict[str, list[tuple[int, int]]] = {source: [] for source in SOURCES}
        self._delays = {
            source: (low * config.lateness, (high - low) * config.lateness) for source, (low, high) in DELAY_S.items()
        }

    def __len__(self) -> int:
        """Return how many events are on their way."""
        return len(self._heap)

    def post(
        self, topic: str, key: str, source: str, event_id: str, body: Json, *, at_us: int | None = None,
        revision: int = 0, extra_us: int = 0, tracked: bool = True, prompt: bool = False,
    ) -> None:  # fmt: skip
        """Send an event that happens now, or is stamped `at_us`; `extra_us` makes it later than its source's habit.

        An event that is not `tracked` is one its source believes delivered: heartbeats do not wait for it. A `prompt` one comes
        as soon as any of its source.
        """
        now_us = self._agenda.now_us
        at_us = now_us if at_us is None else at_us
        observed_us = now_us + self._delay_us(source, prompt=prompt) + extra_us
        value = {
            "schema_version": 1,
            "event_id": event_id,
            "source": source,
            "event_time": time_text(at_us),
            "observed_at": time_text(observed_us),
            "revision": revision,
            **self._number(topic, source),
            **body,
        }
        if self._kept(Letter(topic, key, source, at_us, value)):
            return
        heapq.heappush(self._heap, (observed_us, next(self._count), topic, key, value))
        if tracked and source in self._under_way:
            self._under_way[source].append((observed_us, at_us))
        if self._rng.random() < self._config.duplicates:
            self.repeat(topic, key, value, after_us=observed_us - now_us)

    def forward(self, letter: Letter, *, wait_us: int, tracked: bool = True) -> None:
        """Deliver, after `wait_us`, what a gate kept back; heartbeats wait for it if it is `tracked`."""
        observed_us = self._agenda.now_us + wait_us
        value = {**letter.value, "observed_at": time_text(observed_us)}
        heapq.heappush(self._heap, (observed_us, next(self._count), letter.topic, letter.key, value))
        if tracked:
            self._under_way[letter.source].append((observed_us, letter.at_us))

    def shut(self, source: str, gate: Gate) -> None:
        """Set a gate for a source that also stops what it has under way."""
        self.gates[source].append(gate)
        stopped = {
            entry[1] for entry in sorted(self._heap, key=lambda entry: entry[:2])
            if entry[4]["source"] == source and gate(_letter(*entry[2:]))
        }  # fmt: skip
        self._heap[:] = [entry for entry in self._heap if entry[1] not in stopped]
        heapq.heapify(self._heap)

    def repeat(self, topic: str, key: str, value: Json, *, after_us: int = 0) -> None:
        """Deliver `value` once more, some seconds after what is now plus `after_us`."""
        late_us = after_us + span_us(self._rng.expovariate(1 / 20.0) * self._config.lateness)
        observed_us = self._agenda.now_us + late_us
        again = {**value, "observed_at": time_text(observed_us)}
        heapq.heappush(self._heap, (observed_us, next(self._count), topic, key, again))

    def behind_us(self, source: str) -> int:
        """Return how long ago the oldest event of a source that is still under way happened, in microseconds."""
        now_us = self._agenda.now_us
        return max(
            (now_us - at_us for observed_us, at_us in self._under_way[source] if observed_us > now_us), default=0
        )

    def heartbeat(self, source: str) -> None:
        """Say how far `source` has delivered: up to just before the oldest of its events still under way."""
        now_us = self._agenda.now_us
        observed_us = now_us + span_us(self._delays[source][0])
        waiting = [entry for entry in self._under_way[source] if entry[0] > observed_us]
        self._under_way[source] = waiting
        watermark_us = min((at_us - 1000 for _, at_us in waiting), default=now_us)
        value = {
            "schema_version": 1,
            "event_id": f"beat-{source}-{now_us // 1000}",
            "source": source,
            "event_time": time_text(now_us),
            "observed_at": time_text(observed_us),
            "revision": 0,
            "kind": "heartbeat",
            "scope": source,
            "of_source": source,
            "watermark": time_text(min(watermark_us, now_us)),
        }
        if not self._kept(Letter("control", source, source, now_us, value)):
            heapq.heappush(self._heap, (observed_us, next(self._count), "control", source, value))

    def arrived(self, before_us: int | None) -> Iterator[SimEvent]:
        """Yield, in order of arrival, what has arrived before a moment (None: everything still under way)."""
        heap = self._heap
        while heap and (before_us is None or heap[0][0] < before_us):
            observed_us, _, topic, key, value = heapq.heappop(heap)
            yield SimEvent(observed_us, topic, key, value)

    def _kept(self, letter: Letter) -> bool:
        gates = self.gates.get(letter.source, ())
        return any(gate(letter) for gate in tuple(gates))  # a gate may take itself away

    def _number(self, topic: str, source: str) -> Json:
        """Return the number that a venue gives to the next transfer it tells; nothing where there is none."""
        if topic != "transfers" or source not in self._numbers:
            return {}
        self._numbers[source] += 1
        return {"source_seq": str(self._numbers[source])}

    def _delay_us(self, source: str, *, prompt: bool) -> int:
        low_s, width_s = self._delays[source]
        delay_s = low_s + width_s * self._rng.random()
        config = self._config
        if config.late_share and source not in _NEVER_LATE and self._rng.random() < config.late_share:
            delay_s += self._rng.uniform(min(_LATE_FROM_S, config.late_max_s), config.late_max_s) * config.lateness
        return int((low_s if prompt else delay_s) * 1000) * 1000  # the draws are the same


def _letter(topic: str, key: str, value: Json) -> Letter:
    return Letter(topic, key, value["source"], moment_us(value["event_time"]), value)
