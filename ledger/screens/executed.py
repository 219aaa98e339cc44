"""What was sent against what was asked for: a report of the execution that names another place, address or tag."""

from __future__ import annotations

from ledger.check import Change, Check
from ledger.dossiers import EXECUTED, INSTRUCTED, Dossier
from ledger.events import Transfer
from ledger.events.transfers import Endpoint
from ledger.findings import Breach
from ledger.fold import EXTERNAL, RANK
from ledger.screens import words
from ledger.screens.registry import plain

KIND = "unexpected_destination"
_KINDS = (KIND,)


class Executed(Check):
    """The destination of each movement, as instructed and as executed; whichever of the two is heard first."""

    def moved(self, change: Change) -> None:
        event, dossier = change.event, change.dossier
        if change.first or (not event.revision and not dossier.undone and _is_same(dossier, event.to)):
            return
        if change.is_undone:
            words.end(self.context, _KINDS, _key(dossier), dossier, undone=True)
        bit = 1 << RANK[event.status]
        # The dossier keeps what was said first, be it the instruction or, out of order, the execution.
        instructed_first = change.was_stages & INSTRUCTED
        if bit & EXECUTED if instructed_first else (bit & INSTRUCTED and change.was_stages & EXECUTED):
            self._compare(event, dossier, said_first="asked for" if instructed_first else "sent")

    def forgot(self, dossier: Dossier) -> None:
        words.end(self.context, _KINDS, _key(dossier), dossier, undone=False)

    def _compare(self, event: Transfer, dossier: Dossier, said_first: str) -> None:
        to = event.to
        differs = self._differs(dossier, to, event.network or to.network or "")
        if not differs:
            if event.revision and len(self.context.open):
                sentence = f"{event.source} now says that {dossier.transfer_id} went where it was meant to go."
                self.context.mend(KIND, _key(dossier), sentence, (event.event_id,), explained=True)
            return
        if self.context.stands(KIND, _key(dossier)):
            return
        said_now = "sent" if said_first == "asked for" else "asked for"
        first = _place_text(dossier.destination, dossier.address, dossier.tag)
        now = _place_text(to.location, to.address or "", to.tag or "")
        self.context.tell(
            Breach(
                kind=KIND,
                key=_key(dossier),
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} was {said_first} to {first} and is {said_now} to {now}: "
                f"another {differs}.",
                evidence=(event.event_id, *dossier.evidence),
                rule="executed_as_instructed",
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier, f"outflow|{dossier.origin}"),
            )
        )

    def _differs(self, dossier: Dossier, to: Endpoint, network: str) -> str:
        """Return in what a report's destination differs from what was said first; "" where it does not."""
        if to.address is not None and dossier.address and plain(to.address) != plain(dossier.address):
            return "address"
        if to.tag is not None and dossier.tag and to.tag != dossier.tag:
            return "tag"
        if to.location == dossier.destination:
            return ""
        place_of = self.context.registry.place_of
        place = place_of(to.address, network, to.tag or "") if to.location == EXTERNAL and to.address else to.location
        meant = dossier.destination
        if meant == EXTERNAL and dossier.address:
            meant = place_of(dossier.address, dossier.network, dossier.tag)
        return "" if place and place == meant else "place"


def _is_same(dossier: Dossier, to: Endpoint) -> bool:
    """Tell at a glance whether a report names the destination that was said first."""
    return (
        to.location == dossier.destination
        and (to.address is None or to.address == dossier.address)
        and (to.tag is None or to.tag == dossier.tag)
    )


def _key(dossier: Dossier) -> str:
    return f"executed|{dossier.transfer_id}"


def _place_text(location: str, address: str, tag: str) -> str:
    return location + (f" {address}" if address else "") + (f" tag {tag}" if tag else "")
