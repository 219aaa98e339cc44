"""What covers the clients' money: all that a recon group's places should hold, and what is between them.

The sums are kept up to date with each event. They follow from the positions, the movements and the firm's records, so
they are made anew after a restart. What came to an address of ours that nobody has proved to control covers nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.books.below import shown_units
from ledger.books.places import positions
from ledger.check import Change
from ledger.dossiers import Dossier
from ledger.events import AddressRef
from ledger.fold import Place
from ledger.positions import Position
from ledger.screens.registry import is_ours, plain
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

Key = tuple[str, str]  # group and asset


class Cover:
    """Units by recon group and asset. `unproved` is by address, group and asset: its rows are kept, the sums are not."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.unproved: Table[tuple[str, ...], int] = Table(int)
        self.held: dict[Key, int] = {}
        self.moving: dict[Key, int] = {}  # between own places
        self.uncontrolled: dict[Key, int] = {}
        self._parts: dict[Place, tuple[Key, int]] = {}
        self._bound_for: dict[str, str] = {}  # the places that movements are on their way to, and their groups
        self._openings: dict[str, str] = {}

    def units(self, key: Key) -> int:
        """Return what covers the clients of a group in an asset."""
        return self.held.get(key, 0) + self.moving.get(key, 0) - self.uncontrolled.get(key, 0)

    def is_heard(self, key: Key) -> bool:
        """Tell whether all was heard that totals need: the group's books, and what each of its places opened with.

        An active place on record of which nothing was heard may hold anything, so until it reports nothing is concluded.
        """
        group, context = key[0], self.context
        if not context.heard.any(("ledger", group)):
            return False
        for name, location in context.references.locations.items():
            if not location.active or location.role == "counterparty" or context.groups.of_location(name) != group:
                continue
            if name in context.territory.away:  # of another shard, which hears its reports
                continue
            place = context.holdings.places.by_name.get(name)
            if place is None or place.opening is None:
                return False
        here, role = positions(context, key), context.references.role
        opened = [one for one in here if one.opened or role(one.location) == "counterparty"]
        return bool(opened) and len(opened) == len(here)

    def surplus(self, key: Key) -> int:
        """Return what places report beyond what is expected of them: money of which no movement has told yet."""
        opened = (position for position in positions(self.context, key) if position.opened)
        return sum(max(shown_units(position) - position.expected, 0) for position in opened)

    def rebuild(self) -> None:
        """Make all sums anew."""
        context = self.context
        self.held, self.moving, self.uncontrolled, self._parts, self._openings = {}, {}, {}, {}, {}
        self._bound_for = {}
        for location in context.holdings.places.by_name:
            self._refresh_place(location)
        for dossier in context.dossiers.rows.values():
            if not context.territory.crosses(dossier):
                self._move(dossier, _moving(dossier))
        for (_, group, asset), units in self.unproved.rows.items():
            self._add(self.uncontrolled, (group, asset), units)

    def regroup(self) -> None:
        """Make the sums anew if a place belongs to another group now."""
        of = self.context.groups.of_location
        if any(key[0] != of(location) for (location, _), (key, _) in self._parts.items()) or any(
            group != of(location) for location, group in self._bound_for.items()
        ):
            self.rebuild()

    def refresh_asset(self, asset: str) -> None:
        """Take in what has changed in an asset anywhere."""
        for location, place in self.context.holdings.places.by_name.items():
            if asset in place.positions:
                self._refresh(location, asset)

    # --- what changes them -------------------------------------------------------------------------------------
    def moved(self, change: Change) -> dict[Key, None]:
        """Take a report of a movement that has just been applied; return the sums that it changes."""
        dossier, changed = change.dossier, dict[Key, None]()
        for place in self.context.holdings.affected:
            self._refresh(*place)
            changed[self._parts[place][0]] = None
        away = self.context.territory.away
        if dossier.destination in away:
            return changed
        key = (self.context.groups.of_location(dossier.destination), dossier.asset)
        if dossier.origin not in away:
            was = change.was_arrived_units if change.was_left and not change.was_arrived else 0
            now = _moving(dossier)
            if now != was:
                self._move(dossier, now - was)
                changed[key] = None
        if changed and dossier.address:
            self._note_address(change, key)
        return changed

    def forgot(self, dossier: Dossier) -> None:
        """A movement is forgotten, and what was on its way with it."""
        if not self.context.territory.crosses(dossier):
            self._move(dossier, -_moving(dossier))

    def _note_address(self, change: Change, key: Key) -> None:
        dossier = change.dossier
        was = change.was_arrived_units if change.was_arrived else 0
        units = (dossier.arrived_units if dossier.arrived else 0) - was
        if not units:
            return
        entries = self.context.registry.entries(dossier.address)
        known = entries.get((dossier.network, dossier.tag)) or entries.get((dossier.network, ""))
        if known is None or not is_ours(known) or known.control_proved_at is not None:
            return
        row = (plain(dossier.address), *key)
        self.unproved.put(row, (self.unproved.get(row) or 0) + units)
        self._add(self.uncontrolled, key, units)

    def proved(self, event: AddressRef) -> list[Key]:
        """Take a record of an address: what came there covers clients once we are proved to control it."""
        if event.control_proved_at is None or not self.unproved.rows:
            return []
        address, found = plain(event.address), []
        for row in [row for row in self.unproved.rows if row[0] == address]:
            key = (row[1], row[2])
            self._add(self.uncontrolled, key, -(self.unproved.drop(row) or 0))
            found.append(key)
        return found

    def reported(self, location: str) -> bool:
        """Take a report of a place's balances; tell whether it changes anything: only an opening does."""
        place = self.context.holdings.places.by_name[location]
        opening = "" if place.opening is None else place.opening.event_id
        if self._openings.get(location) == opening:
            return False
        self._refresh_place(location)
        return True

    # --- inside ----------------------------------------------------------------------------------------------
    def _refresh_place(self, location: str) -> None:
        place = self.context.holdings.places.by_name[location]
        self._openings[location] = "" if place.opening is None else place.opening.event_id
        for asset in place.positions:
            self._refresh(location, asset)

    def _refresh(self, location: str, asset: str) -> None:
        """Take in what a position adds now."""
        units = _covering(self.context.holdings.places.by_name[location].positions[asset])
        known = self._parts.get((location, asset))
        if known is None:
            known = self._parts[location, asset] = ((self.context.groups.of_location(location), asset), 0)
        if units != known[1]:
            self._parts[location, asset] = (known[0], units)
            self._add(self.held, known[0], units - known[1])

    def _move(self, dossier: Dossier, units: int) -> None:
        """Take in that so much more, or less, is on its way to where a movement goes."""
        if units:
            place = dossier.destination
            group = self._bound_for[place] = self.context.groups.of_location(place)
            self._add(self.moving, (group, dossier.asset), units)

    @staticmethod
    def _add(sums: dict[Key, int], key: Key, units: int) -> None:
        if units:
            sums[key] = sums.get(key, 0) + units


def _moving(dossier: Dossier) -> int:
    """Return what is on its way by a movement, as far as it will arrive."""
    return dossier.arrived_units if dossier.left and not dossier.arrived else 0


def _covering(position: Position) -> int:
    """Return what a position adds: of a place that never said what it holds, what is known to have come to it."""
    return position.expected if position.opened else max(position.expected, 0)
