"""Whether time ever passed what was unread: each tick of a log held against the inputs, by the broker's own clock.

A tick says that all of some partitions is read up to a moment. The next record of one of them that is not in the log by then
had not come at that moment, or the moment is one that a record read before it says. When a record came is the broker's
stamp, since the inputs of a run are stamped as they are appended; a worker whose clock is stepped claims what its
clock says, so what is claimed after the first step is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush

import msgspec

from ledger.times import to_us
from streams.record import Record
from tests.chaos.inputs import Delivered, Place, place_of
from tests.chaos.reading import OWN
from tests.chaos.verdict import Verdict

SLACK_US = 100_000  # a stamp is of whole milliseconds, and is taken a moment before the record can be read


class _Tick(msgspec.Struct, frozen=True):
    kind: str
    observed_at: datetime
    inputs: dict[str, datetime] = {}


_decode_tick = msgspec.json.Decoder(_Tick).decode


class _Read:
    """One input partition as a shard's log has it so far."""

    def __init__(self, delivered: Delivered, shard: int) -> None:
        self._delivered, self._bit = delivered, 1 << shard
        self._next = 0  # all before it are in the log, or belong to others
        self._seen_to = 0
        self._said_us = 0  # the latest that a record read so far says, of those that are not of the future
        self._future: list[int] = []

    def see(self, at: int) -> None:
        self._seen_to = max(self._seen_to, at + 1)

    def unread(self) -> int | None:
        """Return the offset of the next record that is to come into the log."""
        shards = self._delivered.shards
        while self._next < len(shards) and (self._next < self._seen_to or not shards[self._next] & self._bit):
            if self._delivered.observed[self._next]:
                heappush(self._future, self._delivered.observed[self._next])
            self._next += 1
        return self._next if self._next < len(shards) else None

    def said_us(self, now_us: int) -> int:
        """Return the latest moment that a record before the unread one says, of those up to `now_us`."""
        while self._future and self._future[0] <= now_us:
            self._said_us = max(self._said_us, heappop(self._future))
        return self._said_us


class TickCheck:
    """The ticks of one shard's log; those stamped from `until_us` on are not judged."""

    def __init__(
        self, verdict: Verdict, inputs: Mapping[Place, Delivered], shard: int, until_us: int | None = None
    ) -> None:
        self._verdict, self._inputs, self._shard, self._until_us = verdict, inputs, shard, until_us
        self._by_name = {f"{topic}/{number}": (topic, number) for topic, number in inputs}
        self._read = {place: _Read(delivered, shard) for place, delivered in inputs.items()}
        verdict.figures.setdefault("ticks judged", 0)

    def take(self, record: Record, stamped_us: int) -> None:
        """Look at the next record of the log, which the broker stamped with `stamped_us`."""
        if record.origin != OWN:
            place, at = place_of(record.origin)
            if place in self._read:
                self._read[place].see(at)
            return
        if self._until_us is not None and stamped_us >= self._until_us:
            return
        for place, claimed_us in self._claims(record.value):
            self._judge(place, claimed_us, stamped_us)

    def _claims(self, value: bytes) -> Iterator[tuple[Place, int]]:
        """Yield what a tick says of each partition; nothing where it is no tick."""
        try:
            tick = _decode_tick(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if tick.kind != "tick":
            return
        self._verdict.figures["ticks judged"] += 1
        if tick.inputs:
            yield from ((self._by_name.get(name, (name, -1)), to_us(moment)) for name, moment in tick.inputs.items())
        else:
            yield from ((place, to_us(tick.observed_at)) for place in self._inputs)

    def _judge(self, place: Place, claimed_us: int, stamped_us: int) -> None:
        read = self._read.get(place)
        if read is None:
            self._verdict.wrong("tick of no input", f"shard {self._shard}: there is no {place[0]}/{place[1]}")
            return
        unread = read.unread()
        if unread is None or claimed_us <= self._inputs[place].came_us[unread] + SLACK_US:
            return
        if claimed_us > read.said_us(stamped_us + SLACK_US):
            ahead_s = (claimed_us - self._inputs[place].came_us[unread]) / 1e6
            name = f"{place[0]}/{place[1]}/{unread}"
            self._verdict.wrong(
                "tick past an unread record",
                f"shard {self._shard}: {claimed_us} is claimed, and {name}, not read, had come {ahead_s:.3f} s before",
            )
