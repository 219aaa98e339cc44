"""Where value is about to go outside: the address against those on record, and its network and tag.

Each movement is judged when it is first told of, when it passes and when it leaves; one that is in doubt also at every
report and record of its address. A speck that comes from an address like a known one raises nothing: only what is paid to it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import PASSED, Dossier
from ledger.events import AddressRef, AssetRef, Reference
from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.screens import words
from ledger.screens.registry import plain
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = ("wrong_network", "lookalike_address", "missing_tag", "unregistered_address")
DOUBTED_MAX = 50
"""So many movements to one doubtful address are judged again when a record comes."""
TAGS_NAMED = 3
HABIT_MIN = 10
"""From so many payments to unregistered addresses on, if they are the more, the firm does not register them there."""


class Practice(Struct, gc=False):
    """How many payments on a network went to addresses on record, and how many to others."""

    registered: int = 0
    others: int = 0


class Doubt(NamedTuple):
    """What is wrong with an address, as the kind of alert that it is."""

    kind: str
    rule: str
    why: str


class Destinations(Check):
    """Movements to the outside by the address that they go to."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
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
        doubts = self._doubts(dossier, first=first)
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

    def _doubts(self, dossier: Dossier, *, first: bool) -> list[Doubt]:
        """Return what is wrong with where a movement goes; mostly nothing, after a few look-ups."""
        registry, network, tag = self.context.registry, dossier.network, dossier.tag
        asset = registry.networks.rows.get(dossier.asset)
        entries = registry.entries(dossier.address)
        known = entries.get((network, tag))
        doubts: list[Doubt] = []
        if asset is not None and network and asset.networks and network not in asset.networks:
            on = ", ".join(sorted(asset.networks))
            doubts.append(Doubt("wrong_network", "network_of_asset", f"on {network}, and {dossier.asset} is on {on}"))
        if known is None and not entries:
            resembled = registry.resembled(dossier.address)
            if resembled is not None:
                why = f"which nobody registered and which looks like {resembled.address} of {resembled.owner}"
                doubts.append(Doubt("lookalike_address", "same_ends", why))
        elif known is None and not doubts:
            doubts += _not_there(dossier, entries)
        needs_tag = not tag and asset is not None and network in asset.tag_required
        if needs_tag and not any(doubt.kind == "missing_tag" for doubt in doubts):
            why = f"with no tag, which {dossier.asset} needs on {network}"
            doubts.append(Doubt("missing_tag", "tag_required", why))
        if first:
            self._count(network, registered=bool(entries))
        return doubts or self._unregistered(dossier, known, entries)

    def _unregistered(
        self, dossier: Dossier, known: AddressRef | None, entries: dict[tuple[str, str], AddressRef]
    ) -> list[Doubt]:
        """Return the doubt that an address is not on record, or not in force; where nobody registers, nothing."""
        if known is None and (dossier.network, "") in entries:
            known = entries[dossier.network, ""]  # registered for every tag
        elif known is None and not dossier.network and entries:
            known = entries[min(entries)]
        if known is not None:
            if known.state == "active":
                return []
            return [Doubt("unregistered_address", "address_state", f"which is {known.state}, not active")]
        practice = self.practice.get(dossier.network)
        is_habit = practice is not None and practice.others > HABIT_MIN and practice.others > practice.registered
        if is_habit or not self.context.registry.knows_others(dossier.network):
            return []
        return [Doubt("unregistered_address", "not_on_record", "which is not on record")]

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


def _not_there(dossier: Dossier, entries: dict[tuple[str, str], AddressRef]) -> list[Doubt]:
    """Return what is wrong where an address is on record, but not for this network and tag."""
    network = dossier.network
    tags = sorted(tag for of_network, tag in entries if of_network == network)
    if network and not tags:
        on = ", ".join(sorted({of_network for of_network, _ in entries}))
        return [Doubt("wrong_network", "network_of_address", f"on {network}, and that is registered on {on} only")]
    if not tags or "" in tags:
        return []
    said = f"with tag {dossier.tag}" if dossier.tag else "with no tag"
    why = f"{said}, and it is registered with {', '.join(tags[:TAGS_NAMED])}"
    return [Doubt("missing_tag", "tag_of_address", why)]
