"""Movements that have no posting yet, found by amount or by client: what a journal without an id may be for.

An inflow waits from the moment it is seen, so that a credit that is quicker finds it; a payment from the moment its debit
is asked for, and when it came back, for what is given back for it. It follows from the rows of claims and dossiers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.fold import RANK
from ledger.matching.links import booked_units, came_back, first_heard
from ledger.matching.search import Index

if TYPE_CHECKING:
    from ledger.matching.join import Join

SEEN_BITS = (1 << RANK["broadcast"]) | (1 << RANK["confirming"]) | (1 << RANK["replaced"])
Names = tuple[tuple[str, int], tuple[str, str]]
_FOR_A_BOOKING = frozenset(("uncredited", "unbooked", "undebited"))


class Waiting:
    """The index. Units are signed: positive for what comes in.

    The group of a movement is asked for each time, since records of the firm may change it.
    """

    def __init__(self, join: Join) -> None:
        self.join = join
        self._names: dict[str, Names] = {}
        self._by_units: Index[tuple[str, int], str] = Index()
        self._by_client: Index[tuple[str, str], str] = Index()

    def loaded(self) -> None:
        for dossier in self.join.context.dossiers.rows.values():
            if self.join.context.territory.crosses(dossier):
                self.note(dossier)

    def note(self, dossier: Dossier) -> None:
        """Take over whether a movement over the border waits for a posting."""
        transfer_id = dossier.transfer_id
        names = self._names_of(dossier) if self._waits(dossier) else None
        if names != self._names.get(transfer_id):
            self.forget(transfer_id)
            if names is not None:
                self._names[transfer_id] = names
                self._by_units.add(names[0], transfer_id)
                self._by_client.add(names[1], transfer_id)

    def _waits(self, dossier: Dossier) -> bool:
        claim, away = self.join.claims.table.rows.get(dossier.transfer_id), self.join.context.territory.away
        if dossier.destination in away and came_back(dossier):
            return claim is None or all(leg.units < 0 for leg in claim.legs.values())
        if claim is not None and claim.legs:
            return False
        if dossier.origin in away and not dossier.undone and not dossier.arrived and dossier.stages & SEEN_BITS:
            return True
        return claim is not None and not _FOR_A_BOOKING.isdisjoint(claim.open)

    def _names_of(self, dossier: Dossier) -> Names:
        units = booked_units(dossier, self.join.context.territory.away)
        client = dossier.client or dossier.origin_client
        return (dossier.asset, units), (dossier.asset, client)

    def forget(self, transfer_id: str) -> None:
        names = self._names.pop(transfer_id, None)
        if names is not None:
            self._by_units.remove(names[0], transfer_id)
            self._by_client.remove(names[1], transfer_id)

    # --- what others ask -------------------------------------------------------------------------------------
    def is_waiting(self, transfer_id: str) -> bool:
        """Tell whether a movement waits for a posting."""
        return transfer_id in self._names

    def by_units(self, group: str, asset: str, units: int) -> list[str]:
        """Return the movements of an amount that wait for a posting, the first heard first."""
        return self._of_group(group, self._by_units.get((asset, units)))

    def by_client(self, group: str, asset: str, client: str) -> list[str]:
        """Return the movements for a client that wait for a posting, the first heard first."""
        return self._of_group(group, self._by_client.get((asset, client)))

    def _of_group(self, group: str, transfer_ids: Iterable[str]) -> list[str]:
        rows, of_books = self.join.context.dossiers.rows, self.join.context.groups.of_books
        waiting = (rows[transfer_id] for transfer_id in transfer_ids)
        return [dossier.transfer_id for dossier in first_heard(one for one in waiting if of_books(one) == group)]
