"""Where value is about to go outside: the address against those on record, and its network and tag.

Each movement is judged when it is first told of, when it passes and when it leaves; one that is in doubt also at every
report and record of its address. A speck that comes from an address like a known one raises nothing: only what is paid to it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import PASSED, Dossier
from ledger.events import AddressRef, AssetRef, Reference
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.screens.doubts import NOT_ON_RECORD, Doubt, doubts_of
from ledger.screens.registry import plain
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = ("wrong_network", "lookalike_address", "missing_tag", "unregistered_address")
DOUBTED_MAX = 50
"""So many movements to one doubtful address are judged again when a record comes."""
HABIT_MIN = 10
"""From so many payments to unregistered addresses on, if they are the more, the firm does not register them there."""


class Practice(Struct, gc=False):
    """How many payments on a network went to addresses on record, and how many to others."""

    registered: int = 0
    others: int = 0


class Destinations(Check):
    """Movements to the outside by the address that they go to."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.destinations = self
        self.practice: Table[str, Practice] = Table(Practice)
        self.doubted: Table[str, list[str]] = Table(list[str])  # address to the movements told of

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"payout_practice": self.practice, "doubted_address": self.doubted}

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.destination != EXTERNAL or not dossier.address or dossier.origin == EXTERNAL:
            return
        if dossier.undone:
            if change.is_undone and len(self.context.open):
                self._forget(dossier, undone=True)
        elif change.first or (_is_turning(change) and not change.was_arrived) or self.doubted.rows:
            self._judge(dossier, first=change.first)

    def referred(self, event: Reference) -> None:
        if isinstance(event, AddressRef):
            self._judge_again(plain(event.address))
        elif isinstance(event, AssetRef):
            for address in sorted(self.doubted.rows):
                self._judge_again(address)

    def forgot(self, dossier: Dossier) -> None:
        if dossier.address and dossier.destination == EXTERNAL:
            self._forget(dossier, undone=False)

    def _judge_again(self, address: str) -> None:
        for transfer_id in list(self.doubted.get(address) or ()):
            dossier = self.context.dossiers.get(transfer_id)
            if dossier is not None:
                self._judge(dossier, first=False)

    def _judge(self, dossier: Dossier, *, first: bool) -> None:
        registry = self.context.registry
        entries = registry.entries(dossier.address)
        if first:
            self._count(dossier.network, registered=bool(entries))
        doubts = doubts_of(registry, dossier, entries)
        if doubts and doubts[0].rule == NOT_ON_RECORD and self.is_usual(dossier.network):
            doubts = []
        if not doubts and not self.doubted.rows:
            return
        address = plain(dossier.address)
        if not doubts and address not in self.doubted:
            return
        for kind in KINDS:
            doubt = next((doubt for doubt in doubts if doubt.kind == kind), None)
            if doubt is None:
                sentence = (
                    f"{dossier.transfer_id} goes to {dossier.address}, which is as it should be by the records now."
                )
                self.context.mend(kind, dossier.transfer_id, sentence, dossier.evidence[:1], explained=True)
            elif not self.context.stands(kind, dossier.transfer_id):
                self._tell(dossier, doubt)
        self._note(address, dossier.transfer_id, doubted=bool(doubts))

    def is_usual(self, network: str) -> bool:
        """Tell whether payments on a network mostly go to addresses that nobody registers: one more says nothing."""
        practice = self.practice.get(network)
        return practice is not None and practice.others > HABIT_MIN and practice.others > practice.registered

    def _count(self, network: str, *, registered: bool) -> None:
        practice = self.practice.edit(network) or self.practice.put(network, Practice())
        if registered:
            practice.registered += 1
        else:
            practice.others += 1

    def _tell(self, dossier: Dossier, doubt: Doubt) -> None:
        unasked = () if dossier.instructed else (f"outflow|{dossier.origin}",)
        self.context.tell(
            Breach(
                kind=doubt.kind,
                key=dossier.transfer_id,
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} goes to {dossier.address}, {doubt.why}.",
                evidence=dossier.evidence,
                rule=doubt.rule,
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier, *unasked),
            )
        )

    def _note(self, address: str, transfer_id: str, *, doubted: bool) -> None:
        """Keep in mind, or no longer, that a movement waits for a record of its address."""
        waiting = self.doubted.get(address)
        if doubted and waiting is None:
            self.doubted.put(address, [transfer_id])
        elif waiting is not None and doubted != (transfer_id in waiting):
            if not doubted:
                waiting.remove(transfer_id)
            elif len(waiting) < DOUBTED_MAX:
                waiting.append(transfer_id)
            self.doubted.touched.add(address)
            if not waiting:
                self.doubted.drop(address)

    def _forget(self, dossier: Dossier, *, undone: bool) -> None:
        words.end(self.context, KINDS, dossier.transfer_id, dossier, undone=undone)
        self._note(plain(dossier.address), dossier.transfer_id, doubted=False)


def _is_turning(change: Change) -> bool:
    """Tell whether a movement has passed, or left, with this report: an address may have been revoked since."""
    return bool(change.dossier.stages & PASSED and not change.was_stages & PASSED) or change.has_left
