"""The work that every contestant does for an event: an exact balance for each account, and one online scorer.

It imports msgspec and the standard library only, because the rivals run it in an environment of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

USUAL_MEAN, USUAL_VARIANCE = 100.0, 833.0  # what is believed of an account that was never heard of
LEARNING_RATE = 0.05
UNUSUAL = 25.0  # squared distance over variance from which on an amount is told
OUTLIERS_IN = 50
SCALE = 100_000_000


class Event(msgspec.Struct, gc=False):
    """A movement of `amount` (a decimal text with eight places) on an account."""

    event_id: str
    account: str
    amount: str


class Row(msgspec.Struct, gc=False, array_like=True):
    """What is known of an account: its balance in units of 10^-8, how often it moved, and what is usual for it."""

    units: int = 0
    events: int = 0
    mean: float = USUAL_MEAN
    variance: float = USUAL_VARIANCE


class Alarm(msgspec.Struct, gc=False):
    """An amount that is unusual for its account."""

    alert_id: str
    account: str
    balance_units: int
    score: float


decode = msgspec.json.Decoder(Event).decode
encode = msgspec.json.Encoder().encode


def advance(row: Row, event: Event) -> Alarm | None:
    """Bring a row up to date with an event, and return the alarm if there is one; such amounts teach nothing."""
    units = int(event.amount.replace(".", ""))
    row.units += units
    row.events += 1
    away = units / SCALE - row.mean
    score = away * away / row.variance
    if score > UNUSUAL:
        return Alarm(event.event_id, event.account, row.units, round(score, 6))
    row.mean += LEARNING_RATE * away
    row.variance += LEARNING_RATE * (away * away - row.variance)
    return None


class Core:
    """The work with its rows in memory, for those who keep them there."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.events = 0

    def apply(self, value: bytes) -> Alarm | None:
        """Take an event in, as bytes."""
        event = decode(value)
        row = self.rows.get(event.account)
        if row is None:
            row = self.rows[event.account] = Row()
        self.events += 1
        return advance(row, event)

    def units(self) -> int:
        """Return the sum of all balances: equal for all who have counted every event once."""
        return sum(row.units for row in self.rows.values())


def openings(keys: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield account and bytes of one event for each of so many accounts, with the usual amount."""
    for rank in range(keys):
        account = f"client-{rank:07d}"
        yield account.encode(), _event(f"o{rank:09d}", rank, account, f"{USUAL_MEAN:.0f}.{0:08d}")


def events(count: int, keys: int, *, skewed: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """Yield account and bytes of so many events over so many accounts, the same ones each time.

    All accounts are equally busy; with `skewed` the one of rank n is as busy as 1/n (the law of Zipf).
    """
    chance = Random(keys)
    for number in range(count):
        rank = int(keys ** chance.random()) - 1 if skewed else chance.randrange(keys)
        account = f"client-{rank:07d}"
        whole = 2_000 if chance.randrange(OUTLIERS_IN) == 0 else chance.randrange(50, 150)
        yield account.encode(), _event(f"e{number:09d}", number, account, f"{whole}.{chance.randrange(SCALE):08d}")


def _event(event_id: str, number: int, account: str, amount: str) -> bytes:
    return (
        f'{{"schema_version":1,"event_id":"{event_id}","source":"bench",'
        f'"event_time":"2026-01-05T00:00:00.{number % 1_000_000:06d}Z","kind":"movement",'
        f'"account":"{account}","asset":"BTC","amount":"{amount}"}}'
    ).encode()
