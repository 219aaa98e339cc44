"""The inputs of a run, and each shard's log held against them: each record in the logs of exactly its shards, unchanged.

Of each input record a digest is kept, the shards that the pure router gives it and two moments, so that a run may be long.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import msgspec

from ledger.shards import ShardMap
from ledger.times import to_us
from streams.engine.settings import EngineSettings
from streams.record import INPUT_TOPICS, Record
from tests.chaos.reading import OWN, kind_of, read, stamped_us
from tests.chaos.verdict import Verdict

Place = tuple[str, int]


def digest(value: bytes) -> int:
    """Return what stands for some bytes: 8 of their BLAKE2."""
    return int.from_bytes(blake2b(value, digest_size=8).digest(), "big")


@dataclass(slots=True)
class Delivered:
    """One input partition: by offset, a digest of the record, and a bit for each shard that it belongs to.

    Also when the broker appended it, and its `observed_at` (0: none that can be read), in microseconds since 1970 UTC.
    """

    digests: array[int] = field(default_factory=lambda: array("Q"))
    shards: array[int] = field(default_factory=lambda: array("Q"))
    came_us: array[int] = field(default_factory=lambda: array("q"))
    observed: array[int] = field(default_factory=lambda: array("q"))


# Read here anew: how the engine reads it decides what its ticks claim, and that is judged.
class _Observed(msgspec.Struct, frozen=True):
    observed_at: datetime


_decode_observed = msgspec.json.Decoder(_Observed).decode


def read_inputs(settings: EngineSettings, routes: ShardMap) -> dict[Place, Delivered]:
    """Return what was really delivered to each partition of the inputs."""
    places = [(topic, number) for topic in INPUT_TOPICS for number in range(settings.input_partitions)]
    return {place: _read_place(settings, place, routes) for place in places}


def _read_place(settings: EngineSettings, place: Place, routes: ShardMap) -> Delivered:
    topic, number = place
    delivered = Delivered()
    for message in read(settings.broker, settings.topic(topic), number):
        value = message.value() or b""
        delivered.digests.append(digest(value))
        delivered.shards.append(sum(1 << shard for shard in routes.shards_of(topic, value)))
        delivered.came_us.append(stamped_us(message))
        delivered.observed.append(_observed_us(value))
    return delivered


def _observed_us(value: bytes) -> int:
    try:
        return to_us(_decode_observed(value).observed_at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


class LogCheck:
    """The log of one shard, record by record: at least once, in order of each input partition, unchanged, nothing else."""

    def __init__(self, verdict: Verdict, inputs: dict[Place, Delivered], shard: int) -> None:
        self._verdict, self._inputs, self._shard = verdict, inputs, shard
        self._seen = {place: bytearray(len(one.digests)) for place, one in inputs.items()}
        self._last = dict.fromkeys(inputs, -1)  # the highest offset so far
        self._offset = -1

    def take(self, record: Record) -> None:
        """Look at the next record of the log."""
        self._offset += 1
        figures = self._verdict.figures
        figures["log"] = figures.get("log", 0) + 1
        if record.origin == OWN:
            if kind_of(record.value) not in ("tick", "config"):
                self._verdict.wrong("log invented", f"{self._here()} claims to be Driftline's own")
            return
        place, at = place_of(record.origin)
        known = self._inputs.get(place)
        if known is None or not 0 <= at < len(known.digests):
            self._verdict.wrong("log invented", f"{self._here()} has no input {record.origin}")
            return
        if known.digests[at] != digest(record.value):
            self._verdict.wrong("log changed", f"{self._here()} is not the bytes of {record.origin}")
        if not known.shards[at] >> self._shard & 1:
            self._verdict.wrong("log of another shard", f"{self._here()}: {record.origin} does not belong there")
        self._note(place, at, record.origin)

    def end(self) -> None:
        """Look for what has not come. What comes later than its successor is out of order, not lost."""
        for place, known in self._inputs.items():
            seen = self._seen[place]
            for at, shards in enumerate(known.shards):
                if shards >> self._shard & 1 and not seen[at]:
                    sentence = f"{place[0]}/{place[1]}/{at} is not in the log of shard {self._shard}"
                    self._verdict.wrong("input lost", sentence)

    def _note(self, place: Place, at: int, origin: str) -> None:
        figures, seen = self._verdict.figures, self._seen[place]
        figures["repeated"] = figures.get("repeated", 0) + seen[at]
        if not seen[at] and at < self._last[place]:
            sentence = f"{self._here()}: {origin} comes after {place[0]}/{place[1]}/{self._last[place]}"
            self._verdict.wrong("log out of order", sentence)
        seen[at] = 1
        self._last[place] = max(self._last[place], at)

    def _here(self) -> str:
        return f"offset {self._offset} of shard {self._shard}"


def place_of(origin: str) -> tuple[Place, int]:
    """Return partition and offset of what the log says of where a record came from; -1 where it does not say it."""
    topic, _, rest = origin.partition("/")
    number, _, at = rest.partition("/")
    if not (number.isdecimal() and at.isdecimal()):
        return (topic, -1), -1
    return (topic, int(number)), int(at)
