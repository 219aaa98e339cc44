"""The band of racing feeds: how far liabilities have been above holdings for a moment and come back by themselves."""

from __future__ import annotations

from msgspec import Struct

from ledger.table import Table

Key = tuple[str, str]  # group and asset
TIMES_USUAL = 2
FORGETTING = 8  # each day the band narrows by one part in so many
HOLDINGS_SHARE = 10  # excesses that went away widen it to one part in so many of the holdings at most


class Band(Struct, gc=False, array_like=True):
    """What is learned of a group and asset, and how its present excess stands; all in units.

    `race_units` is the largest credit that its money has caught up with, `excess_units` the largest excess that went
    away. `since_us` is when the present excess began (0: there is none), with the event and what it is about (`links`),
    which are the latest's once it is told; `peak_units` is the most of it
    that nothing accounted for, and `told_units`, `told_us` what people heard of it, and when.
    """

    race_units: int = 0
    excess_units: int = 0
    since_us: int = 0
    event_id: str = ""
    peak_units: int = 0
    told_units: int = 0
    told_us: int = 0
    links: tuple[str, ...] = ()

    @property
    def units(self) -> int:
        """How much may be unaccounted for, for a moment."""
        return max(self.race_units, TIMES_USUAL * self.excess_units)


class Bands:
    """The bands of all groups and assets."""

    def __init__(self) -> None:
        self.table: Table[Key, Band] = Table(Band)

    def of(self, key: Key) -> Band:
        """Return the band of a group and asset to change it, made on first use."""
        return self.table.edit(key) or self.table.put(key, Band())

    def caught_up(self, key: Key, units: int) -> None:
        """Learn that money has caught up with a credit of `units`."""
        known = self.table.rows.get(key)
        if known is None or units > known.race_units:
            self.of(key).race_units = units

    def over(self, band: Band, held_units: int) -> None:
        """The present excess is over: learn from it, within a part of what is held."""
        seen = min(max(band.peak_units, band.told_units), max(held_units, 0) // HOLDINGS_SHARE)
        band.excess_units = max(band.excess_units, seen)
        self.end(band)

    @staticmethod
    def end(band: Band) -> None:
        """Begin anew with the next excess."""
        band.since_us = band.peak_units = band.told_units = band.told_us = 0
        band.event_id, band.links = "", ()

    def forget_slowly(self) -> None:
        """A day is over."""
        for key, band in self.table.rows.items():
            if band.race_units or band.excess_units:
                band.race_units -= band.race_units // FORGETTING
                band.excess_units -= band.excess_units // FORGETTING
                self.table.touched.add(key)
