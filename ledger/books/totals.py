"""Control totals: what clients are owed in an asset must be held, or be between own places, in every recon group.

An excess is told at once where nothing accounts for it and it is larger than what races between feeds have made so far
(the band), else when it is still there after `totals_s` and all who could tell have delivered. Nothing is concluded
before the books of the group and the opening of each of its places were heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.books.band import Band, Bands
from ledger.books.cover import Cover, Key
from ledger.books.excess import excess_breach, over_text
from ledger.books.places import tellers
from ledger.books.racing import Racing
from ledger.check import Change, Check, Entry, Timer
from ledger.dossiers import Dossier
from ledger.events import AddressRef, LocationRef, Reference, Snapshot
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "liabilities_exceed_holdings"
TOLD_AGAIN_SHARE = 2  # people hear again when it has grown by half


class Totals(Check):
    """What is owed against what covers it, by recon group and asset."""

    everywhere = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.owed = context.books.owed
        self.cover = Cover(context)
        self.racing = Racing(context)
        self.bands = Bands()
        self._cause: Entry | Dossier | None = None  # what is being judged

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"total": self.bands.table, "unproved_units": self.cover.unproved, **self.racing.tables()}

    def timers(self) -> Mapping[str, Timer]:
        return {"total": self._due}

    def loaded(self) -> None:
        self.cover.rebuild()
        self.racing.loaded()

    # --- what changes the totals --------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        if entry.event.account_class == "client":
            self.racing.booked(entry, entry.group)
        self._cause = entry
        self._judge((entry.group, entry.asset), explained=False)

    def moved(self, change: Change) -> None:
        self.racing.told_of(change.dossier.transfer_id)
        changed = self.cover.moved(change)
        if not changed and not change.is_undone:
            return
        dossier = self._cause = change.dossier
        here = dossier.origin if dossier.destination in self.context.territory.away else dossier.destination
        key = (self.context.groups.of_location(here), dossier.asset)
        caught_up = self.racing.moved(change)
        if caught_up:
            self.bands.caught_up(key, caught_up)
        for place in {**changed, key: None}:
            self._judge(place, explained=True)

    def forgot(self, dossier: Dossier) -> None:
        self.racing.told_of(dossier.transfer_id)
        self.cover.forgot(dossier)

    def reported(self, event: Snapshot) -> None:
        if event.holding_kind != "actual":
            return
        if self.cover.reported(event.location):
            self._cause = None
            group = self.context.groups.of_location(event.location)
            for asset in sorted(self.context.holdings.places.by_name[event.location].positions):
                self._judge((group, asset), explained=True)

    def referred(self, event: Reference) -> None:
        if isinstance(event, LocationRef):
            self.cover.regroup()
        elif isinstance(event, AddressRef):
            self._cause = None
            for key in self.cover.proved(event):
                self._judge(key, explained=True)

    def introduced(self, asset: str) -> None:
        self.cover.refresh_asset(asset)

    def swept(self, before_us: int) -> None:
        self.racing.forget_before(self.context.now_us)
        self.bands.forget_slowly()

    # --- what is concluded ----------------------------------------------------------------------------------------
    def _judge(self, key: Key, *, explained: bool) -> None:
        excess = self.owed.get(key, 0) - self.cover.units(key)
        if excess > 0:
            if self.cover.is_heard(key):
                self._weigh(key, excess, waited=False)
            return
        band = self.bands.table.rows.get(key)
        if band is not None and band.since_us:
            self._over(key, self.bands.of(key), excess, explained=explained)

    def _weigh(self, key: Key, excess: int, *, waited: bool) -> None:
        """Hold an excess against all that may account for it."""
        sources, cents = tellers(self.context, key[0]), self.context.cents(key[1], excess)
        band = self.bands.of(key)
        excused = self.racing.excused(key, sources, cents)
        # Credits of which nothing but the booking is known are believed up to half of what is held.
        bare = excess - excused.known - min(excused.unknown, max(self.cover.units(key) // 2, band.units))
        if bare > 0:
            bare -= self.cover.surplus(key)
        if not band.since_us:
            band.since_us = self.context.now_us
            band.event_id, band.links = self.context.cause_id, self._links_of(self._cause)
        if bare > 0 and (waited or band.told_units or bare > band.units):
            self._tell(key, band, excess, waited=waited)
            return
        band.peak_units = max(band.peak_units, bare)
        wait_us = self.context.now_us + round(self.context.limits.totals_s * SECOND_US)
        due_us = wait_us if bare > 0 or excused.until_us is None else excused.until_us
        timer = f"total|{key[0]}|{key[1]}"
        waiting = self.context.absences.waiting.get(timer)
        if waiting is None or due_us < waiting.due_us:
            self.context.absences.expect(timer, due_us, sources, cents)

    def _due(self, rest: str, due_us: int) -> None:
        self._cause = None
        group, _, asset = rest.rpartition("|")
        key = (group, asset)
        excess = self.owed.get(key, 0) - self.cover.units(key)
        if excess > 0 and self.cover.is_heard(key):
            self._weigh(key, excess, waited=True)

    def _tell(self, key: Key, band: Band, excess: int, *, waited: bool) -> None:
        if band.told_units and excess * TOLD_AGAIN_SHARE < band.told_units * (TOLD_AGAIN_SHARE + 1):
            return
        again = band.told_units > 0
        if not waited:
            band.event_id, band.links = self.context.cause_id, self._links_of(self._cause)
        band.told_us = band.told_us or self.context.now_us
        band.told_units = excess
        rule = "still_there" if waited else "beyond_band"
        self.context.absences.met(f"total|{key[0]}|{key[1]}")
        self.context.tell(excess_breach(self.context, self.cover, key, excess, band, rule=rule, again=again))

    def _over(self, key: Key, band: Band, excess: int, *, explained: bool) -> None:
        self.context.absences.met(f"total|{key[0]}|{key[1]}")
        self.context.mend(
            KIND, "|".join(key), over_text(self.cover, key, excess), (self.context.cause_id,), explained=explained
        )
        soon_us = round(self.context.limits.totals_s * SECOND_US)
        if not band.told_us or self.context.now_us - band.told_us <= soon_us:
            self.bands.over(band, self.cover.units(key))
        else:
            self.bands.end(band)

    def _links_of(self, cause: Entry | Dossier | None) -> tuple[str, ...]:
        """Return what a cause is about; of movements that nobody asked for, that they left the same place."""
        if isinstance(cause, Entry):
            journal, transfer_id = f"journal|{cause.event.journal_id}", cause.event.transfer_id
            return (journal, f"transfer|{transfer_id}") if transfer_id else (journal,)
        if cause is None:
            return ()
        transfer = f"transfer|{cause.transfer_id}"
        unasked = self.context.territory.leaves(cause) and not cause.instructed
        return (transfer, f"outflow|{cause.origin}") if unasked else (transfer,)
