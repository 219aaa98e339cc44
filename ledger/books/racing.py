"""Feeds that race each other: credits heard before the money, money that left before its debit was heard.

What the books have done to clients and what the places have done are paired by movement (by journal, where no movement is
named). While one side is missing and may still come, the difference is no evidence of anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.books.excuses import NOTHING, Excuse, Excused, Excuses
from ledger.check import Change, Entry
from ledger.dossiers import Dossier
from ledger.named import Named
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

Key = tuple[str, str]  # group and asset
RACES_MAX = 65_536  # of a feed that is silent for minutes, while the books go on
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


RaceKey = tuple[str, ...]  # name, group and asset


class Racing:
    """All that is not paired yet, by movement or journal, group and asset."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.table: Table[RaceKey, Race] = Table(Race)
        self._ahead: dict[RaceKey, None] = {}  # of which the books are ahead of the money
        self._of_name, self._of_journal = Named[RaceKey, str](), Named[RaceKey, str]()  # those, by their latest journal
        # What each explains is worked out again when what it follows from has changed: its dossier, its journal, the rules.
        self._excuses: dict[Key, Excuses] = {}
        self._stale: dict[RaceKey, None] = {}
        self._basis: tuple[object, object] = (None, None)
        context.journals.on_turned = self.journal_turned

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"race": self.table}

    def loaded(self) -> None:
        self._ahead, self._of_name, self._of_journal = {}, Named(), Named()
        self._excuses, self._stale = {}, {}
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

    def _take(self, key: RaceKey, booked: int, moved: int, journal_id: str, *, automatic: bool) -> None:
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
        race.heard_us = self.context.now_us
        race.journal_id = journal_id or race.journal_id
        race.automatic = race.automatic and automatic
        self._note(key, race)

    def _drop_oldest(self) -> None:
        rows = self.table.rows
        for key in sorted(rows, key=lambda key: (rows[key].heard_us, key))[: RACES_MAX // 4]:
            self._drop(key)

    def _note(self, key: RaceKey, race: Race) -> None:
        self._unnote(key)
        if race.ahead > 0:
            self._ahead[key] = None
            self._of_name.put(key, key[0])
            self._of_journal.put(key, race.journal_id)
            self._stale[key] = None

    def _unnote(self, key: RaceKey) -> None:
        if key not in self._ahead:
            return
        del self._ahead[key]
        self._of_name.drop(key)
        self._of_journal.drop(key)
        self._stale.pop(key, None)
        self._explain(key, None)

    def _drop(self, key: RaceKey) -> None:
        self.table.drop(key)
        self._unnote(key)

    def forget_before(self, now_us: int) -> None:
        """Drop what never came to agree: it is no race any more. Journals may be forgotten as well."""
        self._stale.update(dict.fromkeys(self._ahead))
        for key in [key for key, race in self.table.rows.items() if race.heard_us < now_us - KEPT_US]:
            self._drop(key)

    # --- what excuses -----------------------------------------------------------------------------------------
    def excused(self, key: Key, sources: tuple[str, ...], cents: int | None) -> Excused:
        """Return what may yet be explained in a group and asset; `sources` tell of its places and books."""
        # It is not the moment until which something waits yet, or a source has yet to deliver up to then.
        over_us = min(self.context.now_us, self.context.sources.complete_us(sources, cents))
        wait_us = round(self.context.limits.totals_s * SECOND_US)
        foreseen = self.context.books.foreseen_units(key, over_us - wait_us)
        self._refresh()
        excuses = self._excuses.get(key)
        found = NOTHING if excuses is None else excuses.after(over_us)
        return found._replace(unknown=found.unknown + foreseen)

    def told_of(self, transfer_id: str) -> None:
        """Something was told of a movement, or it is forgotten."""
        self._stale.update(dict.fromkeys(self._of_name.of(transfer_id)))

    def journal_turned(self, journal_id: str) -> None:
        """A journal has become complete, or is not any more."""
        self._stale.update(dict.fromkeys(self._of_journal.of(journal_id)))

    def _refresh(self) -> None:
        """Work out again what those explain of which something has changed."""
        basis = (self.context.limits, self.context.territory.away)
        if basis[0] is not self._basis[0] or basis[1] is not self._basis[1]:
            self._basis = basis
            self._stale.update(dict.fromkeys(self._ahead))
        if self._stale:
            for key in self._stale:
                self._explain(key, self.excuse_of(key))
            self._stale = {}

    def _explain(self, key: RaceKey, excuse: Excuse | None) -> None:
        place = (key[1], key[2])
        excuses = self._excuses.get(place)
        if excuse is not None:
            excuses = self._excuses.setdefault(place, Excuses()) if excuses is None else excuses
            excuses.put(key[0], excuse)
        elif excuses is not None:
            excuses.drop(key[0])
            if not excuses:
                del self._excuses[place]

    def excuse_of(self, key: RaceKey) -> Excuse | None:
        """Return what a race of which the books are ahead may yet explain; None where it can explain nothing."""
        race, dossier = self.table.rows[key], self.context.dossiers.get(key[0])
        until_us = race.heard_us + self._wait_us(dossier)
        if dossier is not None and self._is_on_its_way(dossier):
            return Excuse(until_us, min(race.ahead, self._at_stake(dossier)), 0)
        if self.context.journals.is_open(race.journal_id) or (dossier is None and race.automatic):
            return Excuse(until_us, 0, race.ahead)
        return None

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
