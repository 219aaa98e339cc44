"""What every place should hold: movements applied to positions, and reported balances held against them.

Pure and synchronous: an event in, findings out. The order in which events arrive changes what is found on the way
but not where it ends.
"""

from __future__ import annotations

from ledger.amounts import places as places_of
from ledger.assets import Assets
from ledger.breaks import Breaks
from ledger.events import Snapshot, Transfer
from ledger.findings import Finding
from ledger.fold import (
    EXTERNAL,
    Effect,
    Fact,
    Outcome,
    Place,
    effects_of_whole,
    fact_of,
    is_whole_story,
)
from ledger.movements import Movement
from ledger.places import Places
from ledger.positions import Position
from ledger.reports import Reports
from ledger.store import MovementStore
from ledger.territory import Territory
from ledger.value_dates import ValueDates

_NOTHING: list[tuple[Place, int]] = []


class Holdings:
    """All movements and what they do to the positions."""

    def __init__(self, assets: Assets, territory: Territory | None = None) -> None:
        self.assets = assets
        self.territory = territory or Territory()
        self.places = Places(assets)
        self.movements = MovementStore()
        self.breaks = Breaks(assets, self.places, self.movements)
        self.reports = Reports(self.places, self.breaks)
        self.value_dates = ValueDates(self.places, self.movements)
        self.forgotten_us = 0
        # Of the movement that was applied last: what it has come to, and the places that its report has changed.
        self.outcome = Outcome(False, False, True, 0)
        self.affected: list[Place] = []

    def configure(self, *, skew_us: int, material_usd_cents: int, rebasing_share: int) -> None:
        """Set what decides: the clock skew allowed between two reports, the value from which one snapshot is enough,
        and by one part in how many a rebasing asset may move between two snapshots.
        """
        self.places.allow_skew(skew_us)
        self.reports.rebasing_share = rebasing_share
        self.breaks.material_usd_cents = material_usd_cents

    def apply_transfer(self, event: Transfer) -> list[Finding]:
        """Apply one report of a movement whose assets are known."""
        asset = self.assets.codes[event.asset]
        fee_asset = None if event.fee_asset is None else self.assets.codes[event.fee_asset]
        fact = fact_of(event, asset, fee_asset)
        if not self.territory.sole:
            fact = self.territory.seen(fact)
        transfer_id = event.transfer_id
        movement = self.movements.get(transfer_id)
        movement.network = event.network or event.to.network or event.from_.network or movement.network
        movement.source = event.source
        self.affected = []
        self.places.introduce(fact)
        self.movements.date(transfer_id, fact.at_us)
        findings: list[Finding] = []
        was_transit, was_awaited = None, _NOTHING
        if movement.facts:
            fold = movement.fold
            was_transit, was_awaited = fold.in_transit(), fold.awaited()
        elif is_whole_story(fact):  # nothing before it, and nothing to wait for
            movement.facts.append(fact)
            self.outcome = Outcome(True, True, True, fact.amount if fact.delivered is None else fact.delivered)
            self._apply(transfer_id, [], effects_of_whole(fact), fact, findings)
            return findings
        undone, done = movement.add(fact)
        fold = movement.fold
        if was_transit is not None or (fold.left and not fold.arrived):
            self._carry(was_transit, fold.in_transit())
        awaited = fold.awaited()
        if awaited != was_awaited:
            self._await(transfer_id, was_awaited, awaited)
        if undone or done:
            self._apply(transfer_id, undone, done, fact, findings)
        self.outcome = fold.outcome()
        movement.rest()
        return findings

    def apply_snapshot(self, event: Snapshot, only: str | None = None) -> list[Finding]:
        """Hold the balances of a snapshot against the positions (see `Reports.apply`)."""
        return self.reports.apply(event, only)

    def _apply(
        self, transfer_id: str, undone: list[Effect], done: list[Effect], fact: Fact, findings: list[Finding]
    ) -> None:
        judged: list[Position] = []
        for effect in undone:
            self._add_effect(effect, -effect.delta, transfer_id, judged)
        for effect in done:
            self._add_effect(effect, effect.delta, transfer_id, judged)
        if self.movements.value_dates.rows:
            self.value_dates.note(transfer_id)
        for position in judged:
            finding = self.breaks.assess(position, fact.event_id, explained=True)
            if finding is not None:
                findings.append(finding)

    def _add_effect(self, effect: Effect, delta: int, transfer_id: str, judged: list[Position]) -> None:
        """Add `delta` units where and when `effect` says; note the position if a judged snapshot was touched."""
        self.affected.append((effect.location, effect.asset))
        position = self.places.position(effect.location, effect.asset)
        opening = self.places.by_name[effect.location].opening
        opening_us = None if opening is None else opening.as_of_us
        if position.add_effect(effect.at_us, delta, transfer_id, opening_us) and position not in judged:
            judged.append(position)
        if len(position.timeline.buckets) > 1:
            position.timeline.forget_before(self.forgotten_us)

    def _carry(self, before: tuple[Place, int] | None, after: tuple[Place, int] | None) -> None:
        """Keep the sums in transit."""
        if before == after:
            return
        for entry, sign in ((before, -1), (after, 1)):
            if entry is not None and entry[0][0] != EXTERNAL:
                self.places.position(*entry[0]).in_transit += sign * entry[1]

    def _await(self, ref: str, before: list[tuple[Place, int]], after: list[tuple[Place, int]]) -> None:
        for place, _ in before:
            self.places.position(*place).awaited.pop(ref, None)
        for place, units in after:
            self.places.position(*place).awaited[ref] = units

    def load_movement(self, movement: Movement) -> None:
        """Put back a movement of a row, and what follows from it."""
        self.movements.load(movement)
        if not movement.at_rest:
            for place, units in movement.fold.awaited():
                self.places.bare_position(*place).awaited[movement.transfer_id] = units

    def finest(self, asset: str) -> int | None:
        """Return an amount in `asset` that is on the books and needs the most decimals, in units."""
        amounts = [self.movements.finest(asset) or 0]
        for location in self.places.by_name.values():
            position = location.positions.get(asset)
            if position is not None:
                amounts += [position.expected, *(seen.reported for seen in position.observations)]
        return max(amounts, key=places_of, default=None)

    def reassess(self, cause_id: str) -> list[Finding]:
        """Conclude what waited for a source to deliver, now that one has told how far it has come."""
        positions = [self.places.position(location, asset) for location, asset in sorted(self.breaks.undecided)]
        found = (self.breaks.assess(position, cause_id, explained=False) for position in positions)
        return [finding for finding in found if finding is not None]

    def settle(self, place: Place, cause_id: str) -> list[Finding]:
        """Conclude what one snapshot of great value showed, now that reports of its moment have had time to come."""
        finding = self.breaks.assess(self.places.position(*place), cause_id, explained=False, settled=True)
        return [] if finding is None else [finding]

    def forget_before(self, at_us: int, now_us: int) -> list[str]:
        """Drop closed movements and effects that nothing within the horizon can touch any more, and value dates past.

        Return the movements that were dropped.
        """
        self.value_dates.forget_before(now_us)
        self.forgotten_us = at_us  # a position forgets when it next changes: most have nothing to forget
        dropped = self.movements.forget_before(at_us)
        for movement in dropped:
            self._await(movement.transfer_id, movement.fold.awaited(), _NOTHING)
        return [movement.transfer_id for movement in dropped]
