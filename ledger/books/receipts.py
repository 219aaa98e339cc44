"""A suspense account as data: its open items, what usually comes in a day, and how it stood a day ago.

What leaves is taken for the receipt of the same amount, else for the oldest.
"""

from __future__ import annotations

from msgspec import Struct

ITEMS_MAX = 512
DAY_HOURS = 24  # growth is what a balance has gained over so many
USUAL_HOURS_MAX = 14 * DAY_HOURS  # what came earlier than so long before that fades


class Receipt(Struct, gc=False, array_like=True):
    """An open item, in units."""

    units: int
    at_us: int
    event_id: str


class Hour(Struct, gc=False, array_like=True):
    """An hour in which the account moved: its number since 1970, the balance at its end, and what came in it."""

    number: int
    balance: int
    inflow: int


class Suspense(Struct, gc=False, array_like=True):
    """An account in an asset. `items` are open, the oldest first; `hours` those of the last day in which it moved.

    What was before that day: the balance at its beginning (`base`), and what came (`usual_units`) in `usual_hours`, up
    to the hour `until`. `grown_us`: since when its growth has been unusual, 0 where it is not; `told`: what people have
    heard ("", "age", "growth", or both).
    """

    source: str
    until: int
    base: int
    usual_units: int = 0
    usual_hours: int = 0
    hours: list[Hour] = []
    items: list[Receipt] = []
    grown_us: int = 0
    told: str = ""

    @property
    def usual_day(self) -> int | None:
        """What comes on a usual day, in units; None before a whole day is known."""
        return self.usual_units * DAY_HOURS // self.usual_hours if self.usual_hours >= DAY_HOURS else None


def add(row: Suspense, item: Receipt) -> None:
    """Take a receipt; beyond the bound it joins the one before it, and its age is that one's."""
    if len(row.items) >= ITEMS_MAX:
        row.items[-1].units += item.units
        return
    place = len(row.items)
    while place and row.items[place - 1].at_us > item.at_us:
        place -= 1
    row.items.insert(place, item)


def take(row: Suspense, units: int) -> None:
    """Take out the receipt of just so much, else as much of the oldest; what nothing came for is no item."""
    for place, item in enumerate(row.items):
        if item.units == units:
            del row.items[place]
            return
    while units and row.items:
        part = min(units, row.items[0].units)
        row.items[0].units -= part
        units -= part
        if not row.items[0].units:
            del row.items[0]


def pass_hours(row: Suspense, hour: int) -> None:
    """Let time pass: hours that are more than a day ago say what is usual."""
    over = hour - DAY_HOURS
    while row.hours and row.hours[0].number <= over:
        first = row.hours.pop(0)
        row.base = first.balance
        row.usual_units += first.inflow
    if over > row.until:
        row.usual_hours += over - row.until
        row.until = over
    if row.usual_hours > USUAL_HOURS_MAX:
        row.usual_units = row.usual_units * USUAL_HOURS_MAX // row.usual_hours
        row.usual_hours = USUAL_HOURS_MAX


def note(row: Suspense, hour: int, balance: int, inflow: int) -> None:
    """Note what came in an hour, and the balance now."""
    if row.hours and row.hours[-1].number == hour:
        row.hours[-1].balance = balance
        row.hours[-1].inflow += inflow
    else:
        row.hours.append(Hour(hour, balance, inflow))
