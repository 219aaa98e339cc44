"""Breaks: when a drift that nobody can explain is worth telling, when it has changed, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ledger.assets import Assets
from ledger.diagnosis import Explanation, explain
from ledger.findings import EVIDENCE_MAX, DriftFinding, DriftKind
from ledger.fold import Place
from ledger.places import Places
from ledger.positions import Position
from ledger.store import MovementStore
from ledger.suspects import Suspect, rank
from ledger.times import SECOND_US

MATERIAL_CHANGE_SHARE = 10  # an open break is told again when it changes by a tenth
SUSPECTS_MAX = 500  # movements looked at for a break, the latest
SILENT_US = 15 * 60 * SECOND_US
LATE_US = (
    60 * SECOND_US
)  # a report that is this old when it arrives comes with a backlog, and the rest may be behind it


class Trust(Protocol):
    """Whether what is heard can be relied on (see `ledger.feeds.sources`)."""

    def delivered_us(self, name: str) -> int | None: ...
    def tellers(self, location: str) -> tuple[str, ...]: ...
    def holds_back(self, location: str, names: Iterable[str], cents: int | None) -> bool: ...
    def count_held(self, names: Iterable[str]) -> None: ...
    def repeats(self, location: str) -> bool: ...
    def clock_us(self) -> int: ...


class Blind:
    """Relies on everything: what a position is judged by where nobody watches the feeds."""

    def delivered_us(self, name: str) -> int | None:
        return None

    def tellers(self, location: str) -> tuple[str, ...]:
        return ()

    def holds_back(self, location: str, names: Iterable[str], cents: int | None) -> bool:
        return False

    def count_held(self, names: Iterable[str]) -> None:
        """Nothing is held back."""

    def repeats(self, location: str) -> bool:
        return False

    def clock_us(self) -> int:
        return 0


class Breaks:
    """What decides about breaks. `undecided`: drifts that wait for a report on its way, or for data to rely on."""

    def __init__(self, assets: Assets, places: Places, movements: MovementStore) -> None:
        self.assets = assets
        self.places = places
        self.movements = movements
        self.material_usd_cents = 0
        self.trust: Trust = Blind()
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
            kind: DriftKind = "opened"
        elif not judgement.streak:
            finding = self._drift(position, "closed", cause_id, explained=explained)
            position.told = position.deferred = None
            return finding
        elif judgement.pending or not self._has_changed(position, judgement.unexplained - position.told):
            return None  # what may be a matter of timing is not told as a change
        elif self._is_held_back(position, waited=(position.location, position.asset) in self.undecided):
            return None
        else:
            kind = "changed"
        position.told = judgement.unexplained
        position.told_material = self._is_material(position.asset, judgement.unexplained)
        position.deferred = None
        return self._drift(position, kind, cause_id)

    def _has_changed(self, position: Position, change: int) -> bool:
        """Tell whether an open break differs so much from what people heard that they must hear again.

        A great change is told at once, if nothing under way accounts for it; any beyond dust is told when a second
        snapshot shows the same. So a large break hides no later loss.
        """
        told = position.told or 0
        worse = self._is_material(position.asset, told + change) and not position.told_material
        if abs(change) <= position.dust and not worse:
            position.deferred = None
            return False
        as_of_us = position.observations[-1].as_of_us
        great = worse or abs(change) > abs(told) // MATERIAL_CHANGE_SHARE or self._is_material(position.asset, change)
        # Live, reports of one moment race each other, so no single snapshot changes what people were told.
        if great and not self.settle_us and not position.may_be_in_flight(change):
            return True
        before = position.deferred
        if before is not None and before[0] < as_of_us:
            alike = max(position.dust, abs(change) // MATERIAL_CHANGE_SHARE if self.settle_us else 0)
            if abs(change - before[1]) <= alike or (great and not self.settle_us):
                return True
        position.deferred = (as_of_us, change)
        return False

    def _is_material(self, asset: str, units: int) -> bool:
        """Tell whether `units` are worth what makes one snapshot enough; never, where no price is known."""
        cents = self.assets.usd_cents(asset, units)
        return cents is not None and cents >= self.material_usd_cents

    def _is_conclusive(self, position: Position, *, settled: bool) -> bool:
        """Tell whether a break is to open: two snapshots show it, or one of great value, and nothing is on its way."""
        place = (position.location, position.asset)
        waited = place in self.undecided
        self.undecided.discard(place)
        streak = abs(position.judgement.streak)
        if streak < 2:
            if not streak or not self._is_material_now(position):
                return False
            if self.settle_us and not settled:
                self.unsettled.add(place)
                return False
            if self._may_be_untold(position):
                self.undecided.add(place)
                return False
            return not self._is_held_back(position, waited=waited)
        if self._is_undelivered(position):
            self.undecided.add(place)
            return False
        return not self._is_held_back(position, waited=waited)

    def _is_held_back(self, position: Position, *, waited: bool) -> bool:
        """Tell whether bad data of those who tell of the place hold this break back; `waited`: it was before."""
        names = dict.fromkeys((*self.trust.tellers(position.location), position.reporter))
        cents = self.assets.usd_cents(position.asset, position.judgement.unexplained)
        if not self.trust.holds_back(position.location, names, cents):
            return False
        if not waited:
            self.trust.count_held(names)
        self.undecided.add((position.location, position.asset))
        return True

    def _is_undelivered(self, position: Position) -> bool:
        """Tell whether somebody who tells of the place has yet to deliver what may account for the drift.

        Nobody is waited for who has delivered up to the first report that shows it, unless a movement under way would
        account for it: then up to the second. A source that is a quarter of an hour behind is silent; what it may still
        bring is no excuse any more.
        """
        tellers = self.trust.tellers(position.location)
        if self._is_awaited(tellers, position.observations[position.streak_start()].as_of_us):
            return True
        if not position.latest_may_be_in_flight():
            return False
        sources = {self.movements.by_id[ref].source for ref in position.awaited if ref in self.movements.by_id}
        sources.add(position.reporter)  # the end of a movement is often told by where it arrives
        return self._is_awaited(sources, position.second_of_streak_us())

    def _may_be_untold(self, position: Position) -> bool:
        """Tell whether a surplus may be money whose arrival, with nothing before it, has yet to be told.

        A deficit is not given that time: what leaves is asked for first. Where something of its size has been asked for
        and may just be leaving, and where the report itself comes late, with what else is late by as much, it is.
        """
        as_of_us, units = position.observations[-1].as_of_us, position.judgement.unexplained
        prompt = self.trust.clock_us() - as_of_us <= LATE_US
        if units < 0 and prompt and not any(units // 2 >= part >= 2 * units for part in position.awaited.values()):
            return False
        return self._is_awaited(self.trust.tellers(position.location), as_of_us)

    def _is_awaited(self, sources: Iterable[str], until_us: int) -> bool:
        marks = [self.trust.delivered_us(source) for source in sources]
        return any(mark is not None and until_us - SILENT_US <= mark < until_us for mark in marks)

    def _is_material_now(self, position: Position) -> bool:
        """Tell whether one snapshot is enough: a great value that no movement under way accounts for.

        One that repeats the report before it to the last figure may simply be old.
        """
        if self.trust.repeats(position.location):
            return False
        unexplained = position.judgement.unexplained
        return self._is_material(position.asset, unexplained) and not position.latest_may_be_in_flight()

    def _drift(self, position: Position, kind: DriftKind, cause_id: str, *, explained: bool = False) -> DriftFinding:
        latest = position.observations[-1]
        judgement = latest.judgement
        unexplained = judgement.unexplained if judgement.streak else (position.told or 0)
        effects = self._effects(position)
        suspects = self._suspects(position, unexplained, effects)
        wider = (
            None if kind == "closed" or any(suspect.hint for suspect in suspects) else self._explain(position, effects)
        )
        return DriftFinding(
            kind=kind,
            location=position.location,
            asset=position.asset,
            expected=latest.reported - judgement.baseline - (unexplained if judgement.streak else 0),
            reported=latest.reported,
            as_of_us=latest.as_of_us,
            since_us=position.observations[position.streak_start()].as_of_us,
            judgement=judgement,
            unexplained=unexplained,
            value_dated=position.value_dated_at(latest.as_of_us),
            usd_cents=self.assets.usd_cents(position.asset, unexplained),
            suspects=suspects,
            wider=wider,
            event_ids=self._evidence(position, suspects, wider, cause_id, explained=explained),
            explained=explained,
        )

    def _effects(self, position: Position) -> list[tuple[int, int, str]]:
        """Return what moved at a place between the last agreement and the first difference, oldest first."""
        first = position.streak_start()
        observations = position.observations
        agreed_us = observations[first - 1].as_of_us if first else observations[first].as_of_us - 1
        return position.timeline.latest(agreed_us, observations[first].as_of_us, SUSPECTS_MAX)

    def _explain(self, position: Position, effects: list[tuple[int, int, str]]) -> Explanation | None:
        """Return what would account for a drift that no single movement accounts for."""
        others = (
            (name, place.positions[position.asset].judgement.unexplained)
            for name, place in sorted(self.places.by_name.items())
            if name != position.location and position.asset in place.positions
        )
        unexplained = position.judgement.unexplained
        return explain(unexplained, position.dust, position.asset, effects, self.movements.by_id, others)

    def _suspects(
        self, position: Position, unexplained: int, effects: list[tuple[int, int, str]]
    ) -> tuple[Suspect, ...]:
        """Return the movements told between the last agreement and the first difference, the most telling first."""
        known = self.movements.by_id
        amounts = {
            ref: known[ref].facts[-1].amount
            for _, _, ref in effects
            if ref in known and known[ref].facts[-1].asset == position.asset
        }
        return tuple(rank(unexplained, position.dust, effects, amounts))

    def _evidence(
        self,
        position: Position,
        suspects: tuple[Suspect, ...],
        wider: Explanation | None,
        cause_id: str,
        *,
        explained: bool,
    ) -> tuple[str, ...]:
        """Return the events that show the break, the most telling first."""
        observations = position.observations
        latest, first = observations[-1].event_id, observations[position.streak_start()].event_id
        refs = [suspect.ref for suspect in suspects if suspect.hint] + list(wider.refs if wider is not None else ())
        told = [self._last_event(ref) for ref in refs]
        others = [self._last_event(suspect.ref) for suspect in suspects if not suspect.hint]
        events = [cause_id, latest, *told] if explained else [latest, *told, first, cause_id]
        named = [event_id for event_id in (*events, first, *others) if event_id is not None]
        return tuple(dict.fromkeys(named))[:EVIDENCE_MAX]

    def _last_event(self, transfer_id: str) -> str | None:
        movement = self.movements.by_id.get(transfer_id)
        return None if movement is None else movement.facts[-1].event_id
