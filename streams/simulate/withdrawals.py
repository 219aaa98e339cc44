"""Money going out to clients: asked for, debited, checked, sent, and now and then refused, replaced or returned."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, decide
from streams.simulate.catalogue import (
    ASSETS,
    BANKS,
    BINANCE,
    EVERY_PLACE,
    EXTERNAL,
    HOT,
    IBAN,
    KRAKEN,
    PLACES,
    WIRE_FEE_UNITS,
)
from streams.simulate.chain import APPROVAL_S, BOOKING_S, SCREENING_S, network_fee_units, send_on_chain
from streams.simulate.emit import Json
from streams.simulate.limits import opens_in_us
from streams.simulate.movement import End, Movement
from streams.simulate.units import DAY_S, US, time_text
from streams.simulate.world import Client, draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

# What becomes of a withdrawal besides the usual, by upper bound of a draw from 0 to 1.
_FATES = ((0.010, "cancelled"), (0.018, "rejected"), (0.025, "failed"), (0.045, "replaced"), (0.065, "returned"),
          (0.075, "restated"))  # fmt: skip


def ask_withdrawal(desk: Desk, client: Client, code: str) -> bool:
    """Let a client ask for money in its usual size; False if there is not enough to be sensible."""
    if opens_in_us(code, desk.now_us):
        return False
    location = BANKS.get(code) or _payer(desk, code)
    wanted = draw_units(client, code, desk.firm.prices[code], desk.rng)
    units = min(wanted, desk.books.spendable[client.client_id, code] // 3, desk.vaults.free(location, code) // 8)
    if units < ASSETS[code].dust_units * 1000:
        return False
    move = withdrawal(desk, client, code, location, units)
    if not _affordable(desk, move):
        return False
    launch(desk, move, _fate(desk))
    return True


def withdrawal(desk: Desk, client: Client, code: str, location: str, units: int, fee_payer: str = "") -> Movement:
    """Return a withdrawal about to be asked for, with the fee and the controls that its place and size call for."""
    asset = ASSETS[code]
    network = asset.network or IBAN
    target = End(EXTERNAL, client.client_id, "", client.payout_addresses[network], network)
    move = Movement(
        desk.next_id("wd"), "withdrawal", PLACES[location].source, End(location, client.client_id), target, asset,
        units, client_id=client.client_id, account_id=client.account.account_id,
    )  # fmt: skip
    set_fee(desk, move, fee_payer)
    move.ids["client_ref"] = f"{client.client_id}/{move.transfer_id}"
    move.control = _control(desk, client, move)
    return move


def set_fee(desk: Desk, move: Movement, payer: str = "") -> None:
    """Decide what a movement out of one of our places costs, in which asset, and who pays."""
    asset, rng = move.asset, desk.rng
    role = EVERY_PLACE[move.origin.location].role
    if role == "venue":
        units, fee_asset = asset.venue_fee_units, asset.code
    elif role == "bank":
        units, fee_asset = WIRE_FEE_UNITS, asset.code
    else:
        fee_asset = asset.fee_asset
        units = network_fee_units(desk, fee_asset)
    draw = rng.random()
    usual = "sender" if draw < 0.7 else ("deducted" if draw < 0.9 else "third_party")
    payer = payer or usual
    if payer == "deducted" and (fee_asset != asset.code or move.units < 4 * units):
        payer = "sender"
    move.fee_units = move.executed_fee_units = units
    move.fee_asset, move.fee_payer = fee_asset, payer


def launch(desk: Desk, move: Movement, fate: str = "") -> None:
    """Set aside the client's and the place's money and let the withdrawal run."""
    desk.books.take(move.client_id, move.asset.code, move.units)
    desk.promise(move)
    desk.start(_run(desk, move, fate))


def _run(desk: Desk, move: Movement, fate: str) -> Process:
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    yield from pay_out(desk, move, bookings.hold(desk, move), fate)


def pay_out(desk: Desk, move: Movement, journal: str, fate: str = "") -> Process:
    """Check and send a withdrawal that the journal has debited to its client."""
    passed = yield from _checks(desk, move, fate)
    if not passed:
        desk.release(move)
        yield desk.wait(*BOOKING_S)
        bookings.release(desk, move, journal)
        return
    sent = yield from _send(desk, move, fate)
    yield desk.wait(*BOOKING_S)
    if not sent:
        bookings.release(desk, move, journal)
        return
    bookings.settle(desk, move)
    yield from _afterwards(desk, move, fate)


def _checks(desk: Desk, move: Movement, fate: str) -> Generator[int, None, bool]:
    """Screen and approve; return whether it may go out."""
    if desk.rng.random() < 0.4:
        desk.say(move, "screening")
        yield desk.wait(*SCREENING_S)
        if fate == "rejected":
            desk.say(move, "rejected")
            return False
    yield from decide(desk, move)
    if fate == "cancelled":
        desk.say(move, "cancelled")
        return False
    approve(desk, move)
    yield desk.wait(*APPROVAL_S)
    return True


def _send(desk: Desk, move: Movement, fate: str) -> Generator[int, None, bool]:
    if not move.asset.is_fiat:
        return (yield from send_on_chain(desk, move, fate))
    # A wire: the bank tells nothing of its way, so the value leaves when it is completed.
    desk.say(move, "queued")
    yield desk.wait(*move.asset.settle_s)
    desk.leave(move)
    desk.say(move, "completed")
    return True


def _afterwards(desk: Desk, move: Movement, fate: str) -> Process:
    if fate == "returned" and move.asset.is_fiat:
        yield desk.wait(3_600.0, 20_000.0)
        desk.come_back(move)
        desk.say(move, "returned")
        yield desk.wait(*BOOKING_S)
        bookings.take_back(desk, move)
    elif fate == "restated" and move.fee_payer == "sender":
        yield desk.wait(1_800.0, 14_400.0)
        before = move.fee_units
        if desk.change_fee(move, before * desk.rng.randint(60, 140) // 100):
            desk.say(move, "completed", revision=1)
            yield desk.wait(*BOOKING_S)
            more = move.fee_units - before
            bookings.house_pays(desk, move.op_type, move.fee_asset, more, transfer_id=move.transfer_id)


def _payer(desk: Desk, code: str) -> str:
    draw = desk.rng.random()
    if draw < 0.07:
        return BINANCE
    if draw < 0.12 and code in PLACES[KRAKEN].assets and KRAKEN not in desk.paused:
        return KRAKEN
    return HOT


def _affordable(desk: Desk, move: Movement) -> bool:
    """Whether the place has the fee too, where the fee is in another asset or on top."""
    if move.fee_payer != "sender":
        return True
    return move.fee_units * 4 <= desk.vaults.free(move.origin.location, move.fee_asset)


def _fate(desk: Desk) -> str:
    draw = desk.rng.random()
    return next((fate for bound, fate in _FATES if draw < bound), "")


def _control(desk: Desk, client: Client, move: Movement) -> Json:
    """Return who lets it pass: small ones the machine, large ones two people who did not ask for it."""
    small = move.units <= move.asset.single_limit_units and desk.rng.random() > 0.03  # the rest people pick out
    added_us = desk.config.start_us - client.known_since_days * DAY_S * US
    return {
        "origin": "auto" if small else "manual",
        "declared_class": "risk_free" if small else "risky",
        "initiator": f"user:{client.client_id}",
        "approvers": [],
        "kyt_score": desk.rng.randint(0, 45) / 100,
        "address_added_at": time_text(added_us),
    }
