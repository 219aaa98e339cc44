"""Money coming in from outside: seen on the chain or at the bank, final, and credited to its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE, SUSPENSE
from streams.simulate.catalogue import ASSETS, BANKS, BINANCE, DEPOSITS, KRAKEN, PLACES
from streams.simulate.chain import CREDIT_S, broadcast, network_fee_units
from streams.simulate.movement import OUTSIDE, End, Movement
from streams.simulate.world import Client, draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BANK_CUT_UNITS = 1_000  # a correspondent bank takes 10.00


def deposit(desk: Desk, client: Client | None, code: str, location: str, units: int) -> Movement:
    """Return a deposit about to be made; without a client it is the house's own money."""
    place, asset = PLACES[location], ASSETS[code]
    client_id = client.client_id if client else ""
    account_id = client.account.account_id if client else HOUSE.account_id
    address = client.deposit_addresses.get(asset.network, "") if client and location == DEPOSITS else ""
    move = Movement(
        desk.next_id("dep"), "deposit", place.source, OUTSIDE,
        End(location, client_id, account_id, address, asset.network if address else ""),
        asset, units, client_id=client_id, account_id=account_id,
    )  # fmt: skip
    move.ids["venue_id"] = f"{place.source}-in-{move.transfer_id}"
    return move


def arrive_deposit(desk: Desk, client: Client, code: str) -> None:
    """Let a client pay in, in its usual size."""
    location = BANKS.get(code) or _landing(desk, code)
    move = deposit(desk, client, code, location, draw_units(client, code, desk.firm.prices[code], desk.rng))
    draw = desk.rng.random()
    if move.asset.is_fiat:
        _bank_manners(desk, move, draw)
    elif draw < 0.5:
        _stranger_pays(desk, move)
    if location == DEPOSITS and desk.rng.random() < 0.3:  # only the registered address says whose it is
        move.target = End(location, address=move.target.address, network=move.target.network)
    desk.start(run_deposit(desk, move, "failed" if desk.rng.random() < 0.005 else ""))


def run_deposit(desk: Desk, move: Movement, fate: str = "", *, booked: bool = True) -> Process:
    """Let a deposit happen; where it is not `booked` the firm's books never hear of it."""
    if move.asset.is_fiat:
        desk.say(move, "queued")
        yield desk.wait(30.0, 300.0)
        desk.arrive(move)
        desk.say(move, "completed", **move.delivered_json())
    else:
        arrived = yield from broadcast(desk, move, fate)
        if not arrived:
            return
    yield desk.wait(*CREDIT_S)
    if booked:
        bookings.credit(desk, move)
        if not move.client_id and not move.account_id:
            yield from _find_owner(desk, move)


def _landing(desk: Desk, code: str) -> str:
    draw = desk.rng.random()
    if draw < 0.08:
        return BINANCE
    if draw < 0.14 and code in PLACES[KRAKEN].assets and KRAKEN not in desk.paused:
        return KRAKEN
    return DEPOSITS


def _bank_manners(desk: Desk, move: Movement, draw: float) -> None:
    """Let the bank take its cut on some wires, and let a few come without a name."""
    move.ids["end_to_end_id"] = f"E2E{desk.rng.getrandbits(48):012x}"
    if draw < 0.2 and move.units > 2 * _BANK_CUT_UNITS:
        move.fee_units = move.executed_fee_units = _BANK_CUT_UNITS
        move.fee_asset, move.fee_payer = move.asset.code, "deducted"
        move.delivered_units = move.units - _BANK_CUT_UNITS
    elif draw > 0.99:
        move.client_id = move.account_id = ""
        move.target = End(move.target.location, account_id=SUSPENSE.account_id)


def _stranger_pays(desk: Desk, move: Movement) -> None:
    """State the network fee that the sender outside has paid: it moves nothing of ours."""
    fee_asset = move.asset.fee_asset
    move.fee_units = network_fee_units(desk, fee_asset)
    move.executed_fee_units = move.fee_units
    move.fee_asset, move.fee_payer = fee_asset, "third_party"


def _find_owner(desk: Desk, move: Movement) -> Process:
    """Move what nobody could place from suspense to the client who asks for it, by hand and by two people."""
    yield desk.wait(600.0, 3_600.0)
    client = desk.firm.pick_client(desk.rng)
    units = move.units if move.delivered_units is None else move.delivered_units
    legs = [(SUSPENSE, move.asset.code, -units), (client.account, move.asset.code, units)]
    extra = {"origin": "manual", "maker": "ops-1", "checker": "ops-2", "reason": "owner found"}
    desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra=extra)


def top_up_house(desk: Desk, code: str, units: int) -> None:
    """Let the firm's owners pay in when fees have eaten its own money in an asset."""
    desk.start(run_deposit(desk, deposit(desk, None, code, BANKS.get(code, DEPOSITS), units)))
