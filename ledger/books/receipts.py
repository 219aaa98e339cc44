"""A suspense account as data: its open items, what usually comes, and how it stood a day ago.

What leaves is taken for the receipt of the same amount, else for the oldest.
"""

from __future__ import annotations

from msgspec import Struct

ITEMS_MAX = 512
HOURS = 24  # growth is what a balance has gained over so many
DAYS_KEPT = 14


class Receipt(Struct, gc=False, array_like=True):
    """An open item, in units."""

    units: int
    at_us: int
    event_id: str


class Suspense(Struct, gc=False, array_like=True):
    """An account in an asset: its open items, the oldest first, the balance at the end of each of the last hours in
    which it moved, what came on each of the last whole days, and what people have heard ("", "age", "growth", both).
    """

    source: str
    day: int
    inflow: int | None = None  # of the day that is under way; None where that was heard in part only
    days: list[int] = []
    hours: list[tuple[int, int]] = []
    items: list[Receipt] = []
    told: str = ""

    @property
    def usual_days(self) -> list[int]:
        """What came on the days of which nothing is part of the present growth."""
        return self.days[:-1]


def add(row: Suspense, item: Receipt) -> None:
    """Take a receipt; beyond the bound it joins the one before it, and its age is that one's."""
    if row.inflow is not None:
        row.inflow += item.units
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


def pass_days(row: Suspense, day: int) -> None:
    """Close the days that are over; of those on which nothing came as many as are kept."""
    if day <= row.day:
        return
    over = [] if row.inflow is None else [row.inflow]
    row.days = [*row.days, *over, *[0] * min(day - row.day - 1, DAYS_KEPT)][-DAYS_KEPT:]
    row.day, row.inflow = day, 0


def note(hours: list[tuple[int, int]], hour: int, balance: int) -> None:
    """Note the balance of an hour; of those before the last day the latest is kept."""
    if hours and hours[-1][0] == hour:
        hours[-1] = (hour, balance)
    else:
        hours.append((hour, balance))
    while len(hours) > 1 and hours[1][0] <= hour - HOURS:
        del hours[0]


def gained(hours: list[tuple[int, int]], hour: int, balance: int) -> int:
    """Return by how many units the balance is above that of a day ago; 0 where that is not known."""
    before = [then for at_hour, then in hours if at_hour <= hour - HOURS]
    return balance - before[-1] if before else 0
