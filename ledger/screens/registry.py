"""The addresses on record, found by what a movement says: exactly, on any network, or by what they look like.

An index of the firm's references. Hexadecimal addresses (`0x...`) are the same in capitals and without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Check
from ledger.events import AddressRef, AssetRef, Reference
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

HEAD, TAIL = 6, 4
"""The characters at either end that people compare."""
SHAPE_LENGTH_MIN = 20
"""An account number is too short to be taken for another by its ends."""
OURS = frozenset(("hot", "cold", "venue", "bank", "gas"))


class Networks(Struct, frozen=True, gc=False):
    """On which networks an asset is, and on which of them a tag is needed; an empty list says nothing."""

    networks: list[str]
    tag_required: list[str]


class Registry(Check):
    """All addresses and what the assets say of networks, reachable as `context.registry`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.networks: Table[str, Networks] = Table(Networks)
        self._by_address: dict[str, dict[tuple[str, str], AddressRef]] = {}  # to (network, tag)
        self._by_shape: dict[str, set[str]] = {}
        self._outside: set[str] = set()  # networks on which addresses of others are registered

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"asset_networks": self.networks}

    def loaded(self) -> None:
        for reference in self.context.references.others.values():
            if isinstance(reference, AddressRef):
                self._add(reference)

    def referred(self, event: Reference) -> None:
        if isinstance(event, AddressRef):
            self._add(event)
        elif isinstance(event, AssetRef):
            self._define(event)

    def _add(self, event: AddressRef) -> None:
        address = plain(event.address)
        known = self._by_address.get(address)
        if known is None:
            known = self._by_address[address] = {}
            if len(address) >= SHAPE_LENGTH_MIN:
                self._by_shape.setdefault(_shape(address), set()).add(address)
        before = known.get((event.network, event.tag or ""))
        if before is None or before.address == event.address or before.observed_at <= event.observed_at:
            known[event.network, event.tag or ""] = event  # else the same in other letters, and known later
        if not is_ours(event):
            self._outside.add(event.network)

    def _define(self, event: AssetRef) -> None:
        if event.networks or event.tag_required:
            self.networks.put(event.asset, Networks(event.networks or [], event.tag_required or []))
        else:
            self.networks.drop(event.asset)

    # --- what others ask -------------------------------------------------------------------------------------
    def find(self, address: str, network: str, tag: str = "") -> AddressRef | None:
        """Return what is on record for exactly this address, network and tag."""
        return self._by_address.get(plain(address), {}).get((network, tag))

    def entries(self, address: str) -> dict[tuple[str, str], AddressRef]:
        """Return what is on record for an address, by network and tag."""
        return self._by_address.get(plain(address), {})

    def owner_of(self, address: str, network: str, tag: str = "") -> str:
        """Return whose an address is: a client, or for our own a location; "" where it is not on record."""
        known = self.find(address, network, tag)
        return "" if known is None else known.owner

    def place_of(self, address: str, network: str, tag: str = "") -> str:
        """Return at which of our places an address is; "" where it is nobody's or somebody else's.

        The place of an address is the same for all tags; so it is on all networks where a movement names none.
        """
        places = {
            known.location or known.owner
            for (of_network, of_tag), known in self.entries(address).items()
            if is_ours(known) and network in ("", of_network) and (tag == of_tag or not of_tag or not tag)
        }
        return places.pop() if len(places) == 1 else ""

    def resembled(self, address: str) -> AddressRef | None:
        """Return an active address that an unregistered one could be taken for: as long, and alike at both ends."""
        own = plain(address)
        if len(own) < SHAPE_LENGTH_MIN:
            return None
        for other in sorted(self._by_shape.get(_shape(own), ())):
            if other != own and len(other) == len(own):
                for _, known in sorted(self._by_address[other].items()):
                    if known.state == "active":
                        return known
        return None

    def knows_others(self, network: str) -> bool:
        """Tell whether addresses of others were ever registered on a network (on any, where "" is given).

        Else that one is not on record proves nothing.
        """
        return bool(self._outside) if not network else network in self._outside


def plain(address: str) -> str:
    """Return an address as it is compared.

    >>> plain("0xAbC"), plain("bc1qX")
    ('0xabc', 'bc1qX')
    """
    return address.lower() if address[:2] in ("0x", "0X") else address


def is_ours(known: AddressRef) -> bool:
    """Tell whether an address is at one of our own places, be it for a client to pay to."""
    return known.location is not None or needs_proof(known)


def needs_proof(known: AddressRef) -> bool:
    """Tell whether somebody has to have proved that we control an address: its role is ours."""
    return known.role in OURS


def _shape(address: str) -> str:
    return address[:HEAD] + address[-TAIL:]
