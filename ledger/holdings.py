"""What every place should hold: movements applied to positions, and reported balances held against them.

Pure and synchronous: an event in, findings out. The order in which events arrive changes what is found on the way
but not where it ends.
"""

from __future__ import annotations

from bisect import insort

from msgspec import Struct

from ledger.amounts import places
from ledger.assets import Assets
from ledger.breaks import Breaks
from ledger.drift import Judgement
from ledger.events import Snapshot, Transfer
from ledger.findings import EVIDENCE_MAX, DustFinding, Finding, InTransit, Restated
from ledger.movements import COMPLETED, EXTERNAL, Effect, Fact, Fold, Movement, Place, fact_of
from ledger.positions import OBSERVATIONS_MAX, Observation, Position
from ledger.snapshots import opening_precedes, totals
from ledger.store import MovementStore
from ledger.times import DAY_US, to_us

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


class Holdings:
    """All positions and movements. `touched_*` collect the rows that changed since the last checkpoint."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self.skew_us = 0
        self.forgotten_us = 0
        self.value_dated_positions: set[Place] = set()
        self.under_way: set[str] = set()  # the movements whose value is on its way
        self.rebasing_share = 1
        self.locations: dict[str, Location] = {}
        self.movements = MovementStore()
        self.breaks = Breaks(assets, self.movements)
        self.touched_positions: set[Place] = set()
        self.touched_locations: set[str] = set()

    def configure(self, *, skew_us: int, material_usd_cents: int, rebasing_share: int) -> None:
        """Set what decides: the clock skew allowed between two reports, the value from which one snapshot is enough,
        and by one part in how many a rebasing asset may move between two snapshots.
        """
        self.skew_us, self.rebasing_share = skew_us, rebasing_share
        for location in self.locations.values():
            for position in location.positions.values():
                position.skew_us = skew_us
        self.breaks.material_usd_cents = material_usd_cents

    def apply_transfer(self, event: Transfer) -> list[Finding]:
        """Apply one report of a movement whose assets are known."""
        asset = self.assets.codes[event.asset]
        fee_asset = None if event.fee_asset is None else self.assets.codes[event.fee_asset]
        fact = fact_of(event, asset, fee_asset)
        transfer_id = event.transfer_id
        movement = self.movements.get(transfer_id)
        movement.network = event.network or event.to.network or event.from_.network or movement.network
        movement.source = event.source
        was_completed, was_amount, was_transit, was_awaited = False, 0, None, _NOTHING
        if movement.facts:
            fold = movement.fold
            was_completed, was_amount = fold.arrived, _arrived_amount(fold)
            was_transit, was_awaited = fold.in_transit(), fold.awaited()
        self._introduce(fact)
        undone, done = movement.add(fact)
        self.movements.date(transfer_id, fact.at_us)
        fold = movement.fold
        findings: list[Finding] = []
        if was_transit is not None or (fold.left and not fold.arrived):
            self._follow(movement, was_transit, findings)
        awaited = fold.awaited()
        if awaited != was_awaited:
            self._await(transfer_id, was_awaited, awaited)
        if undone or done:
            self._apply(transfer_id, undone, done, fact, findings)
        if fact.revision and was_completed and fold.arrived and _arrived_amount(fold) != was_amount:
            findings.append(self._restated(movement, was_amount, fact))
        movement.rest()
        return findings

    def apply_snapshot(self, event: Snapshot, only: str | None = None) -> list[Finding]:
        """Hold the balances of an `actual` snapshot against the positions; rows of unknown assets are passed over.

        `only`: the code of an asset introduced after the snapshot came; the rows of all others were applied then.
        """
        if event.holding_kind != "actual":
            return []
        location = self._location(event.location)
        as_of_us = to_us(event.as_of)
        reported = totals(event, self.assets)
        snapshot = None
        if only is not None:
            reported = {code: total for code, total in reported.items() if code == only}
            self._open_late(location, event, as_of_us, reported)
        elif event.complete:
            for asset in sorted(location.positions.keys() - reported.keys()):
                reported[asset] = 0
            unknown = tuple(sorted({row.asset for row in event.rows if row.asset not in self.assets.codes}))
            if len(unknown) > UNKNOWN_NAMED_MAX:
                unknown = (ANY_NAME,)
            snapshot = Complete(as_of_us, event.event_id, event.snapshot_id, event.revision, unknown)
            self._open(location, snapshot, reported)
        findings: list[Finding] = []
        for asset, total in reported.items():
            position = self.position(event.location, asset)
            self._observe(position, event, as_of_us, total, findings)
        if snapshot is not None:
            self._remember(location, snapshot)
        return findings

    def position(self, location_name: str, asset: str) -> Position:
        """Return the position, made on first use."""
        location = self.locations.get(location_name) or self._location(location_name)
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
        positions = self._location(location_name).positions
        if asset not in positions:
            positions[asset] = Position(location_name, asset, self.assets.by_code[asset].dust, self.skew_us)
        return positions[asset]

    def _location(self, name: str) -> Location:
        location = self.locations.get(name)
        if location is None:
            location = self.locations[name] = Location(name)
            self.touched_locations.add(name)
        return location

    def _remember(self, location: Location, snapshot: Complete) -> None:
        if location.complete and location.complete[-1] > snapshot:
            insort(location.complete, snapshot)
        else:
            location.complete.append(snapshot)
        if len(location.complete) > OBSERVATIONS_MAX:
            del location.complete[0]
        self.touched_locations.add(location.name)

    def _introduce(self, fact: Fact) -> None:
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
        location = self.locations.get(place)
        if location is None or asset not in location.positions:
            self.position(place, asset)

    def _apply(
        self, transfer_id: str, undone: list[Effect], done: list[Effect], fact: Fact, findings: list[Finding]
    ) -> None:
        judged: list[Position] = []
        for effect in undone:
            self._add_effect(effect, -effect.delta, transfer_id, judged)
        for effect in done:
            self._add_effect(effect, effect.delta, transfer_id, judged)
        if self.movements.value_dates:
            self._note_value_date(transfer_id)
        for position in judged:
            finding = self.breaks.assess(position, fact.event_id, explained=True)
            if finding is not None:
                findings.append(finding)

    def _add_effect(self, effect: Effect, delta: int, transfer_id: str, judged: list[Position]) -> None:
        """Add `delta` units where and when `effect` says; note the position if a judged snapshot was touched."""
        position = self.position(effect.location, effect.asset)
        opening = self.locations[effect.location].opening
        opening_us = None if opening is None else opening.as_of_us
        if position.add_effect(effect.at_us, delta, transfer_id, opening_us) and position not in judged:
            judged.append(position)
        if len(position.timeline.buckets) > 1:
            position.timeline.forget_before(self.forgotten_us)

    def set_value_date(self, transfer_id: str, value_us: int) -> None:
        """Note that a bank counts a movement only until `value_us` at the latest: till then it may show or not."""
        self.movements.value_dates[transfer_id] = value_us
        self.movements.touched.add(transfer_id)
        self._note_value_date(transfer_id)

    def _note_value_date(self, transfer_id: str) -> None:
        value_us = self.movements.value_dates.get(transfer_id)
        movement = self.movements.by_id.get(transfer_id)
        if value_us is None or movement is None:
            return
        for effect in movement.effects():
            if effect.at_us < value_us:
                position = self.bare_position(effect.location, effect.asset)
                self.touched_positions.add((effect.location, effect.asset))
                position.value_dated[transfer_id] = (effect.at_us, value_us, effect.delta)
                self.value_dated_positions.add((effect.location, effect.asset))

    def _follow(self, movement: Movement, before: tuple[Place, int] | None, findings: list[Finding]) -> None:
        """Keep the sums in transit, and say when a movement sets off or is under way no more."""
        fold = movement.fold
        after = fold.in_transit()
        if before == after:
            return
        for entry, sign in ((before, -1), (after, 1)):
            if entry is not None and entry[0][0] != EXTERNAL:
                self.position(*entry[0]).in_transit += sign * entry[1]
        if after is None:
            self.under_way.discard(movement.transfer_id)
        else:
            self.under_way.add(movement.transfer_id)
        findings.append(in_transit_finding(movement, after or before or (("", ""), 0), under_way=after is not None))

    def _await(self, ref: str, before: list[tuple[Place, int]], after: list[tuple[Place, int]]) -> None:
        for place, _ in before:
            self.position(*place).awaited.pop(ref, None)
        for place, units in after:
            self.position(*place).awaited[ref] = units

    def _open(self, location: Location, snapshot: Complete, reported: dict[str, int]) -> None:
        if not opening_precedes(snapshot, location.opening):
            return
        location.opening = snapshot
        self.touched_locations.add(location.name)
        for asset, total in reported.items():
            self.position(location.name, asset).open_at(snapshot.as_of_us, total)

    def _open_late(self, location: Location, event: Snapshot, as_of_us: int, reported: dict[str, int]) -> None:
        """Open positions from the opening's rows whose asset was unknown when it came."""
        if location.opening is not None and location.opening.event_id == event.event_id:
            for asset, total in reported.items():
                self.position(location.name, asset).open_at(as_of_us, total)

    def _observe(self, position: Position, event: Snapshot, as_of_us: int, total: int, findings: list[Finding]) -> None:
        asset = self.assets.by_code[position.asset]
        position.dust = max(asset.dust, abs(total) // self.rebasing_share) if asset.rebasing else asset.dust
        before = position.judgement
        newest = position.latest is None or position.latest.as_of_us < as_of_us
        position.observe(Observation(as_of_us, event.event_id, event.snapshot_id, event.revision, total))
        after = position.judgement
        if after is before and position.told is None:
            return  # nothing moved: by far the most usual case
        moved = _dust_moved(before, after, position.dust) if newest and position.opened else 0
        if moved:
            findings.append(DustFinding(position.location, position.asset, moved, position.dust, event.event_id))
        finding = self.breaks.assess(position, event.event_id, explained=False)
        if finding is not None:
            findings.append(finding)

    def _restated(self, movement: Movement, before: int, fact: Fact) -> Restated:
        after = _arrived_amount(movement.fold)
        cents = self.assets.usd_cents(fact.asset, after - before)
        completions = tuple(known.event_id for known in reversed(movement.facts) if known.rank == COMPLETED)
        return Restated(movement.transfer_id, fact.asset, before, after, cents, completions[:EVIDENCE_MAX])

    def _forget_value_dates(self, before_us: int) -> None:
        for location, asset in sorted(self.value_dated_positions):
            position = self.position(location, asset)
            for ref in position.forget_value_dates(before_us):
                self.movements.value_dates.pop(ref, None)
                self.movements.touched.add(ref)
            if not position.value_dated:
                self.value_dated_positions.discard((location, asset))

    def load_movement(self, movement: Movement) -> None:
        """Put back a movement of a row, and what follows from it."""
        self.movements.load(movement)
        transit = movement.in_transit()
        if transit is not None:
            self.under_way.add(movement.transfer_id)
        if not movement.at_rest:
            for place, units in movement.fold.awaited():
                self.bare_position(*place).awaited[movement.transfer_id] = units

    def load_value_date(self, transfer_id: str, value_us: int) -> None:
        """Put back when a bank counts a movement; the movements are loaded before."""
        self.movements.value_dates[transfer_id] = value_us
        self._note_value_date(transfer_id)

    def finest(self, asset: str) -> int | None:
        """Return an amount in `asset` that is on the books and needs the most decimals, in units."""
        amounts = [self.movements.finest(asset) or 0]
        for location in self.locations.values():
            position = location.positions.get(asset)
            if position is not None:
                amounts += [position.expected, *(seen.reported for seen in position.observations)]
        return max(amounts, key=places, default=None)

    def reassess(self, cause_id: str) -> list[Finding]:
        """Conclude what waited for a source to deliver, now that one has told how far it has come."""
        positions = [self.position(location, asset) for location, asset in sorted(self.breaks.undecided)]
        found = (self.breaks.assess(position, cause_id, explained=False) for position in positions)
        return [finding for finding in found if finding is not None]

    def settle(self, place: Place, cause_id: str) -> list[Finding]:
        """Conclude what one snapshot of great value showed, now that reports of its moment have had time to come."""
        finding = self.breaks.assess(self.position(*place), cause_id, explained=False, settled=True)
        return [] if finding is None else [finding]

    def forget_before(self, at_us: int, now_us: int) -> None:
        """Drop closed movements and effects that nothing within the horizon can touch any more, and value dates past."""
        self._forget_value_dates(now_us - VALUE_DATES_KEPT_US)
        self.forgotten_us = at_us  # a position forgets when it next changes: most have nothing to forget
        for movement in self.movements.forget_before(at_us):
            self._await(movement.transfer_id, movement.fold.awaited(), _NOTHING)


VALUE_DATES_KEPT_US = 3 * DAY_US
_NOTHING: list[tuple[Place, int]] = []


def in_transit_finding(movement: Movement, transit: tuple[Place, int], *, under_way: bool) -> InTransit:
    """Return what there is to say of a movement that is, or was, under way with these units to this place."""
    (destination, asset), units = transit
    since_us = set_off_us(movement) if under_way else None
    event_ids = tuple(fact.event_id for fact in reversed(movement.facts))[:EVIDENCE_MAX]
    return InTransit(movement.transfer_id, asset, units, movement.fold.origin, destination, since_us, event_ids)


def set_off_us(movement: Movement) -> int:
    """Return when the value left: the first fact after which it was under way."""
    fold = Fold()
    since_us = movement.facts[-1].at_us
    under_way = False
    for fact in movement.facts:
        fold.apply(fact)
        now = fold.in_transit() is not None
        if now and not under_way:
            since_us = fact.at_us
        under_way = now
    return since_us


def _dust_moved(before: Judgement, after: Judgement, dust: int) -> int:
    """Return the units that a report hid as dust: beside an agreement, or beside a break that stands."""
    if after.pending:
        return 0
    if not after.streak:
        return after.baseline - before.baseline
    moved = after.unexplained - before.unexplained
    return moved if before.streak and abs(moved) <= dust else 0


def _arrived_amount(fold: Fold) -> int:
    """Return what arrived, or would, in units of the asset."""
    if fold.delivered is not None:
        return fold.delivered
    deducted = fold.fee_payer == "deducted" and fold.fee_asset == fold.asset
    return max(fold.amount - fold.fee, 0) if deducted else fold.amount
