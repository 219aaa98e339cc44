"""A small deterministic machine with all that the engine must keep whole: order, sums, what was seen, deadlines, outputs.

It says more than the monitor does of how it was driven: a hash over every record in order, so that one record skipped,
repeated or moved changes a row; time moves as in the monitor, by the monitor's own function.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

import msgspec

from ledger.events import Config, Tick
from ledger.parser import parse
from streams.engine.watermarks import observed_us
from streams.monitor import controls
from streams.record import OWN_ORIGIN, Output, Record
from streams.rowdata import plain_rows

PATIENCE_US = 400_000  # after an event its key is due
KINDS = ("sum", "due", "seen", "read")
META = '["meta"]'
_decode = msgspec.json.decode


class Said(msgspec.Struct, frozen=True):
    """One output; `number` counts them all."""

    number: int
    what: str
    key: str
    total: int


class Machine:
    """Sums by key, each event once; a key that is not heard of again in time is said to be due. One for each shard."""

    state_version = 1

    count: int  # of the records
    order: int  # a hash over them
    said: int  # outputs
    clock_us: int
    clock: str
    settings: dict[str, Any]
    _changed: set[str]
    _warm: set[str]

    def __init__(self, shard: int = 0) -> None:
        self._shard = shard
        self._is_busy = False
        self.meanwhile: Callable[[], None] = _nothing  # lets others go on while the rows are put back, as a thread does
        self.restore({})

    # ------------------------------------------------------------------------------------------------------- records

    def step(self, record: Record) -> list[Output]:
        self._check_alone()
        self.count += 1
        self.order = crc32(record.value, crc32(record.origin.encode(), self.order))
        self._changed.add(META)
        if record.origin == OWN_ORIGIN:
            return self._own(parse("control", record.value))
        if self.clock == "events" and (moment := observed_us(record.value)) is not None:
            said = self._advance(moment)
        else:
            said = []
        try:
            event = _decode(record.value)
            key, amount, name = event["key"], event["amount"], event["event_id"]
        except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
            return [*said, self._say("quarantine", "unreadable", record.origin, 0)]
        return said + self._apply(key, amount, name)

    def _apply(self, key: str, amount: int, name: str) -> list[Output]:
        bucket = f"{name.rpartition('-')[0]}"
        seen = self.seen.setdefault(bucket, [])
        if name in seen:
            return []
        seen.append(name)
        total = self.sums.get(key, 0) + amount
        if total:
            self.sums[key] = total
        else:
            self.sums.pop(key, None)
        self.due[key] = self.clock_us + PATIENCE_US
        self._changed |= {f'["seen","{bucket}"]', f'["sum","{key}"]', f'["due","{key}"]'}
        return [self._say("alerts", "sum", key, total)] if amount % 3 else []

    def _say(self, topic: Any, what: str, key: str, total: int) -> Output:
        self.said += 1
        return Output(topic, f"{self._shard}/{key}", Said(self.said, what, key, total))

    # ---------------------------------------------------------------------------------------------------------- time

    def _own(self, event: Any) -> list[Output]:
        if isinstance(event, Config):
            controls.set_clock(self, event)  # type: ignore[arg-type]  # it has of a state what this asks for
            self._changed |= {f'["read","{name}"]' for name in self.read_us}
            self.settings = event.settings
        elif isinstance(event, Tick):
            reached = controls.reached_us(self, event)  # type: ignore[arg-type]  # it has what is asked of a state there
            self._changed |= {f'["read","{name}"]' for name in event.inputs or () if name in self.read_us}
            return self._advance(reached)
        return []

    def set_clock(self, clock: str) -> None:
        self.clock = clock

    def _advance(self, moment: int) -> list[Output]:
        said = []
        if moment > self.clock_us:
            due = [(at, key) for key, at in self.due.items() if at < moment]
            heapq.heapify(due)
            while due:
                at, key = heapq.heappop(due)
                del self.due[key]
                self._changed.add(f'["due","{key}"]')
                said.append(self._say("decisions", f"due {at}", key, self.sums.get(key, 0)))
            self.clock_us = moment
        return said

    # ---------------------------------------------------------------------------------------------------------- rows

    def rows(self) -> dict[str, Any]:
        names = [META]
        names += [f'["{kind}","{key}"]' for kind in KINDS for key in self._kind(kind)]
        return {name: self._row(name) for name in names}

    def changed_rows(self) -> dict[str, Any]:
        self._check_alone()
        changed, self._changed, self._warm = self._changed | self._warm, set(), set()
        return {name: self._row(name) for name in sorted(changed)}

    def calm_rows(self) -> dict[str, Any]:
        self._check_alone()
        calm, self._warm, self._changed = self._warm - self._changed, self._changed, set()
        return {name: self._row(name) for name in sorted(calm)}

    def restore(self, rows: Mapping[bytes, bytes]) -> None:
        self._check_alone()
        self._is_busy = True
        self._put_back(plain_rows(rows))
        if rows:  # else nothing is put back, which takes no thread
            self.meanwhile()
        self._is_busy = False

    def _check_alone(self) -> None:
        """A machine is for one thread at a time."""
        assert not self._is_busy, "two threads are at work on one machine"

    def _put_back(self, plain: dict[str, Any]) -> None:
        self.sums: dict[str, int] = {}
        self.due: dict[str, int] = {}
        self.seen: dict[str, list[str]] = {}
        self.read_us: dict[str, int | None] = {}
        self.count, self.order, self.said, self.clock_us, self.clock, self.settings = plain.get(
            META, (0, 0, 0, 0, "", {})
        )
        self._changed, self._warm = set(), set()
        for name, row in plain.items():
            if name != META:
                kind, key = _decode(name)
                self._kind(kind)[key] = row[0]

    def _kind(self, kind: str) -> dict[str, Any]:
        kinds: dict[str, dict[str, Any]] = {"sum": self.sums, "due": self.due, "seen": self.seen, "read": self.read_us}
        return kinds[kind]

    def _row(self, name: str) -> Any:
        if name == META:
            return [self.count, self.order, self.said, self.clock_us, self.clock, self.settings]
        _, kind, _, key, _ = name.split('"')
        rows = self._kind(kind)
        return [rows[key]] if key in rows else None


def _nothing() -> None:
    """Nobody else is there."""
