"""A feed and a machine that anybody could have: an exact balance for each account, and how many events made it up.

It is what Driftline's engine and plain Faust are given side by side. ``python -m tests.chaos.light`` is a worker of
Driftline's with this machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from streams.engine.errors import EngineError
from streams.engine.settings import settings_from
from streams.engine.worker import run_worker
from streams.record import Output, Record
from streams.rowdata import plain_rows
from streams.simulate.units import time_text
from tests.chaos.feeder import Sent

MODULE = ("-m", "tests.chaos.light")
TOPIC = "ledger"
Balance = tuple[int, int]  # how many events, and what they add up to
_encode = msgspec.json.Encoder().encode


class Booking(msgspec.Struct, gc=False):
    """One event of the feed."""

    event_id: str
    observed_at: str
    account: str
    units: int


read_booking = msgspec.json.Decoder(Booking).decode


def bookings(seed: int, events: int, keys: int, now_us: int) -> Iterator[Sent]:
    """Yield so many events over so many accounts, each once."""
    rng = Random(f"{seed}:bookings")
    for number in range(events):
        account = f"account-{rng.randrange(keys):06d}"
        moment = time_text(now_us - (events - number) * 1_000)
        yield TOPIC, account, _encode(Booking(f"booking-{number}", moment, account, rng.randrange(-10_000, 10_000)))


class Balances:
    """The machine: it knows an input that comes again by its offset, and so its rows say how far each partition is."""

    state_version = 1

    def __init__(self) -> None:
        self._balances: dict[str, Balance] = {}
        self._next: dict[str, int] = {}
        self._changed: dict[str, Any] = {}

    def step(self, record: Record) -> list[Output]:
        if record.topic == TOPIC:
            place, _, offset = record.origin.rpartition("/")
            if int(offset) >= self._next.get(place, 0):
                self._next[place] = self._changed[f'["next","{place}"]'] = int(offset) + 1
                self._book(read_booking(record.value))
        return []

    def _book(self, booking: Booking) -> None:
        count, units = self._balances.get(booking.account, (0, 0))
        balance = (count + 1, units + booking.units)
        self._balances[booking.account] = self._changed[f'["balance","{booking.account}"]'] = balance

    def changed_rows(self) -> dict[str, Any]:
        changed, self._changed = self._changed, {}
        return changed

    def restore(self, rows: Mapping[bytes, bytes]) -> None:
        self.__init__()  # type: ignore[misc]  # a new one, whatever this one was
        for key, row in plain_rows(rows).items():
            kind, name = msgspec.json.decode(key)
            if kind == "next":
                self._next[name] = row
            else:
                self._balances[name] = (row[0], row[1])


def main() -> int:
    """Run a worker with this machine and the settings of the environment."""
    try:
        return run_worker(settings_from(os.environ), lambda _: Balances())
    except EngineError as problem:
        print(f"driftline worker: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
