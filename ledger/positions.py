"""One place, one asset: what it should hold at any moment, what it reported, and whether the two agree."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import accumulate
from typing import Any

from msgspec import Struct

from ledger.drift import FRESH, Judgement, is_sum_of_some, judge, nearest_sum
from ledger.timeline import Timeline

OBSERVATIONS_MAX = 256
RECENT_OBSERVATIONS = 16  # a late event usually falls among these, so they are all kept
FEE_TOLERANCE_SHARE = 100


class Observation(Struct, eq=False):
    """A balance reported for one moment, its drift (reported less expected, units) and the judgement after it."""

    as_of_us: int
    event_id: str
    snapshot_id: str
    revision: int
    reported: int
    drift: int = 0
    judgement: Judgement = FRESH

    def __lt__(self, other: Observation) -> bool:
        return (self.as_of_us, self.event_id) < (other.as_of_us, other.event_id)

    def says_the_same(self, other: Observation) -> bool:
        return (
            self.reported == other.reported
            and self.drift == other.drift
            and self.judgement == other.judgement
            and not self.judgement.streak
        )

    def to_plain(self) -> list[Any]:
        head = [self.as_of_us, self.event_id, self.snapshot_id, self.revision, self.reported, self.drift]
        return [*head, list(self.judgement)]


def _as_of(observation: Observation) -> int:
    return observation.as_of_us


class Position:
    """Expected and reported balance of one asset at one location; all amounts in units."""

    __slots__ = (
        "anchor", "asset", "awaited", "deferred", "dust", "floor", "in_transit", "location", "observations", "opened",
        "reporter", "skew_us", "timeline", "told", "told_material", "value_dated",
    )  # fmt: skip

    def __init__(self, location: str, asset: str, dust: int, skew_us: int) -> None:
        self.location = location
        self.asset = asset
        self.dust = dust
        self.skew_us = skew_us  # two clocks that differ by this much may put an effect on either side of a snapshot
        self.timeline = Timeline()
        self.anchor = 0  # opening less what had moved by then: expected = anchor + what has moved
        self.opened = False
        self.in_transit = 0
        self.awaited: dict[str, int] = {}  # by movement: what may show here before we hear of it
        self.value_dated: dict[str, tuple[int, int, int]] = {}  # by movement: effect moment, value moment, units
        self.observations: list[Observation] = []
        self.floor = FRESH  # the judgement before the oldest observation kept
        self.reporter = ""  # the source of the latest balance: it may have the end of a movement to tell as well
        self.told_material = False  # whether what they heard was of great value
        # The moment and the change of an open break that is not told before a second snapshot shows it.
        self.deferred: tuple[int, int] | None = None
        self.told: int | None = None  # the unexplained units that people last heard of; None while no break is open

    @property
    def expected(self) -> int:
        """Opening plus every effect known now."""
        return self.anchor + self.timeline.total

    def expected_at(self, as_of_us: int) -> int:
        """Opening plus every effect that holds at `as_of_us`, that moment included."""
        return self.anchor + self.timeline.total - self.timeline.after(as_of_us)

    @property
    def latest(self) -> Observation | None:
        return self.observations[-1] if self.observations else None

    @property
    def judgement(self) -> Judgement:
        return self.observations[-1].judgement if self.observations else self.floor

    def second_of_streak_us(self) -> int:
        """Return the moment of the second report of the present streak: from then on it was there to be explained."""
        moments = sorted({seen.as_of_us for seen in self.observations[self.streak_start() :]})
        return moments[min(1, len(moments) - 1)]

    def streak_start(self) -> int:
        """Return the index of the first report of the present streak; of the latest report where there is none."""
        first = len(self.observations) - 1
        while first and self.observations[first - 1].judgement.streak:
            first -= 1
        # A streak that begins at two counts a report before it that was put down to timing.
        return first - 1 if first and abs(self.observations[first].judgement.streak) > 1 else first

    def open_at(self, as_of_us: int, reported: int) -> None:
        """Take `reported` as the opening at `as_of_us`; what was judged before is judged again."""
        anchor = reported - (self.timeline.total - self.timeline.after(as_of_us))
        shift = anchor - self.anchor
        self.anchor, self.opened = anchor, True
        if shift and self.observations:
            for observation in self.observations:
                observation.drift -= shift
            self._judge_from(0)

    def add_effect(self, at_us: int, delta: int, ref: str, opening_us: int | None) -> bool:
        """Add an effect; `opening_us` is the opening's moment. Return whether a judged snapshot was touched."""
        self.timeline.add(at_us, delta, ref)
        if opening_us is not None and at_us <= opening_us:
            self.anchor -= delta  # the opening already contains it: what is expected later does not change
            return self._shift_between(at_us, opening_us, delta)
        observations = self.observations
        if not observations or observations[-1].as_of_us < at_us - self.skew_us:
            return False
        for observation in observations[bisect_left(observations, at_us, key=_as_of) :]:
            observation.drift -= delta
        # Just before the effect nothing is expected of it, but its nearness may be why a report differs.
        self._judge_from(bisect_left(observations, at_us - self.skew_us, key=_as_of))
        return True

    def _shift_between(self, at_us: int, opening_us: int, delta: int) -> bool:
        """Judge again what was reported before the effect, when the opening came later than both."""
        before = bisect_left(self.observations, at_us, key=_as_of)
        for observation in self.observations[:before]:
            observation.drift += delta
        if before:
            self._judge_from(0)
        return before > 0

    def observe(self, observation: Observation) -> None:
        """Take a reported balance, in whatever order it came."""
        observation.drift = observation.reported - self.expected_at(observation.as_of_us)
        observations = self.observations
        if not observations or (observations[-1].as_of_us < observation.as_of_us and not observation.revision):
            if observations and observations[-1].snapshot_id == observation.snapshot_id:
                return  # the same snapshot told again, under another event id
            before = observations[-1].judgement if observations else self.floor
            previous_us = observations[-1].as_of_us if observations else None
            observations.append(observation)
            if observation.drift != before.baseline or before.streak or before.pending:
                before = self._judge(observation, before, previous_us)
            observation.judgement = before
            if len(observations) > RECENT_OBSERVATIONS:
                self._thin()
            return
        if self._is_restated(observation):
            return
        insort(observations, observation)
        self._judge_from(bisect_left(observations, observation.as_of_us, key=_as_of))
        self._bound()

    def _is_restated(self, observation: Observation) -> bool:
        """Put a restated snapshot in the place of the one it restates; True when nothing is left to insert."""
        for index, known in enumerate(self.observations):
            if known.snapshot_id != observation.snapshot_id:
                continue
            if known.revision >= observation.revision:
                return True
            del self.observations[index]
            self._judge_from(index)
            return False
        return False

    def _judge_from(self, index: int) -> None:
        observations = self.observations
        before = observations[index - 1].judgement if index else self.floor
        previous_us = observations[index - 1].as_of_us if index else None
        for position in range(index, len(observations)):
            observation = observations[position]
            if observation.drift != before.baseline or before.streak or before.pending:
                before = self._judge(observation, before, previous_us)
            observation.judgement = before
            previous_us = observation.as_of_us

    def _judge(self, observation: Observation, before: Judgement, previous_us: int | None) -> Judgement:
        least, most, drift = 0, 0, observation.drift
        if abs(drift - before.baseline) > self.dust:
            excused = self._value_dated_part(observation.as_of_us, drift - before.baseline)
            drift -= excused
            if excused and abs(drift - before.baseline) <= self.dust:
                return before  # the bank has said until when it may not show: no evidence of anything
            least, most = self.uncertainty(observation.as_of_us)
        same_moment = previous_us == observation.as_of_us
        return judge(before, drift, self.dust, least, most, same_moment=same_moment)

    def uncertainty(self, as_of_us: int) -> tuple[int, int]:
        """Return how far below (<= 0) and above (>= 0) the expected balance a place may honestly be, in units."""
        least = most = 0
        for at_us, delta, _ in self.timeline.between(as_of_us - self.skew_us - 1, as_of_us + self.skew_us):
            shown = delta if at_us > as_of_us else -delta
            least, most = least + min(shown, 0), most + max(shown, 0)
        return least, most

    def _value_dated_part(self, as_of_us: int, moved: int) -> int:
        """Return what a report lacks because it is booked and not counted by the bank yet: each amount whole or not."""
        if not self.value_dated:
            return 0
        waiting = self._waiting_at(as_of_us)
        days: dict[int, int] = {}  # a bank counts what is of one value date together, and nothing of a later one before
        for value_us, delta in waiting:
            days[value_us] = days.get(value_us, 0) - delta
        wholes = list(accumulate(units for _, units in sorted(days.items(), reverse=True)))
        return nearest_sum(moved, [-delta for _, delta in waiting], wholes)

    def _waiting_at(self, as_of_us: int) -> list[tuple[int, int]]:
        """Return value moment and units, by movement, of what is booked by `as_of_us` and to be counted later."""
        items = sorted(self.value_dated.items())
        return [(value_us, delta) for _, (at_us, value_us, delta) in items if at_us <= as_of_us < value_us]

    def value_dated_at(self, as_of_us: int) -> int:
        """Return the units booked by `as_of_us` whose value date is still to come."""
        return sum(delta for _, delta in self._waiting_at(as_of_us))

    def may_be_in_flight(self, units: int) -> bool:
        """Tell whether movements under way add up to `units`: a report of them may only be late.

        A fee is often told with the end of a movement only, so a hundredth more or less is still the same movement;
        sums of several are held to a thousandth, since there are many of them.
        """
        single = max(self.dust, abs(units) // FEE_TOLERANCE_SHARE)
        several = max(self.dust, abs(units) // (10 * FEE_TOLERANCE_SHARE))
        parts = [units for _, units in sorted(self.awaited.items())]  # by name: the same after a recovery
        return is_sum_of_some(units, parts, single, several)

    def latest_may_be_in_flight(self) -> bool:
        """Tell whether movements under way account for what the latest report differs by.

        What the bank has yet to count is taken from a difference first, and may have been taken from the wrong one: the
        whole difference may be a movement under way as well.
        """
        if self.may_be_in_flight(self.judgement.unexplained):
            return True
        latest = self.observations[-1]
        return bool(self.value_dated) and self.may_be_in_flight(latest.drift - latest.judgement.baseline)

    def _thin(self) -> None:
        """Keep the recent reports; of an older quiet run of equal ones the first and the last two; a bound on all."""
        kept = self.observations
        last = len(kept) - RECENT_OBSERVATIONS
        is_flat = last >= 3 and kept[last].reported == kept[last - 1].reported
        if is_flat and all(kept[last].says_the_same(kept[place]) for place in (last - 1, last - 2, last - 3)):
            del kept[last - 2]
        if len(kept) > OBSERVATIONS_MAX:
            self._bound()

    def _bound(self) -> None:
        while len(self.observations) > OBSERVATIONS_MAX:
            self.floor = self.observations.pop(0).judgement

    def forget_value_dates(self, before_us: int) -> list[str]:
        """Drop the value dates that are past, and return their movements."""
        past = [ref for ref, (_, value_us, _) in self.value_dated.items() if value_us < before_us]
        for ref in past:
            del self.value_dated[ref]
        return past

    def to_plain(self) -> dict[str, Any]:
        return {
            "anchor": self.anchor,
            "opened": self.opened,
            "total": self.timeline.total,
            "next_bucket": self.timeline.next_number,
            "in_transit": self.in_transit,
            "observations": [observation.to_plain() for observation in self.observations],
            "floor": list(self.floor),
            "reporter": self.reporter,
            "told": self.told,
            "told_material": self.told_material,
            "deferred": None if self.deferred is None else list(self.deferred),
            "dust": self.dust,
        }

    def load(self, plain: dict[str, Any]) -> None:
        """Put back what `to_plain` gave; timeline and movements, from which the rest follows, are loaded before."""
        self.anchor, self.opened = plain["anchor"], plain["opened"]
        self.timeline.settle(plain["total"], plain["next_bucket"])
        self.in_transit, self.dust, self.reporter = plain["in_transit"], plain["dust"], plain["reporter"]
        self.told, self.told_material = plain["told"], plain["told_material"]
        self.deferred = None if plain["deferred"] is None else (plain["deferred"][0], plain["deferred"][1])
        self.floor = Judgement(*plain["floor"])
        for *head, drift, judgement in plain["observations"]:
            observation = Observation(*head)
            observation.drift, observation.judgement = drift, Judgement(*judgement)
            self.observations.append(observation)
