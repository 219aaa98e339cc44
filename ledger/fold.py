"""What a movement has done to the holdings so far, from the reports of its lifecycle in whatever order they came.

The reports are folded in order of (event time, revision); after each, the effect that should now be in force is
compared with the one in force, and the difference is an effect of its own from that report's moment on. So a
restatement applies its difference once, a failure undoes what was applied, and the order of arrival proves nothing.
"""

from __future__ import annotations

from typing import NamedTuple, get_args

from msgspec import Struct, field

from ledger.amounts import to_units
from ledger.events import Status, Transfer
from ledger.times import to_us

EXTERNAL = "external"
RANK = {status: rank for rank, status in enumerate(get_args(Status))}
BROADCAST, COMPLETED = RANK["broadcast"], RANK["completed"]
_UNDONE = ("failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged")
UNDONE = frozenset(RANK[status] for status in _UNDONE)
DECISIVE = UNDONE | {BROADCAST, COMPLETED}
# Completed at the sender's side, and yet it did not arrive (contract section 2).
NOT_ARRIVED = frozenset(("completed_but_3rd_party_failed", "completed_but_3rd_party_rejected"))


class Fact(Struct, frozen=True, order=True, gc=False, array_like=True):
    """One report of one stage: what the fold needs of a transfer event. The first four fields are the order."""

    at_us: int
    revision: int
    rank: int
    event_id: str
    amount: int
    delivered: int | None
    fee: int | None
    fee_asset: str
    fee_payer: str
    origin: str
    destination: str
    asset: str
    arrived: bool


class Effect(Struct, frozen=True, gc=False):
    """Signed units that a place gained at a moment."""

    at_us: int
    location: str
    asset: str
    delta: int


Place = tuple[str, str]  # location, asset


class Outcome(NamedTuple):
    """What a movement has come to: whether value left, arrived, and may still move, and the units that arrive."""

    left: bool
    arrived: bool
    open: bool
    arrived_units: int


def fact_of(event: Transfer, asset: str, fee_asset: str | None) -> Fact:
    """Return the fact that `event` reports; `asset` and `fee_asset` are the codes of the books (aliases resolved)."""
    return Fact(
        to_us(event.event_time),
        event.revision,
        RANK[event.status],
        event.event_id,
        to_units(event.amount),
        None if event.amount_delivered is None else to_units(event.amount_delivered),
        None if event.fee_amount is None else to_units(event.fee_amount),
        fee_asset or asset,
        event.fee_payer or "sender",
        event.from_.location,
        event.to.location,
        asset,
        event.sub_status is None or event.sub_status.lower() not in NOT_ARRIVED,
    )


