"""A case: all that is known about one movement when something is to be concluded about it.

Its dossier, those of the movements that are one with it, and what the books say of them together. A case is made for one
look and thrown away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ledger.dossiers import Dossier
from ledger.fold import EXTERNAL
from ledger.matching.claims import Claim, Leg
from ledger.matching.sums import Sums
from ledger.territory import Territory

if TYPE_CHECKING:
    from ledger.context import Context
    from ledger.matching.join import Join

Direction = Literal["in", "out", "own", "unknown"]
NEED_A_LEG = frozenset(("fee", "funding", "interest", "reward", "rebate", "settlement"))
"""Kinds that may come with no request: a leg in the books within a minute is their match."""


class Case:
    """One movement, known or not. `late`: a report of a movement, and not a posting, is what is being applied."""

    __slots__ = (
        "_dust_units",
        "_sums",
        "asset",
        "claim",
        "direction",
        "dossier",
        "group",
        "join",
        "kin",
        "late",
        "transfer_id",
    )

    def __init__(self, join: Join, transfer_id: str, *, late: bool) -> None:
        context = join.context
        self.join, self.transfer_id, self.late = join, transfer_id, late
        self.dossier = dossier = context.dossiers.rows.get(transfer_id)
        self.claim: Claim | None = join.claims.table.rows.get(transfer_id)
        self.kin: tuple[Dossier, ...] = ()
        self._sums: Sums | None = None
        self._dust_units = -1
        if dossier is None:
            self.direction: Direction = "unknown"
            self.asset = _asset_of(self.claim)
            self.group = "" if self.claim is None else self.claim.group
            return
        self.asset = dossier.asset
        self.group = context.groups.of_books(dossier)
        territory = context.territory
        if territory.crosses(dossier):
            self.direction = _direction(territory, dossier)
            if join.links.is_shared(transfer_id):
                self.kin = join.links.kin(dossier)
        else:
            self.direction = "own"

    @property
    def context(self) -> Context:
        return self.join.context

    @property
    def open(self) -> list[str]:
        """The names of the questions that are open."""
        return [] if self.claim is None else self.claim.open

    def row(self) -> Claim:
        """Return the claim to change; it is made where there is none."""
        self.claim = self.join.claims.row(self.transfer_id, self.group)
        return self.claim

    @property
    def family(self) -> tuple[Dossier, ...]:
        """The movement under all the ids under which it is told, its own first."""
        return self.kin if self.dossier is None else (self.dossier, *self.kin)

    def legs(self) -> list[Leg]:
        """Return the postings of all of them, the first heard first."""
        claims = self.join.claims.table.rows
        legs = [] if self.claim is None else list(self.claim.legs.values())
        for other in self.kin:
            claim = claims.get(other.transfer_id)
            if claim is not None:
                legs += claim.legs.values()
        if self.kin:
            legs.sort(key=lambda leg: (leg.heard_us, leg.event_id))
        return legs

    @property
    def sums(self) -> Sums:
        if self._sums is None:
            self._sums = Sums(self.legs(), self.asset)
        return self._sums

    # --- amounts ---------------------------------------------------------------------------------------------
    @property
    def dust_units(self) -> int:
        if self._dust_units < 0:
            known = self.join.context.assets.by_code.get(self.asset)
            self._dust_units = 0 if known is None else known.dust
        return self._dust_units

    @property
    def arrived(self) -> bool:
        """Whether it has arrived, under any of its ids."""
        return any(member.arrived for member in self.family)

    @property
    def arrived_units(self) -> int:
        """What has arrived, or would arrive, under its own id if it has under that."""
        members = self.family
        telling = next((member for member in members if member.arrived), members[0])
        return telling.arrived_units

    @property
    def spare_units(self) -> int:
        """By how much a credit may differ from what arrived: the dust, and a fee that was deducted on the way."""
        return self.dust_units + max((self._deducted_units(member) for member in self.family), default=0)

    def _deducted_units(self, member: Dossier) -> int:
        if not member.fee_units:
            return 0
        movement = self.context.holdings.movements.by_id.get(member.transfer_id)
        deducted = movement is not None and movement.fold.fee_payer == "deducted"
        return self.latest_fee_units(member) if deducted else 0

    def fee_units(self, member: Dossier) -> int:
        """Return the fee of a movement where it is paid in the asset that moves, in units; else 0."""
        return member.fee_units if self.context.assets.codes.get(member.fee_asset) == member.asset else 0

    def latest_fee_units(self, member: Dossier) -> int:
        """Return the fee that happened last, which need not be the one that was heard last."""
        movement = self.context.holdings.movements.by_id.get(member.transfer_id)
        if movement is None or movement.fold.fee_asset != member.asset:
            return 0
        return movement.fold.fee

    # --- places and sources ----------------------------------------------------------------------------------
    @property
    def is_first_to_arrive(self) -> bool:
        """Whether of the ids under which it has arrived this was heard first: one of them is enough to be asked about."""
        own = self.dossier
        assert own is not None
        arrived = [member for member in self.family if member.arrived]
        return not arrived or own is min(arrived, key=lambda member: (member.heard_us, member.transfer_id))

    @property
    def is_to_ourselves(self) -> bool:
        """Whether it goes to an address that is on record as one of ours."""
        own = self.dossier
        assert own is not None
        return bool(own.address) and bool(self.context.registry.place_of(own.address, own.network, own.tag))

    @property
    def books_are_heard(self) -> bool:
        return self.context.heard.any(("ledger", self.group))

    def books_sources(self) -> tuple[str, ...]:
        """Return who could still tell of a posting."""
        return self.context.heard.sources(("ledger", self.group))

    def all_sources(self) -> tuple[str, ...]:
        """Return who could still tell of a posting, or of the movement."""
        own = self.dossier
        assert own is not None
        place = own.destination if own.origin in self.context.territory.away else own.origin
        movers = (*(member.source for member in self.family), *self.context.sources.tellers(place))
        return tuple(dict.fromkeys((*self.books_sources(), *movers)))


def _direction(territory: Territory, dossier: Dossier) -> Direction:
    """Return how a movement over the border stands to the books of this shard.

    One whose ends are both booked here, or neither, is a move of its own to them: what is to be seen of it is there.
    """
    if territory.sole or dossier.origin == dossier.destination == EXTERNAL:
        return "in" if dossier.origin == EXTERNAL else "out"
    credited = territory.credits(dossier)
    if credited == territory.debits(dossier):
        return "own"
    return "in" if credited else "out"


def _asset_of(claim: Claim | None) -> str:
    """Return what a credit of an unknown movement is in: of its first credit of a client, else of its first leg."""
    legs = [] if claim is None else list(claim.legs.values())
    credited = [leg for leg in legs if leg.account_class == "client" and leg.units > 0]
    return (credited or legs)[0].asset if legs else ""
