"""What moves without being asked for: trades settled in two legs, book transfers, fees, interest and funding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, by_people, decide
from streams.simulate.books import FEES, INTEREST, WORLD, Account, Leg
from streams.simulate.catalogue import ASSETS, BANKS, BINANCE, HOT, PLACES
from streams.simulate.chain import APPROVAL_S, BOOKING_S
from streams.simulate.movement import OUTSIDE, End, Movement
from streams.simulate.units import DAY_S, US, cents_of, span_us, units_worth
from streams.simulate.world import Client, draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Desk


def home_of(code: str) -> str:
    """Return where book transfers of an asset are kept."""
    return BANKS.get(code, HOT)


def book_move(desk: Desk, op_type: str, code: str, units: int, giver: Account, taker: Account, prefix: str) -> Movement:
    """Return a transfer in the books alone: both sides at the same place."""
    location = home_of(code)
    return Movement(
        desk.next_id(prefix), op_type, PLACES[location].source,
        End(location, giver.client_id, giver.account_id), End(location, taker.client_id, taker.account_id),
        ASSETS[code], units, client_id=giver.client_id, account_id=giver.account_id,
    )  # fmt: skip


def book(desk: Desk, move: Movement, giver: Account, taker: Account, *, asked: bool = True) -> Process:
    """Let a book transfer happen; where it is not `asked` for it just appears, done."""
    if asked:
        ask(desk, move)
        yield desk.wait(*BOOKING_S)
        yield from decide(desk, move, in_books=True)
        if by_people(move):
            approve(desk, move)
    legs: list[Leg] = [(giver, move.asset.code, -move.units), (taker, move.asset.code, move.units)]
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id)
    yield desk.wait(*APPROVAL_S)
    desk.say(move, "completed")


def internal(desk: Desk, client: Client, code: str) -> bool:
    """Let one client pay another in the books."""
    other = desk.firm.pick_client(desk.rng)
    wanted = draw_units(client, code, desk.firm.prices[code], desk.rng)
    units = min(wanted, desk.books.spendable[client.client_id, code] // 4)
    if units < ASSETS[code].dust_units * 100 or other is client:
        return False
    desk.books.take(client.client_id, code, units)
    move = book_move(desk, "internal", code, units, client.account, other.account, "int")
    move.ids["client_ref"] = f"{client.client_id}/{move.transfer_id}"
    user = f"user:{client.client_id}"
    move.control = {"origin": "auto", "declared_class": "risk_free", "initiator": user, "approvers": []}
    desk.start(book(desk, move, client.account, other.account))
    return True


def client_fee(desk: Desk, client: Client, code: str) -> bool:
    """Charge a client for services: a hundredth of a usual movement."""
    units = draw_units(client, code, desk.firm.prices[code], desk.rng) // 100
    if not 0 < units < desk.books.spendable[client.client_id, code] // 10:
        return False
    desk.books.take(client.client_id, code, units)
    move = book_move(desk, "fee", code, units, client.account, FEES, "fee")
    desk.start(book(desk, move, client.account, FEES, asked=False))
    return True


def trade(desk: Desk, client: Client) -> bool:
    """Settle a client's trade of BTC or ETH against USDT at the venue: two legs of one parent, or nothing."""
    rng = desk.rng
    base = rng.choice(("BTC", "ETH"))
    base_units = draw_units(client, base, desk.firm.prices[base], rng) // 2
    worth = cents_of(base_units, desk.firm.prices[base], ASSETS[base].decimals)
    quote_units = units_worth(worth, desk.firm.prices["USDT"], ASSETS["USDT"].decimals)
    sides = [(base, base_units), ("USDT", quote_units)]
    if rng.random() < 0.5:
        sides.reverse()
    (sold, sold_units), (bought, bought_units) = sides
    spendable = desk.books.spendable[client.client_id, sold]
    if not 0 < sold_units <= min(spendable, desk.vaults.free(BINANCE, sold) // 8) or not bought_units:
        return False
    desk.books.take(client.client_id, sold, sold_units)
    parent = desk.next_id("trade")
    out = _leg(desk, client, parent, sold, sold_units, outgoing=True)
    desk.promise(out)
    desk.start(_settle(desk, client, out, _leg(desk, client, parent, bought, bought_units, outgoing=False)))
    return True


def _leg(desk: Desk, client: Client, parent: str, code: str, units: int, *, outgoing: bool) -> Movement:
    ours = End(BINANCE, client.client_id, client.account.account_id)
    origin, target = (ours, OUTSIDE) if outgoing else (OUTSIDE, ours)
    return Movement(
        desk.next_id("set"), "settlement", BINANCE, origin, target, ASSETS[code], units,
        client_id=client.client_id, account_id=client.account.account_id, parent_id=parent,
    )  # fmt: skip


def _settle(desk: Desk, client: Client, out: Movement, back: Movement) -> Process:
    desk.leave(out)
    desk.say(out, "completed")
    yield span_us(0.005)
    desk.arrive(back)
    desk.say(back, "completed")
    yield desk.wait(*BOOKING_S)
    for move, sign in ((out, -1), (back, 1)):
        legs = [(client.account, move.asset.code, sign * move.units), (WORLD, move.asset.code, -sign * move.units)]
        desk.books.post("settlement", legs, transfer_id=move.transfer_id)


def venue_income(desk: Desk) -> bool:
    """Let a venue pay, or charge, the house for what it holds there: funding, rebates, and its fees."""
    op_type = desk.rng.choice(("funding", "funding", "rebate", "fee"))
    incoming = op_type == "rebate" or (op_type == "funding" and desk.rng.random() < 0.6)
    units = desk.rng.randint(1_000_000, 400_000_000)  # 1 to 400 USDT
    if not incoming and units > desk.vaults.free(BINANCE, "USDT") // 8:
        return False
    origin, target = (OUTSIDE, End(BINANCE)) if incoming else (End(BINANCE), OUTSIDE)
    move = Movement(desk.next_id("own"), op_type, BINANCE, origin, target, ASSETS["USDT"], units)
    if not incoming:
        desk.promise(move)
    desk.start(_charge(desk, move, incoming=incoming))
    return True


def _charge(desk: Desk, move: Movement, *, incoming: bool) -> Process:
    if incoming:
        desk.arrive(move)
    else:
        desk.leave(move)
    desk.say(move, "completed")
    yield desk.wait(*BOOKING_S)
    units = -move.units if incoming else move.units
    bookings.house_pays(desk, move.op_type, "USDT", units, transfer_id=move.transfer_id)


def daily_interest(desk: Desk) -> Process:
    """Credit interest on every client's dollars at five past midnight."""
    day_us = DAY_S * US
    yield (300 * US - desk.now_us) % day_us
    while True:
        for client in desk.firm.clients:
            units = desk.books.balances[client.account.account_id, "USD"] // 10_000
            if units > 0:
                move = book_move(desk, "interest", "USD", units, INTEREST, client.account, "pay")
                desk.start(book(desk, move, INTEREST, client.account, asked=False))
        yield day_us


def manual_adjustment(desk: Desk, client: Client) -> bool:
    """Give a client a small goodwill payment: by hand, entered by one person and checked by another."""
    move = book_move(desk, "adjustment", "USD", desk.rng.randint(500, 20_000), FEES, client.account, "adj")
    move.control = {"origin": "manual", "declared_class": "risky", "initiator": "ops-1", "approvers": ["ops-2"]}
    if desk.books.balances[FEES.account_id, "USD"] < move.units:
        return False
    desk.start(_adjust(desk, move, client))
    return True


def _adjust(desk: Desk, move: Movement, client: Client) -> Process:
    desk.say(move, "completed")
    yield desk.wait(*BOOKING_S)
    legs = [(FEES, "USD", -move.units), (client.account, "USD", move.units)]
    extra = {"origin": "manual", "maker": "ops-1", "checker": "ops-2", "reason": "goodwill"}
    desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra=extra)
