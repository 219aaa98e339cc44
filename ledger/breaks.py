"""Breaks: when a drift that nobody can explain is worth telling, when it has changed, and when it is over."""

from __future__ import annotations

from typing import Literal

from ledger.assets import Assets
from ledger.findings import DriftFinding
from ledger.movements import Place
from ledger.positions import Position
from ledger.store import MovementStore
from ledger.times import SECOND_US

MATERIAL_CHANGE_SHARE = 10  # an open break is told again when it changes by a tenth
EVIDENCE_MAX = 20
Kind = Literal["opened", "changed", "closed"]
SILENT_US = 15 * 60 * SECOND_US


class Breaks:
    """What decides about breaks. `undecided`: drifts that a report still on its way may account for."""

    def __init__(self, assets: Assets, movements: MovementStore) -> None:
        self.assets = assets
        self.movements = movements
        self.material_usd_cents = 0
        self.watermarks: dict[str, int] = {}  # by source: up to when it has delivered everything, where it says so
        self.undecided: set[Place] = set()
        self.settle_us = 0  # live, reports of one moment come on several topics: so long one snapshot waits for them
        self.unsettled: set[Place] = set()

    def assess(
        self, position: Position, cause_id: str, *, explained: bool, settled: bool = False
    ) -> DriftFinding | None:
        """Return what has become of a position's break: it opens, changes materially, closes, or nothing (None).

        `explained`: the cause is a late report of a movement, not a balance. `settled`: reports of the snapshot's
        moment have had their time to come.
        """
        if not position.opened:
            return None
        judgement = position.judgement
        if position.told is None:
            if not self._is_conclusive(position, settled=settled):
                return None
            kind: Kind = "opened"
        elif not judgement.streak:
            finding = self._drift(position, "closed", cause_id, explained=explained)
            position.told = position.deferred_us = None
            return finding
        elif judgement.pending or not self._has_changed(position, judgement.unexplained - position.told):
            return None  # what may be a matter of timing is not told as a change
        else:
            kind = "changed"
        position.told = judgement.unexplained
        position.told_material = self._is_material(position.asset, judgement.unexplained)
        position.deferred_us = None
        return self._drift(position, kind, cause_id)

    def _has_changed(self, position: Position, change: int) -> bool:
        """Tell whether an open break differs so much from what people heard that they must hear again."""
        told = position.told or 0
        least = max(position.dust, abs(told) // MATERIAL_CHANGE_SHARE)
        worse = self._is_material(position.asset, told + change) and not position.told_material
        if not worse and abs(change) <= least:
            position.deferred_us = None
            return False
        as_of_us = position.observations[-1].as_of_us
        if change and position.deferred_us in (None, as_of_us) and position.may_be_in_flight(change):
            position.deferred_us = as_of_us  # like an opening, it takes a second snapshot then
            return False
        return True

    def _is_material(self, asset: str, units: int) -> bool:
        """Tell whether `units` are worth what makes one snapshot enough; never, where no price is known."""
        cents = self.assets.usd_cents(asset, units)
        return cents is not None and cents >= self.material_usd_cents

    def _is_conclusive(self, position: Position, *, settled: bool) -> bool:
        """Tell whether a break is to open: two snapshots show it, or one of great value, and nothing is on its way."""
        place = (position.location, position.asset)
        self.undecided.discard(place)
        streak = abs(position.judgement.streak)
        if streak < 2:
            if not streak or not self._is_material_now(position):
                return False
            if self.settle_us and not settled:
                self.unsettled.add(place)
                return False
            return True
        if self._is_undelivered(position):
            self.undecided.add(place)
            return False
        return True

    def _is_undelivered(self, position: Position) -> bool:
        """Tell whether movements under way account for the drift and a source of theirs has yet to deliver.

        A source that is a quarter of an hour behind is silent; what it may still bring is no excuse any more.
        """
        if not self.watermarks or not position.may_be_in_flight(position.judgement.unexplained):
            return False
        as_of_us = position.second_of_streak_us()
        sources = {self.movements.by_id[ref].source for ref in position.awaited if ref in self.movements.by_id}
        marks = [self.watermarks[source] for source in sources if source in self.watermarks]
        return any(as_of_us - SILENT_US <= mark < as_of_us for mark in marks)

    def _is_material_now(self, position: Position) -> bool:
        """Tell whether one snapshot is enough: a great value that no movement under way accounts for."""
        unexplained = position.judgement.unexplained
        return self._is_material(position.asset, unexplained) and not position.may_be_in_flight(unexplained)

    def _drift(self, position: Position, kind: Kind, cause_id: str, *, explained: bool = False) -> DriftFinding:
        latest = position.observations[-1]
        judgement = latest.judgement
        unexplained = judgement.unexplained if judgement.streak else (position.told or 0)
        since_us, movements, event_ids = self._evidence(position, cause_id)
        return DriftFinding(
            kind=kind,
            location=position.location,
            asset=position.asset,
            expected=latest.reported - judgement.baseline - (unexplained if judgement.streak else 0),
            reported=latest.reported,
            as_of_us=latest.as_of_us,
            since_us=since_us,
            judgement=judgement,
            unexplained=unexplained,
            value_dated=position.value_dated_at(latest.as_of_us),
            usd_cents=self.assets.usd_cents(position.asset, unexplained),
            movements=movements,
            event_ids=event_ids,
            explained=explained,
        )

    def _evidence(self, position: Position, cause_id: str) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
        """Return when the streak began, the movements since the last agreement before it, and the telling events."""
        observations = position.observations
        first = position.streak_start()
        agreed_us = observations[first - 1].as_of_us if first else observations[first].as_of_us - 1
        refs = [ref for _, _, ref in position.timeline.between(agreed_us, observations[first].as_of_us)]
        movements = tuple(dict.fromkeys(refs))[:EVIDENCE_MAX]
        events = [cause_id, observations[-1].event_id, observations[first].event_id]
        events += [self.movements.by_id[ref].facts[-1].event_id for ref in movements if ref in self.movements.by_id]
        return observations[first].as_of_us, movements, tuple(dict.fromkeys(events))[:EVIDENCE_MAX]
