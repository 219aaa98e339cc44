"""What the firm has on record: places, accounts, addresses, limits, routes. The latest of a kind and id holds."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec

from ledger.events import AccountRef, AddressRef, LimitRef, LocationRef, Reference, RouteRef
from ledger.fold import EXTERNAL
from ledger.territory import Territory

Key = tuple[str, ...]


class References:
    """All references but assets and prices, by kind and id."""

    def __init__(self, territory: Territory | None = None) -> None:
        self.territory = territory or Territory()
        self.locations: dict[str, LocationRef] = {}
        self.routes: dict[Key, RouteRef] = {}
        self.others: dict[Key, Reference] = {}
        self.group_names: set[str] = set()  # of our places
        self.locations_version = 0  # goes up with each record of a place
        self.touched: set[Key] = set()

    def put(self, event: Reference) -> None:
        key = key_of(event)
        self._put(key, event)
        self.touched.add(key)

    def _put(self, key: Key, event: Reference) -> None:
        if isinstance(event, LocationRef):
            self.locations_version += 1
            before = self.locations.get(event.location)
            self.locations[event.location] = event
            if before is not None and before.recon_group != event.recon_group:
                self.group_names = {
                    known.recon_group
                    for known in self.locations.values()
                    if known.recon_group and known.location not in self.territory.away
                }
            elif event.recon_group and event.location not in self.territory.away:
                self.group_names.add(event.recon_group)
        elif isinstance(event, RouteRef):
            self.routes[key[1:]] = event
        else:
            self.others[key] = event

    def role(self, location: str) -> str | None:
        """Return the role of one of our places, `external` for outside; None for a place never introduced."""
        if location == EXTERNAL:
            return EXTERNAL
        known = self.locations.get(location)
        return None if known is None else known.role

    def route(self, names: tuple[str, ...], network: str | None, origin: str, destination: str) -> RouteRef | None:
        """Return the route of an asset between two places, the one for this network before the one for any.

        `names`: the asset's code and its aliases; references may use any of them.
        """
        from_role, to_role = self.role(origin), self.role(destination)
        if from_role is None or to_role is None:
            return None
        for via in dict.fromkeys((network or "", "")):
            for start, end in product(_roles(from_role), _roles(to_role)):
                for name in names:
                    found = self.routes.get((name, via, start, end))
                    if found is not None:
                        return found
        return None

    def get(self, key: Key) -> Reference | None:
        if key[0] == "location":
            return self.locations.get(key[1])
        if key[0] == "route":
            return self.routes.get(key[1:])
        return self.others.get(key)

    def keys(self) -> list[Key]:
        locations = [("location", name) for name in self.locations]
        return [*locations, *(("route", *key) for key in self.routes), *self.others]

    def to_plain(self, key: Key) -> Any:
        event = self.get(key)
        return None if event is None else msgspec.to_builtins(event)

    def load(self, plain: Any) -> None:
        event = msgspec.convert(plain, Reference)
        self._put(key_of(event), event)


def _roles(role: str) -> tuple[str, ...]:
    return (EXTERNAL, "client") if role == EXTERNAL else (role,)


def key_of(event: Reference) -> Key:
    """Return the kind and id of a reference, all as strings."""
    if isinstance(event, LocationRef):
        return "location", event.location
    if isinstance(event, AccountRef):
        return "account", event.account_id
    if isinstance(event, AddressRef):
        return "address", event.address, event.network, event.tag or ""
    if isinstance(event, LimitRef):
        return "limit", event.limit_id
    if isinstance(event, RouteRef):
        return "route", event.asset, event.network or "", event.from_role, event.to_role
    return "asset", event.asset