class Fold(Struct, eq=False):
    """The state of a movement after some of its facts, in order; `apply` takes the next and returns its effects."""

    left: bool = False
    arrived: bool = False
    open: bool = True
    amount: int = 0
    delivered: int | None = None
    fee: int = 0
    origin: str = ""
    destination: str = ""
    asset: str = ""
    fee_asset: str = ""
    fee_payer: str = ""
    revisions: dict[int, int] = field(default_factory=dict)  # the highest revision applied, by rank of the stage
    applied: dict[Place, int] = field(default_factory=dict)

    def apply(self, fact: Fact) -> list[Effect]:
        """Take the next fact in order; return what changes from its moment on."""
        rank = fact.rank
        known = self.revisions.get(rank)
        if known is not None and fact.revision < known:
            return []  # superseded by a restatement that happened earlier
        self.revisions[rank] = fact.revision
        # Once it has arrived, only a restatement or another completion says how much: a stage told late does not.
        settled = self.arrived and rank != COMPLETED and known is None
        if rank in UNDONE:
            self.left = self.arrived = self.open = False
            self.delivered = None
            self.revisions = {rank: fact.revision}  # what comes again after this happens anew
        else:
            self.open = True
            if rank == COMPLETED:
                self.left, self.arrived = True, fact.arrived
            elif rank == BROADCAST:
                self.left = True
        restated = known is not None and fact.revision > known
        if not settled:
            self._restate(fact, counts=known is None or restated, whole=restated and rank == COMPLETED)
        self._take_fee(fact)
        if not self.left and not self.applied:
            return []
        return self._difference(fact.at_us)

    def _restate(self, fact: Fact, *, counts: bool, whole: bool) -> None:
        """Take over amounts and places: of several sources that report one stage, the first that `counts`.

        A `whole` restatement of the arrival also takes back a delivered amount that it no longer states.
        """
        if counts:
            self.amount, self.asset = fact.amount, fact.asset
            self.origin, self.destination = fact.origin, fact.destination
            if fact.delivered is not None or whole:
                self.delivered = fact.delivered
        elif self.delivered is None:
            self.delivered = fact.delivered

    def _take_fee(self, fact: Fact) -> None:
        if fact.fee is not None:  # the latest report that states a fee counts, whoever sent it
            self.fee, self.fee_asset, self.fee_payer = fact.fee, fact.fee_asset, fact.fee_payer

    def _difference(self, at_us: int) -> list[Effect]:
        target = self._target()
        if not self.applied:
            self.applied = target
            return [Effect(at_us, place[0], place[1], delta) for place, delta in sorted(target.items())]
        if target == self.applied:
            return []
        effects = [
            Effect(at_us, place[0], place[1], delta)
            for place in sorted(target.keys() | self.applied.keys())
            if (delta := target.get(place, 0) - self.applied.get(place, 0))
        ]
        self.applied = target
        return effects

    def _target(self) -> dict[Place, int]:
        """Return the units by place that the movement should have moved by now, as far as these facts say."""
        target: dict[Place, int] = {}
        if self.origin == self.destination:
            return target  # a book transfer moves no holding
        if self.left and self.origin != EXTERNAL:
            self._departure(target)
        if self.arrived and self.destination != EXTERNAL:
            self._arrival(target)
        return target

    def _departure(self, target: dict[Place, int]) -> None:
        _add(target, (self.origin, self.asset), -self.amount)
        if self.fee and self.fee_payer == "sender":
            _add(target, (self.origin, self.fee_asset), -self.fee)

    def _arrival(self, target: dict[Place, int]) -> None:
        place = (self.destination, self.asset)
        if self.delivered is not None:
            _add(target, place, self.delivered)
            return
        _add(target, place, self.amount)
        if self.fee and self.fee_payer == "deducted":
            # A fee larger than the amount leaves nothing to arrive; it cannot take what was there before.
            fee = min(self.fee, self.amount) if self.fee_asset == self.asset else self.fee
            _add(target, (self.destination, self.fee_asset), -fee)

    @property
    def arrived_units(self) -> int:
        """What arrived, or would, in units of the asset."""
        if self.delivered is not None:
            return self.delivered
        deducted = self.fee_payer == "deducted" and self.fee_asset == self.asset
        return max(self.amount - self.fee, 0) if deducted else self.amount

    def outcome(self) -> Outcome:
        return Outcome(self.left, self.arrived, self.open, self.arrived_units)

    def in_transit(self) -> tuple[Place, int] | None:
        """Return where value is on its way to and how much, in units; None when nothing is."""
        if self.left and not self.arrived and self.origin != self.destination:
            return (self.destination, self.asset), self.amount
        return None

    def awaited(self) -> list[tuple[Place, int]]:
        """Return what a place may already show though we have not heard: leaving (negative) or arriving units."""
        if not self.open or self.arrived or self.origin == self.destination:
            return []
        awaited: dict[Place, int] = {}
        if not self.left and self.origin != EXTERNAL:
            self._departure(awaited)
        if self.destination != EXTERNAL:
            self._arrival(awaited)
        return sorted(awaited.items())


def _add(target: dict[Place, int], place: Place, units: int) -> None:
    total = target.get(place, 0) + units
    if total:
        target[place] = total
    else:
        target.pop(place, None)


def is_whole_story(fact: Fact) -> bool:
    """Tell whether a first report says all: completed, arrived, no fee. So banks tell, and it needs no fold."""
    return fact.rank == COMPLETED and fact.arrived and fact.fee is None


def effects_of_whole(fact: Fact) -> list[Effect]:
    """Return what the fold of a whole story returns (a law in the tests), at a fraction of its cost."""
    origin, destination = fact.origin, fact.destination
    effects: list[Effect] = []
    if origin == destination:
        return effects
    arrived = fact.amount if fact.delivered is None else fact.delivered
    if origin != EXTERNAL and fact.amount:
        effects.append(Effect(fact.at_us, origin, fact.asset, -fact.amount))
    if destination != EXTERNAL and arrived:
        effects.insert(
            len(effects) if origin < destination else 0, Effect(fact.at_us, destination, fact.asset, arrived)
        )
    return effects
