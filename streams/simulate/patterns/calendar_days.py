"""What the calendar brings: the end of a month with its bills, and days on which banks book and do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, decide
from streams.simulate.books import FEES, HOUSE, INTEREST
from streams.simulate.catalogue import ASSETS, BANKS, KNOWN
from streams.simulate.chain import APPROVAL_S, BOOKING_S
from streams.simulate.deposits import deposit
from streams.simulate.limits import opens_in_us
from streams.simulate.movement import Movement
from streams.simulate.patterns.moments import (
    DAY_US,
    first_us,
    is_weekend,
    month,
    next_business_day_us,
    next_month_end_us,
    usual_s,
)
from streams.simulate.patterns.registry import pattern
from streams.simulate.rhythm import arrivals
from streams.simulate.trades import book, book_move
from streams.simulate.units import DAY_S, US, day_text, span_us
from streams.simulate.withdrawals import withdrawal
from streams.simulate.world import Client, draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Corner, Desk

_BUSIER, _BUSIEST = (2.0, 3.2), (3.2, 4.0)  # on top of the usual: at a month's end, at a quarter's
_MONTHLY = 400  # interest of a month: one part in this many
COUNTED_AT_US = 5 * 3_600 * US  # when a bank counts what has this day's value date
_CUT_OFF_US = 17 * 3_600 * US  # what is booked later has the next day's value date
_WIRES, _WIRES_LONG = (1, 2), (3, 5)  # of an evening, of a weekend's or holiday's day
_HOLIDAY_SHARE = 0.1


@pattern(1, "month_end", "the last day of a month: 3 to 5 times the usual volume, interest, invoices, sweeps of fees")
def month_end(desk: Corner) -> Process:
    """Close the books on the last day of each month; in a world that has none, once and sooner."""
    end_us = desk.config.end_us
    if end_us is not None and next_month_end_us(desk.now_us) >= end_us:
        yield first_us(desk, DAY_S)
        yield from _close_month(desk, usual_s(desk, DAY_S) / 4)
        return
    while True:
        yield next_month_end_us(desk.now_us) - desk.now_us
        yield from _close_month(desk, DAY_S - 1.0)


def _close_month(desk: Corner, lasts_s: float) -> Process:
    """Let a busy day begin, and its bills be written within it."""
    times = desk.rng.uniform(*(_BUSIEST if month(desk.now_us) % 3 == 0 else _BUSIER))
    desk.start(arrivals(desk, times=times, until_us=desk.now_us + span_us(lasts_s)))
    yield span_us(lasts_s / 4)
    for client in desk.firm.clients:
        _invoice(desk, client)
        yield desk.wait(0.2, 3.0)
    yield span_us(lasts_s / 4)
    for code in BANKS:
        for client in desk.firm.clients:
            units = desk.books.balances[client.account.account_id, code] // _MONTHLY
            if units > 0:
                move = book_move(desk, "interest", code, units, INTEREST, client.account, "pay")
                desk.start(book(desk, move, INTEREST, client.account, asked=False))
    yield span_us(lasts_s / 8)
    for code in KNOWN:
        units = desk.books.balances[FEES.account_id, code] // 2
        if units > 0:
            move = book_move(desk, "sweep", code, units, FEES, HOUSE, "swp")
            move.control = {"origin": "auto", "initiator": "treasury-bot", "approvers": []}
            desk.start(book(desk, move, FEES, HOUSE))
        yield desk.wait(5.0, 30.0)


def _invoice(desk: Corner, client: Client) -> None:
    """Charge a client for the month in what it has most of."""
    code = max(client.assets, key=lambda code: desk.books.spendable[client.client_id, code])
    units = desk.books.spendable[client.client_id, code] // desk.rng.randint(400, 2_000)
    if units < ASSETS[code].dust_units * 10:
        return
    desk.books.take(client.client_id, code, units)
    move = book_move(desk, "fee", code, units, client.account, FEES, "fee")
    move.parent_id = f"invoice-{day_text(desk.now_us)[:7]}-{client.client_id}"
    desk.start(book(desk, move, client.account, FEES, asked=False))


@pattern(
    11, "value_dates", "evenings, weekends and bank holidays: wires are booked, and the bank counts them days later"
)
def value_dates(desk: Corner) -> Process:
    """Let wires come and go on some evenings, all weekend and on holidays; the first time soon, on a holiday."""
    yield first_us(desk, DAY_S)
    yield from _wires(desk, usual_s(desk, DAY_S) / 6, desk.rng.randint(*_WIRES_LONG))
    while True:
        yield DAY_US - desk.now_us % DAY_US
        if is_weekend(desk.now_us) or desk.rng.random() < _HOLIDAY_SHARE:
            yield from _wires(desk, DAY_S - 600.0, desk.rng.randint(*_WIRES_LONG))
        elif desk.rng.random() < 0.7:
            yield _CUT_OFF_US
            yield from _wires(desk, 6 * 3_600.0, desk.rng.randint(*_WIRES))


def _wires(desk: Corner, lasts_s: float, number: int) -> Process:
    """Let so many wires in and out be booked at each bank within a time, for the next business day."""
    for _ in range(number):
        for code, bank in BANKS.items():
            client = desk.firm.pick_client(desk.rng)
            size = draw_units(client, code, desk.firm.prices[code], desk.rng)
            spare = desk.books.spendable[client.client_id, code] // 3
            wants_money = desk.rng.random() < 0.3 and not opens_in_us(code, desk.now_us)
            if wants_money and spare > ASSETS[code].dust_units * 1_000:
                desk.start(_pay_out(desk, withdrawal(desk, client, code, bank, min(size, spare))))
            else:
                desk.start(_pay_in(desk, deposit(desk, client, code, bank, size)))
        yield span_us(lasts_s / number * desk.rng.uniform(0.5, 1.0))


def _pay_in(desk: Corner, move: Movement) -> Process:
    move.ids["end_to_end_id"] = f"E2E{desk.rng.getrandbits(48):012x}"
    desk.say(move, "queued")
    yield desk.wait(30.0, 300.0)
    desk.arrive(move)
    desk.say(move, "completed")
    value_us = _leave_uncounted(desk, move.target.location, move.asset.code, move.units)
    yield desk.wait(*BOOKING_S)
    bookings.credit(desk, move, {"value_date": day_text(value_us)})


def _pay_out(desk: Corner, move: Movement) -> Process:
    desk.books.take(move.client_id, move.asset.code, move.units)
    desk.promise(move)
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.hold(desk, move)
    yield from decide(desk, move, in_books=True)
    approve(desk, move)
    yield desk.wait(*APPROVAL_S)
    desk.say(move, "queued")
    yield desk.wait(600.0, 1_800.0)
    held = desk.vaults.held[move.origin.location, move.asset.code]
    desk.leave(move)
    desk.say(move, "completed")
    gone = held - desk.vaults.held[move.origin.location, move.asset.code]
    value_us = _leave_uncounted(desk, move.origin.location, move.asset.code, -gone)
    yield desk.wait(*BOOKING_S)
    bookings.settle(desk, move, {"value_date": day_text(value_us)})


def _leave_uncounted(desk: Desk, bank: str, code: str, units: int) -> int:
    """Let a bank count units only on the morning of the next business day; return when that day begins."""
    value_us = next_business_day_us(desk.now_us)
    desk.vaults.uncounted[bank, code] += units

    def count() -> Process:
        desk.vaults.uncounted[bank, code] -= units
        yield from ()

    desk.agenda.start(count(), wait_us=value_us + COUNTED_AT_US - desk.now_us)
    return value_us
