"""Feeds that race each other: credits heard before the money, money that left before its debit was heard.

What the books have done to clients and what the places have done are paired by movement (by journal, where no movement is
named). While one side is missing and may still come, the difference is no evidence of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from ledger.check import Change, Entry
from ledger.dossiers import Dossier
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

Key = tuple[str, str]  # group and asset
RACES_MAX = 8_192
KEPT_US = 86_400 * SECOND_US
NEVER_FROM_OUTSIDE = frozenset(("adjustment", "refund", "reversal", "mint", "burn"))
"""Bookings that people make: no money is on its way for them."""


class Race(Struct, gc=False, array_like=True):
    """What was booked to clients, and what the places gained, in units, since the two last agreed.

    `heard_us` is when the latest of it was heard, `journal_id` the latest journal; `automatic`: all of it is of a kind
    for which money may be on its way.
    """

    booked: int
    moved: int
    heard_us: int
    journal_id: str
    automatic: bool

    @property
    def ahead(self) -> int:
        """By how much the books are ahead of the money, in units; not positive where they are not."""
        return self.booked - self.moved


class Excused(NamedTuple):
    """Units that may yet be explained: by what is known to be on its way, and by what nothing is known of so far.

    `until_us`: when the first of it is no excuse any more, unless a source is behind; None where there is none.
    """

    known: int
    unknown: int
    until_us: int | None


class Racing:
    """All that is not paired yet, by movement or journal, group and asset."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: Table[tuple[str, ...], Race] = Table(Race)
        self._ahead: dict[Key, dict[str, None]] = {}  # those of which the books are ahead of the money

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"race": self.table}

    def loaded(self) -> None:
        self._ahead = {}
        for key, race in self.table.rows.items():
            self._note(key, race)

    # --- what pairs -------------------------------------------------------------------------------------------
    def booked(self, entry: Entry, group: str) -> None:
        """Take a posting on a client's account."""
        event = entry.event
        if event.op_type == "opening":
            return  # what was there before anything raced
        automatic = event.origin != "manual" and event.op_type not in NEVER_FROM_OUTSIDE
        name = event.transfer_id or f"journal|{event.journal_id}"
        if entry.units:
            self._take((name, group, entry.asset), entry.units, 0, event.journal_id, automatic=automatic)

    def moved(self, change: Change) -> int:
        """Take a report of a movement; return the units of a client's credit that it has caught up with."""
        dossier, groups = change.dossier, self.context.groups
        away = self.context.territory.away
        incoming, outgoing = dossier.destination not in away, dossier.origin not in away
        if incoming and outgoing and groups.of_location(dossier.origin) == groups.of_location(dossier.destination):
            return 0
        caught_up = 0
        if incoming:
            was = change.was_arrived_units if change.was_arrived else 0
            units = (dossier.arrived_units if dossier.arrived else 0) - was
            caught_up = self._moved_at(dossier, dossier.destination, units)
        if outgoing:
            was = change.was_arrived_units if change.was_left else 0
            self._moved_at(dossier, dossier.origin, was - (dossier.arrived_units if dossier.left else 0))
        return caught_up

    def _moved_at(self, dossier: Dossier, location: str, units: int) -> int:
        if not units:
            return 0
        key = (dossier.transfer_id, self.context.groups.of_location(location), dossier.asset)
        known = self.table.rows.get(key)
        credited = known.booked if known is not None and known.booked > 0 else 0
        self._take(key, 0, units, "", automatic=True)
        return min(credited, units) if units > 0 else 0

    def _take(self, key: tuple[str, ...], booked: int, moved: int, journal_id: str, *, automatic: bool) -> None:
        race = self.table.edit(key)
        if race is None:
            race = self.table.put(key, Race(booked, moved, self.context.now_us, journal_id, automatic))
            self._note(key, race)
            if len(self.table) > RACES_MAX:
                self._drop_oldest()
            return
        race.booked += booked
        race.moved += moved
        if _agree(race):
            self._drop(key)
            return
        self._note(key, race)
        race.heard_us = self.context.now_us
        race.journal_id = journal_id or race.journal_id
        race.automatic = race.automatic and automatic

    def _drop_oldest(self) -> None:
        rows = self.table.rows
        for key in sorted(rows, key=lambda key: (rows[key].heard_us, key))[: RACES_MAX // 4]:
            self._drop(key)

    def _note(self, key: tuple[str, ...], race: Race) -> None:
        if race.ahead > 0:
            self._ahead.setdefault((key[1], key[2]), {})[key[0]] = None
        else:
            self._unnote(key)

    def _unnote(self, key: tuple[str, ...]) -> None:
        names = self._ahead.get((key[1], key[2]))
        if names is not None and key[0] in names:
            del names[key[0]]
            if not names:
                del self._ahead[key[1], key[2]]

    def _drop(self, key: tuple[str, ...]) -> None:
        self.table.drop(key)
        self._unnote(key)

    def forget_before(self, now_us: int) -> None:
        """Drop what never came to agree: it is no race any more."""
        for key in [key for key, race in self.table.rows.items() if race.heard_us < now_us - KEPT_US]:
            self._drop(key)

    # --- what excuses -----------------------------------------------------------------------------------------
    def excused(self, key: Key, sources: tuple[str, ...], cents: int | None) -> Excused:
        """Return what may yet be explained in a group and asset; `sources` tell of its places and books."""
        known, ends = 0, []
        # It is not the moment until which something waits yet, or a source has yet to deliver up to then.
        over_us = min(self.context.now_us, self.context.sources.complete_us(sources, cents))
        wait_us = round(self.context.limits.totals_s * SECOND_US)
        unknown = self.context.books.foreseen_units(key, over_us - wait_us)
        for name in self._ahead.get(key, ()):
            race = self.table.rows[name, *key]
            dossier = self.context.dossiers.get(name)
            until_us = race.heard_us + self._wait_us(dossier)
            if until_us <= over_us:
                continue
            if dossier is not None and self._is_on_its_way(dossier):
                known += min(race.ahead, self._at_stake(dossier))
            elif self.context.journals.is_open(race.journal_id) or (dossier is None and race.automatic):
                unknown += race.ahead
            else:
                continue
            ends.append(until_us)
        return Excused(known, unknown, min(ends, default=None))

    def _wait_us(self, dossier: Dossier | None) -> int:
        """Return how long a difference may wait: where an inflow is known to be under way, for that to arrive."""
        limits = self.context.limits
        is_inflow = dossier is not None and self.context.territory.enters(dossier)
        return round((limits.suppress_s if is_inflow else limits.totals_s) * SECOND_US)

    def _is_on_its_way(self, dossier: Dossier) -> bool:
        """Tell whether a known movement has yet to arrive, or of one that leaves, to be debited or given back."""
        territory = self.context.territory
        arriving = not dossier.arrived and not dossier.undone
        return territory.leaves(dossier) or (territory.enters(dossier) and arriving)

    def _at_stake(self, dossier: Dossier) -> int:
        """Return how far books and money may be apart for a movement: what leaves may lack its debit and be back."""
        units = max(dossier.instructed_units, dossier.arrived_units)
        return 2 * units if self.context.territory.leaves(dossier) else units


def _agree(race: Race) -> bool:
    """Tell whether both sides are here: the same, or less for the client than for us."""
    return not race.ahead or (race.ahead < 0 and race.booked * race.moved > 0)
