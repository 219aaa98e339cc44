"""Every place and what is held there: positions made when first heard of, and the snapshots that spoke of all of them."""

from __future__ import annotations

from bisect import insort

from msgspec import Struct

from ledger.assets import Assets
from ledger.fold import EXTERNAL, Fact, Place
from ledger.positions import OBSERVATIONS_MAX, Observation, Position

ANY_NAME = "*"
UNKNOWN_NAMED_MAX = 20


class Complete(Struct, frozen=True, order=True, gc=False):
    """A complete, actual snapshot; the one with the earliest moment is the opening of its location.

    `unknown`: the assets that it named and no reference had introduced (`*` for a great many); of those it did not say
    zero.
    """

    as_of_us: int
    event_id: str
    snapshot_id: str
    revision: int
    unknown: tuple[str, ...] = ()


class Location:
    """A place: its positions by asset, and its opening once a complete balance has been reported."""

    __slots__ = ("complete", "name", "opening", "positions")

    def __init__(self, name: str) -> None:
        self.name = name
        self.opening: Complete | None = None
        self.complete: list[Complete] = []  # the latest complete snapshots: what they do not name, they report as zero
        self.positions: dict[str, Position] = {}

    def remember(self, snapshot: Complete) -> None:
        """Keep a complete snapshot, for the positions that are heard of later."""
        if self.complete and self.complete[-1].as_of_us >= snapshot.as_of_us:
            insort(self.complete, snapshot)
        else:
            self.complete.append(snapshot)
        if len(self.complete) > OBSERVATIONS_MAX:
            del self.complete[0]


class Places:
    """All locations with their positions. `touched_*` collect the rows that changed since the last checkpoint."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self.skew_us = 0
        self.by_name: dict[str, Location] = {}
        self.touched_positions: set[Place] = set()
        self.touched_locations: set[str] = set()

    def allow_skew(self, skew_us: int) -> None:
        """Set how far two clocks may differ about one moment."""
        self.skew_us = skew_us
        for location in self.by_name.values():
            for position in location.positions.values():
                position.skew_us = skew_us

    def position(self, location_name: str, asset: str) -> Position:
        """Return the position, made on first use."""
        location = self.by_name.get(location_name) or self.location(location_name)
        position = location.positions.get(asset)
        if position is None:
            position = self.bare_position(location_name, asset)
            if location.opening is not None:  # complete snapshots that did not name this asset said: zero
                position.open_at(location.opening.as_of_us, 0)
                names = {asset, *self.assets.by_code[asset].aliases}
                for seen in location.complete:
                    if ANY_NAME in seen.unknown or not names.isdisjoint(seen.unknown):
                        continue  # it named the asset before that was known: its own rows are applied on their own
                    zero = Observation(seen.as_of_us, seen.event_id, seen.snapshot_id, seen.revision, 0)
                    position.observe(zero)
        self.touched_positions.add((location_name, asset))
        return position

    def bare_position(self, location_name: str, asset: str) -> Position:
        """Return the position as it stands, or one with no opening: what loading rows starts from."""
        positions = self.location(location_name).positions
        if asset not in positions:
            positions[asset] = Position(location_name, asset, self.assets.by_code[asset].dust, self.skew_us)
        return positions[asset]

    def location(self, name: str) -> Location:
        """Return the location, made on first use."""
        location = self.by_name.get(name)
        if location is None:
            location = self.by_name[name] = Location(name)
            self.touched_locations.add(name)
        return location

    def introduce(self, fact: Fact) -> None:
        """Make the positions that a movement may touch, so that they exist whatever order its reports come in."""
        origin, destination = fact.origin, fact.destination
        if origin == destination:
            return
        if origin != EXTERNAL:
            self._introduce_at(origin, fact.asset)
            if fact.fee and fact.fee_payer == "sender":
                self._introduce_at(origin, fact.fee_asset)
        if destination != EXTERNAL:
            self._introduce_at(destination, fact.asset)
            if fact.fee and fact.fee_payer == "deducted":
                self._introduce_at(destination, fact.fee_asset)

    def _introduce_at(self, place: str, asset: str) -> None:
        location = self.by_name.get(place)
        if location is None or asset not in location.positions:
            self.position(place, asset)
