"""How far the inputs have been read, as one moment: the time that a tick may claim.

A backlog must not look like silence. So a tick never claims a moment that an unread record could be older than: a
partition with unread records holds it at the last `observed_at` read there; a partition read to its end lets it go up
to the moment at which the broker was asked where that end is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from ledger.times import to_us
from streams.engine.bookmarks import Partition


@dataclass(frozen=True, slots=True)
class Reading:
    """What has been read of one partition: all before `next_offset`, the last readable `observed_at` among it."""

    next_offset: int
    observed_us: int | None = None


class _Observed(msgspec.Struct, frozen=True, gc=False):
    observed_at: Annotated[datetime, msgspec.Meta(tz=True)]


_decode_observed = msgspec.json.Decoder(_Observed).decode


def observed_us(value: bytes) -> int | None:
    """Return the `observed_at` of an event in microseconds since 1970 UTC, or None where it cannot be read."""
    try:
        return to_us(_decode_observed(value).observed_at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def last_observed_us(values: Iterable[bytes], now_us: int) -> int | None:
    """Return the `observed_at` of the first of `values` (the latest record first) that says how far reading has come.

    What cannot be read says nothing, and neither does an event from after `now_us`: one from the year 2099 would let
    the clock pass everything behind it.
    """
    for value in values:
        moment = observed_us(value)
        if moment is not None and moment <= now_us:
            return moment
    return None


def reached_us(readings: Mapping[Partition, Reading], ends: Mapping[Partition, int], asked_at_us: int) -> int | None:
    """Return the moment up to which every partition of `ends` has been read, or None where that cannot be said."""
    reached = marks_us(readings, ends, asked_at_us)
    return min(reached.values(), default=asked_at_us) if len(reached) == len(ends) else None


def marks_us(
    readings: Mapping[Partition, Reading], ends: Mapping[Partition, int], asked_at_us: int
) -> dict[Partition, int]:
    """Return the moment up to which each partition of `ends` has been read, of those of which it can be said.

    `ends` gives the offset behind the last record of every partition, as the broker said it when asked at
    `asked_at_us`. A partition that has unread records and none read yet has said nothing: no moment can be claimed.
    """
    marks: dict[Partition, int] = {}
    for partition, end in ends.items():
        reading = readings.get(partition)
        if reading is None:
            continue
        if reading.next_offset >= end:
            marks[partition] = asked_at_us
        elif reading.observed_us is not None:
            marks[partition] = min(asked_at_us, reading.observed_us)
    return marks


class Watermarks:
    """The readings of all input partitions, and the last moment claimed by a tick: ticks only ever go forward."""

    def __init__(self, last_tick_us: int | None = None) -> None:
        self._readings: dict[Partition, Reading] = {}
        self.last_tick_us = last_tick_us
        self._told: dict[Partition, int] = {}

    def reads_all(self, partitions: Iterable[Partition]) -> bool:
        """Say whether every one of these partitions is read here."""
        return all(partition in self._readings for partition in partitions)

    def start(self, partition: Partition, next_offset: int) -> None:
        """Note where reading of a partition begins or goes on; what was read there before still counts."""
        known = self._readings.get(partition)
        self._readings[partition] = Reading(next_offset, known.observed_us if known else None)

    def read(self, partition: Partition, next_offset: int, moment_us: int | None) -> None:
        """Note that all before `next_offset` has been read; `moment_us` None leaves the last moment as it was."""
        if moment_us is None:
            self.start(partition, next_offset)
        else:
            self._readings[partition] = Reading(next_offset, moment_us)

    def pass_over(self, partition: Partition, handed: int, position: int) -> None:
        """Note that there is nothing between two offsets, where all before the first has been read."""
        known = self._readings.get(partition)
        if known is not None and known.next_offset == handed:
            self._readings[partition] = Reading(position, known.observed_us)

    def stop(self, partition: Partition) -> None:
        """Forget a partition that another worker reads now: this one cannot say any more how far it has been read."""
        self._readings.pop(partition, None)

    def next_tick_us(self, ends: Mapping[Partition, int], asked_at_us: int) -> int | None:
        """Return the moment that the next tick may claim, in microseconds, or None where time has not moved on."""
        reached = reached_us(self._readings, ends, asked_at_us)
        if reached is None or (self.last_tick_us is not None and reached <= self.last_tick_us):
            return None
        self.last_tick_us = reached
        return reached

    def next_marks_us(self, ends: Mapping[Partition, int], asked_at_us: int) -> dict[Partition, int] | None:
        """Return how far each partition of `ends` that is read here has been, where others read the rest.

        None where nothing is read here, or nothing has moved on since the last time.
        """
        marks = marks_us(self._readings, ends, asked_at_us)
        for partition, moment in marks.items():
            marks[partition] = max(moment, self._told.get(partition, 0))
        if not marks or marks == self._told:
            return None
        self._told = marks
        return marks
