"""What patterns share of the firm's own moves: carried out under a plan, or with no request, and what they must not cross."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, EVERY_PLACE
from streams.simulate.chain import BOOKING_S, SIGNING_S, broadcast, send_on_chain
from streams.simulate.emit import Json
from streams.simulate.faults_money import worth_cents
from streams.simulate.movement import Movement
from streams.simulate.reference import tell_location
from streams.simulate.scenarios.told import approve_by_hand
from streams.simulate.treasury import PLAN_AHEAD_S, announce, own_move
from streams.simulate.units import units_worth
from streams.simulate.venues import snapshots
from streams.simulate.withdrawals import set_fee

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

BY_TREASURERS: Json = {"origin": "manual", "declared_class": "risky", "initiator": "treasury-1",
                       "approvers": ["treasury-2", "treasury-3"]}  # fmt: skip


@contextmanager
def keeping_out(desk: Desk, location: str, code: str) -> Iterator[bool]:
    """Keep the treasury's own moves away from an asset at a place; the value says whether it was free to be kept."""
    busy = (location, code)
    if busy in desk.moving:
        yield False
        return
    desk.moving.add(busy)
    try:
        yield True
    finally:
        desk.moving.discard(busy)


def planned(desk: Desk, origin: str, target: str, code: str, units: int, *, by_hand: bool = True) -> Movement:
    """Return a rebalance with a plan to come, of which the sender pays the fee, where there is one in the asset."""
    move = own_move(desk, "rebalance", origin, target, code, units)
    move.delivered_units = None
    set_fee(desk, move, "sender" if move.asset.fee_asset == code else "third_party")
    if by_hand:
        move.control = BY_TREASURERS
    return move


def carry_out(desk: Desk, move: Movement, *, lasts_s: float = 6 * 3600) -> Process:
    """Plan a move that is promised, ask for it, let people approve it, send it and book its fee."""
    announce(desk, move, lasts_s=lasts_s)
    yield desk.wait(*PLAN_AHEAD_S)
    yield from approve_by_hand(desk, move)
    yield from send_on_chain(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)


def send_unasked(desk: Desk, move: Movement) -> Process:
    """Let a custodian's automation send what it need not ask for: the chain is the first to tell."""
    move.control = None
    desk.promise(move)
    yield desk.wait(*SIGNING_S)
    yield from broadcast(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)


def spare_units(desk: Desk, location: str, code: str, low_cents: int, high_cents: int, share: int = 2) -> int:
    """Return units worth between two sums in US cents, or one part in `share` of what is free where that is less."""
    wanted = units_worth(desk.rng.randint(low_cents, high_cents), desk.firm.prices[code], ASSETS[code].decimals)
    return min(wanted, desk.vaults.free(location, code) // share)


def is_worth(desk: Desk, code: str, units: int, least_cents: int) -> bool:
    """Tell whether there are units, and they are worth so many US cents."""
    return units > 0 and worth_cents(desk, code, units) >= least_cents


def open_place(desk: Desk, location: str) -> None:
    """Put a place on record that was not there at the start, and let it report from now on."""
    place = EVERY_PLACE[location]
    tell_location(desk, place)
    desk.agenda.start(snapshots(desk, place), wait_us=desk.wait(5.0, 30.0), last=True)
