"""What is asked of a rule: one movement, as it was asked for, and what was observed before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.events import AccountRef, LimitRef
from ledger.fold import EXTERNAL
from ledger.positions import Position
from ledger.screens.registry import plain
from ledger.screens.words import client_of

if TYPE_CHECKING:
    from ledger.context import Context
    from ledger.policy.accounts import ClientAccounts
    from ledger.policy.brake import Brakes
    from ledger.policy.history import History


class Asked(Struct, frozen=True, kw_only=True, gc=False):
    """A movement to be judged: who asked for what and when is as the request was told, whatever was told later.

    `order` is its place among all requests by arrival, and `heard_us` when it came (the clock): those before it count,
    those after it do not. `at_us` is when it was asked for, or passed, by event time. `client` is whose money is to move,
    "" for the firm's own; `place` where it goes, as two requests are compared. `fee_units` is what a sender pays on top, in `fee_asset` (a
    code of the books, "" for none).
    """

    dossier: Dossier
    order: int
    heard_us: int
    at_us: int
    units: int
    client: str
    place: str
    fee_units: int
    fee_asset: str
    limits: Sequence[LimitRef]

    @property
    def leaves_firm(self) -> bool:
        return self.dossier.destination == EXTERNAL

    @property
    def own_places(self) -> tuple[str, ...]:
        """The places of ours that it touches."""
        places = dict.fromkeys((self.dossier.origin, self.dossier.destination))
        return tuple(place for place in places if place != EXTERNAL)

    def fee_in(self, asset: str) -> int:
        """Return what is paid on top of the amount in an asset, in units."""
        return self.fee_units if asset == self.fee_asset else 0


class Known(Struct, frozen=True, kw_only=True, gc=False):
    """What the rules are judged on: the records and positions, and what this room remembers of requests."""

    context: Context
    accounts: ClientAccounts
    history: History
    brakes: Brakes

    def position(self, location: str, asset: str) -> Position | None:
        """Return the position at a place, where a balance has been reported there; else None: nobody knows."""
        place = self.context.holdings.places.by_name.get(location)
        if place is None or place.opening is None:
            return None
        position = place.positions.get(asset)
        return position if position is not None and position.opened else None

    def expected_units(self, asked: Asked, asset: str) -> int | None:
        """Return what the origin should hold of an asset before the movement itself; None where nobody knows.

        An asset that complete balances never named there is not there: zero.
        """
        there = self.held_units(asked.dossier.origin, asset)
        return None if there is None else there - self._own_units(asked, asset)

    def held_units(self, location: str, asset: str) -> int | None:
        """Return what a place should hold of an asset; None where nobody knows."""
        place = self.context.holdings.places.by_name.get(location)
        if place is None or place.opening is None:
            return None
        position = place.positions.get(asset)
        if position is None:
            return 0
        return position.expected if position.opened else None

    def is_earlier(self, other: Dossier, asked: Asked) -> bool:
        """Tell whether another movement had been heard of, and if it was asked for had been asked for, before."""
        request = self.context.decisions.requests.get(other.transfer_id)
        return other.heard_us <= asked.heard_us if request is None else request.order < asked.order

    def _own_units(self, asked: Asked, asset: str) -> int:
        """Return what the movement itself has changed at its origin so far."""
        movement = self.context.holdings.movements.by_id.get(asked.dossier.transfer_id)
        if movement is None or not asked.dossier.left:
            return 0
        place = (asked.dossier.origin, asset)
        return sum(effect.delta for effect in movement.effects() if (effect.location, effect.asset) == place)


def ask(context: Context, dossier: Dossier, *, order: int, at_us: int, heard_us: int | None = None) -> Asked:
    """Return the question about a movement, as it is told by now."""
    fee_asset = context.assets.codes.get(dossier.fee_asset, "") if dossier.fee_asset else ""
    client = payer_of(context, dossier)
    on_top = dossier.fee_units if dossier.fee_payer in ("", "sender") else 0
    return Asked(
        dossier=dossier,
        order=order,
        heard_us=context.now_us if heard_us is None else heard_us,
        at_us=at_us,
        units=dossier.instructed_units,
        client=client,
        place=plain(dossier.address) if dossier.address else dossier.account or dossier.destination,
        fee_units=on_top,
        fee_asset=fee_asset if on_top else "",
        limits=context.allowances.of(dossier, client),
    )


def fee_on_top(context: Context, dossier: Dossier, asset: str) -> int:
    """Return what the sender of a movement pays on top of it in an asset, in units."""
    if dossier.fee_payer not in ("", "sender") or not dossier.fee_asset:
        return 0
    return dossier.fee_units if context.assets.codes.get(dossier.fee_asset) == asset else 0


def payer_of(context: Context, dossier: Dossier) -> str:
    """Return the client whose money is to move; "" where it is the firm's own, or nobody says."""
    if dossier.origin_client or not dossier.origin_account:
        return client_of(dossier)
    known = context.references.others.get(("account", dossier.origin_account))
    owner = known.client_id if isinstance(known, AccountRef) else None
    return owner or client_of(dossier)


Judge = Callable[[Known, Any, Asked], "Answer"]
Answer = tuple[str, bool] | None
"""Why a rule does not hold, and whether known numbers prove it; None where it holds."""


def proved(why: str) -> Answer:
    """Return the answer that known numbers, or a record, are against it."""
    return why, True


def unknown(why: str) -> Answer:
    """Return the answer that something is needed that nobody has told."""
    return why, False
