"""Value that comes to an address of which nobody has shown that we control it, or that nobody has registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.events import AddressRef, Reference
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.screens.registry import needs_proof, plain
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "unproved_address"
REGISTERED_MIN = 20
"""So many deposits to addresses on record, for each one to another, say that a place registers all of them."""


class Arrivals(Struct, gc=False):
    """How many deposits at a place came to addresses on record, and to how many others deposits came."""

    registered: int = 0
    others: int = 0


class Proofs(Check):
    """Movements into our places by the address that they come to."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.arrivals: Table[str, Arrivals] = Table(Arrivals)
        self.counts: Table[str, int] = Table(int)  # address told of, to how many deposits came to it

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"address_arrivals": self.arrivals, "unproved": self.counts}

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not change.first or not dossier.address or dossier.destination == EXTERNAL or dossier.undone:
            return
        known = self._known(dossier)
        if known is None:
            if self._is_strange(dossier):
                self._tell(
                    dossier, "address_not_on_record", "which is not on record, unlike all others that are paid to"
                )
            return
        self._note(dossier.destination, registered=True)
        if needs_proof(known) and known.control_proved_at is None:
            self._tell(dossier, "control_not_proved", "of which it is not proved that we control it")

    def referred(self, event: Reference) -> None:
        if isinstance(event, AddressRef) and (event.control_proved_at is not None or not needs_proof(event)):
            address = plain(event.address)
            count = self.counts.drop(address)
            if count is not None:
                said = "is proved to be controlled by us" if event.control_proved_at else f"is {event.owner}'s own"
                sentence = f"{event.address} {said}; {count} deposits had come to it."
                self.context.mend(KIND, address, sentence, (event.event_id,), explained=True)

    def _known(self, dossier: Dossier) -> AddressRef | None:
        """Return what is on record for the address: for its network and tag, else for whatever comes nearest."""
        entries = self.context.registry.entries(dossier.address)
        if not entries:
            return None
        known = entries.get((dossier.network, dossier.tag)) or entries.get((dossier.network, ""))
        return known or entries[min(entries)]

    def _is_strange(self, dossier: Dossier) -> bool:
        """Count an address that is not on record; tell whether a deposit to one is unheard of at its place."""
        if plain(dossier.address) in self.counts:
            return True
        arrivals = self.arrivals.get(dossier.destination)
        is_strange = arrivals is not None and arrivals.registered >= REGISTERED_MIN * (arrivals.others + 1)
        self._note(dossier.destination, registered=False)
        return is_strange

    def _note(self, place: str, *, registered: bool) -> None:
        arrivals = self.arrivals.edit(place) or self.arrivals.put(place, Arrivals())
        if registered:
            arrivals.registered += 1
        else:
            arrivals.others += 1

    def _tell(self, dossier: Dossier, rule: str, why: str) -> None:
        address = plain(dossier.address)
        count = self.counts.put(address, (self.counts.get(address) or 0) + 1)
        times = "" if count == 1 else f" It is deposit {count} to that address."
        self.context.tell(
            Breach(
                kind=KIND,
                key=address,
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} comes to {dossier.address} at {dossier.destination}, {why}.{times}",
                evidence=dossier.evidence,
                rule=rule,
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                told=count > 1 and count & (count - 1) == 0,
                links=words.links_of(dossier),
            )
        )
