"""Chains under load: everybody waits longer and pays more, and transactions are replaced by dearer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, decide
from streams.simulate.catalogue import ASSETS, DEPOSITS, HOT
from streams.simulate.chain import (
    BOOKING_S,
    CREDIT_S,
    REPLACED_AFTER_S,
    SIGNING_S,
    arrive,
    replace_tx,
    speed_up,
    tx_hash,
)
from streams.simulate.deposits import deposit
from streams.simulate.faults_money import affordable_units
from streams.simulate.movement import Movement
from streams.simulate.patterns.moments import hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.units import DAY_S
from streams.simulate.withdrawals import withdrawal
from streams.simulate.world import draw_units

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_RISE = (3, 8, 20)  # how congestion comes: many times the usual fee, step by step
_SLOWEST = 1.3  # how many times longer a confirmation takes: still within what routes promise
_CENTS = (100_000, 3_000_000)
_CODES = ("BTC", "ETH", "USDC", "USDT")


@pattern(
    9, "congestion", "for some hours networks take up to 20 times the usual fee from everybody, and confirm slowly",
    every_s=2.0 * DAY_S,
)  # fmt: skip
def congestion(desk: Corner) -> Process:
    """Let fees and waits rise in steps, stay, and fall at once."""
    for step, times in enumerate(_RISE, start=1):
        desk.whole.congestion = times
        desk.whole.slowness = 1.0 + (_SLOWEST - 1.0) * step / len(_RISE)
        yield desk.wait(600.0, 1_800.0)
    yield hours_us(desk, 1.0, 3.0)
    desk.whole.congestion, desk.whole.slowness = 1, 1.0


@pattern(
    10, "replacements", "a run of withdrawals and deposits whose transactions are replaced by dearer ones, some twice",
    every_s=0.7 * DAY_S,
)  # fmt: skip
def replacements(desk: Corner) -> Process:
    """Speed up a dozen withdrawals one after the other, and let some senders speed up what they pay in."""
    for _ in range(desk.rng.randint(8, 16)):
        client, code = desk.firm.pick_client(desk.rng), desk.rng.choice(_CODES)
        if desk.rng.random() < 0.3:
            units = draw_units(client, code, desk.firm.prices[code], desk.rng)
            desk.start(_receive(desk, deposit(desk, client, code, DEPOSITS, units)))
        else:
            units = affordable_units(desk, client, HOT, code, desk.rng.randint(*_CENTS), times=4)
            if units > ASSETS[code].dust_units * 1_000 and _has_fees(desk, code):
                desk.start(_send(desk, withdrawal(desk, client, code, HOT, units, "sender")))
        yield desk.wait(30.0, 240.0)


def _has_fees(desk: Corner, code: str) -> bool:
    fee_asset = ASSETS[code].fee_asset
    return desk.vaults.free(HOT, fee_asset) > ASSETS[fee_asset].dust_units * 10_000


def _send(desk: Corner, move: Movement) -> Process:
    """Withdraw with no need of people, and replace the transaction once or twice."""
    desk.books.take(move.client_id, move.asset.code, move.units)
    desk.promise(move)
    assert move.control is not None
    move.control = {**move.control, "origin": "auto"}
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.hold(desk, move)
    yield from decide(desk, move)
    approve(desk, move)
    yield desk.wait(*SIGNING_S)
    move.ids["tx_hash"] = tx_hash(desk)
    move.changed()
    desk.leave(move)
    desk.say(move, "broadcast")
    for _ in range(desk.rng.randint(1, 2)):
        yield desk.wait(*REPLACED_AFTER_S)
        speed_up(desk, move)
    yield desk.wait(*move.asset.settle_s)
    yield from arrive(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.settle(desk, move)


def _receive(desk: Corner, move: Movement) -> Process:
    """Pay in with a transaction that its sender replaces: the same deposit under another hash."""
    move.ids["tx_hash"] = tx_hash(desk)
    desk.say(move, "broadcast")
    yield desk.wait(*REPLACED_AFTER_S)
    replace_tx(desk, move)
    yield desk.wait(*move.asset.settle_s)
    yield from arrive(desk, move)
    yield desk.wait(*CREDIT_S)
    bookings.credit(desk, move)
