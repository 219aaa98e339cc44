"""What is wrong with the address that a movement goes to, by the records: mostly nothing, after a few look-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.dossiers import Dossier
from ledger.events import AddressRef

if TYPE_CHECKING:
    from ledger.screens.registry import Registry

TAGS_NAMED = 3
NOT_ON_RECORD = "not_on_record"
Entries = dict[tuple[str, str], AddressRef]
"""What is on record for one address, by network and tag."""


class Doubt(NamedTuple):
    """What is wrong with an address, as the kind of alert that it is."""

    kind: str
    rule: str
    why: str


def doubts_of(registry: Registry, dossier: Dossier, entries: Entries) -> list[Doubt]:
    """Return what is wrong with where a movement goes, of whose address `entries` are on record."""
    network, tag = dossier.network, dossier.tag
    asset = registry.networks.rows.get(dossier.asset)
    known = entries.get((network, tag))
    doubts: list[Doubt] = []
    if asset is not None and network and asset.networks and network not in asset.networks:
        on = ", ".join(sorted(asset.networks))
        doubts.append(Doubt("wrong_network", "network_of_asset", f"on {network}, and {dossier.asset} is on {on}"))
    if not entries:
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
    return doubts or _unregistered(registry, dossier, known, entries)


def _unregistered(registry: Registry, dossier: Dossier, known: AddressRef | None, entries: Entries) -> list[Doubt]:
    """Return the doubt that an address is not on record, or not in force; where nobody registers, nothing."""
    if known is None and (dossier.network, "") in entries:
        known = entries[dossier.network, ""]  # registered for every tag
    elif known is None and not dossier.network and entries:
        known = entries[min(entries)]
    if known is not None:
        if known.state == "active":
            return []
        return [Doubt("unregistered_address", "address_state", f"which is {known.state}, not active")]
    if not registry.knows_others(dossier.network):
        return []
    return [Doubt("unregistered_address", NOT_ON_RECORD, "which is not on record")]


def _not_there(dossier: Dossier, entries: Entries) -> list[Doubt]:
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
