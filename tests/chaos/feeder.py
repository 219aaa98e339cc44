"""What goes into the chaos: a seeded simulated broker's day, with poison, redeliveries, bursts and steps of its clocks.

The same seed gives the same records in the same order on the same partitions; only the moments differ, since the day is
laid so that it ends now. What was really delivered is read back from the input topics by the checker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any, Self
from zlib import crc32

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from streams.engine.settings import EngineSettings
from streams.record import INPUT_TOPICS
from streams.simulate.config import WorldConfig
from streams.simulate.units import time_text
from tests.chaos.firms import events_of

SECOND_US = 1_000_000
SCENARIOS = ("silent_outflow", "duplicated_event", "sign_flip", "off_by_one", "wrong_amount", "dropped_event")
TRANSFERS_PER_DAY = 20_000
EVENTS_PER_SECOND = 0.78  # of simulated time, at so many transfers a day
POISON_SHARE, REPEAT_SHARE, STEP_SHARE = 0.01, 0.03, 0.005
BURST_SHARE, BURST_RECORDS = 0.002, 150
KNOWN_MAX = 20_000  # of the latest, to send again and to spoil

Sent = tuple[str, str, bytes | None]  # topic, key, value
_encode = msgspec.json.Encoder().encode


def records(seed: int, events: int, now_us: int, firms: int = 1) -> Iterator[Sent]:
    """Yield what a run with this seed is fed, the events of so many firms; `now_us` is when their simulated day ends."""
    rng = Random(f"{seed}:feed")
    known: list[Sent] = []
    worlds = [_world(seed + 1_000 * number, events / firms, now_us) for number in range(firms)]
    for number, event in enumerate(islice(events_of(worlds, SCENARIOS if events > 2_000 else ()), events)):
        value = event.value
        if rng.random() < STEP_SHARE:
            value = {**value, "observed_at": _stepped(rng, now_us)}
        sent = (event.topic, event.key, _encode(value))
        yield sent
        if number < KNOWN_MAX:
            known.append(sent)
        else:
            known[number % KNOWN_MAX] = sent
        if rng.random() < REPEAT_SHARE:
            yield rng.choice(known)
        if rng.random() < POISON_SHARE:
            yield _poison(rng, *rng.choice(known))


def _world(seed: int, events: float, now_us: int) -> WorldConfig:
    length_s = events / EVENTS_PER_SECOND
    return WorldConfig(
        seed=seed, start_us=now_us - int(length_s * SECOND_US), duration_s=None, transfers_per_day=TRANSFERS_PER_DAY,
        clients=15, rhythm=0.0, late_share=0.01, duplicates=0.02, unusual_share=0.02,
    )  # fmt: skip


def _stepped(rng: Random, now_us: int) -> str:
    """Return a moment that a clock gone wrong would say: years ahead, hours ahead, or days behind."""
    return time_text(now_us + rng.choice((70 * 365 * 86_400, 6 * 3_600, 40, -3 * 86_400)) * SECOND_US)


def _poison(rng: Random, topic: str, key: str, value: bytes | None) -> Sent:
    """Return what no event should look like, made of one that was sent."""
    whole = value or b"{}"
    event: dict[str, Any] = msgspec.json.decode(whole)
    made: tuple[bytes | None, ...] = (
        None,
        b"",
        rng.randbytes(200),
        whole[: len(whole) // 2],
        whole.replace(b'"', b"'"),
        b"[" * 5_000,
        _encode({**event, "schema_version": 99}),
        _encode({**event, "revision": event.get("revision", 0), "amount": "123456.789"}),  # an id that says two things
        _encode({**event, "padding": "x" * 300_000}),
        _encode({**event, "amount": "1" * 400}),
    )
    return topic, key, rng.choice(made)


class Feeder:
    """Feeds records at `per_second`, in bursts now and then, in a thread of its own for the length of a `with` block.

    Of `feed` the first `at_once` are not waited with. No more than `allowed` are fed; `hurry` lifts that.
    """

    def __init__(
        self, settings: EngineSettings, seed: int, events: int, per_second: float,
        feed: Iterator[Sent] | None = None, at_once: int = 0,
    ) -> None:  # fmt: skip
        self._settings, self._per_second = settings, per_second
        self._rng = Random(f"{seed}:pace")
        self._records = feed or records(seed, events, time.time_ns() // 1_000, settings.shards)
        self._at_once = at_once
        self.allowed = float("inf")
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._over, self._enough = threading.Event(), threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": settings.broker, "enable.idempotence": True, "linger.ms": 5, "log_level": 0,
                "delivery.timeout.ms": 600_000, "reconnect.backoff.max.ms": 500,
            }
        )  # fmt: skip
        self.sent = self.confirmed = 0
        self.problems: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def hurry(self) -> None:
        """Feed the rest at once."""
        self._per_second, self.allowed = 1e9, float("inf")

    def enough(self) -> None:
        """Feed no more; what was sent is confirmed."""
        self._enough.set()
        self.hurry()

    def _feed(self) -> None:
        due, free = time.monotonic(), 0
        for topic, key, value in self._records:
            if free or self.sent < self._at_once:
                free = max(0, free - 1)
            elif self._rng.random() < BURST_SHARE:
                free = BURST_RECORDS
            else:
                due = self._wait(due + 1 / self._per_second)
            if self._over.is_set() or self._enough.is_set():
                break
            self._send(topic, key, value)
        while self._producer.flush(1) and not self._over.is_set():
            pass

    def _wait(self, due: float) -> float:
        """Wait until the moment `due` and until more is allowed; return the moment from which to reckon on."""
        while not self._over.is_set():
            left = due - time.monotonic()
            if left <= 0 and self.sent < self.allowed:
                break
            self._producer.poll(max(0.0, min(left, 0.1)) if left > 0 else 0.05)
        return max(due, time.monotonic() - 1.0)  # what was not allowed is made up for slowly

    def _send(self, topic: str, key: str, value: bytes | None) -> None:
        place = crc32(key.encode()) % self._settings.input_partitions
        while not self._over.is_set():
            try:
                self._producer.produce(
                    self._settings.topic(topic), value, key.encode(), partition=place, on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self.sent += 1
                return

    def _delivered(self, problem: KafkaError | None, _: Message) -> None:
        if problem is None:
            self.confirmed += 1
        else:
            self.problems.append(problem.str())


def input_names(settings: EngineSettings) -> list[tuple[str, int]]:
    """Return each partition of the inputs, by the contract's name of its topic."""
    return [(name, number) for name in INPUT_TOPICS for number in range(settings.input_partitions)]
