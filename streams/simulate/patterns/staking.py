"""What positions earn and cost by themselves: funding by the hour, rewards in drips, and days until a stake comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.books import WORLD, Leg
from streams.simulate.catalogue import ASSETS, BINANCE, EVERY_PLACE, HOT, STAKING
from streams.simulate.chain import BOOKING_S, arrive
from streams.simulate.movement import OUTSIDE, End, Movement
from streams.simulate.patterns.moments import first_us, next_hour_us, usual_s
from streams.simulate.patterns.own import carry_out, open_place, planned
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import send
from streams.simulate.scenarios.told import approve_by_hand
from streams.simulate.treasury import announce
from streams.simulate.units import DAY_S, span_us
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_EVERY_H = (1, 4, 8)  # contracts settle their funding every so many hours
_CLIENTS = (3, 6, 12)  # that hold them
_FUNDING_UNITS = (2_000_000, 300_000_000)  # 2 to 300 USDT
_VALIDATOR_UNITS = 32 * 10**18
_QUEUE_S = 10 * DAY_S  # the longest that an exit takes
_REWARD_PART = 120_000  # of a stake, every four hours: some 2 % a year


@pattern(
    12, "staking_and_funding", "funding every 1, 4 and 8 hours, rewards in drips, a stake that takes days to come back"
)
def staking_and_funding(desk: Corner) -> Process:
    """Let clients hold contracts and the house a stake."""
    for hours, number in zip(_EVERY_H, _CLIENTS, strict=True):
        clients = desk.rng.sample(desk.firm.clients, min(number, len(desk.firm.clients)))
        desk.start(_fund(desk, hours, clients))
    desk.start(_stake(desk))
    yield from ()


def _fund(desk: Corner, hours: int, clients: list[Client]) -> Process:
    """Let the venue settle funding at each full hour of a contract, with some clients paying and some paid."""
    while True:
        yield next_hour_us(desk.now_us, hours) - desk.now_us
        for client in clients:
            yield span_us(desk.rng.uniform(0.05, 0.8))
            _settle_funding(desk, client, desk.rng.randint(*_FUNDING_UNITS))


def _settle_funding(desk: Corner, client: Client, units: int) -> None:
    ours = End(BINANCE, client.client_id, client.account.account_id)
    incoming = desk.rng.random() < 0.5
    if not incoming:
        if units > min(desk.books.spendable[client.client_id, "USDT"], desk.vaults.free(BINANCE, "USDT")) // 2:
            return
        desk.books.take(client.client_id, "USDT", units)
    origin, target = (OUTSIDE, ours) if incoming else (ours, OUTSIDE)
    move = Movement(desk.next_id("fnd"), "funding", BINANCE, origin, target, ASSETS["USDT"], units)
    sign = 1 if incoming else -1
    desk.start(_book_at_once(desk, move, [(WORLD, "USDT", -sign * units), (client.account, "USDT", sign * units)]))


def _book_at_once(desk: Corner, move: Movement, legs: list[Leg]) -> Process:
    """Tell what is done already, and book it."""
    desk.promise(move)
    desk.leave(move)
    desk.arrive(move)
    desk.say(move, "completed")
    yield desk.wait(*BOOKING_S)
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id)


def _stake(desk: Corner) -> Process:
    """Delegate to validators, collect what they earn, and let a part of it wait for days to come back."""
    yield first_us(desk, DAY_S)
    open_place(desk, STAKING)
    for origin, target, sla_s in (("hot", "counterparty", 3_600), ("counterparty", "hot", int(_QUEUE_S))):
        body = {
            "asset": "ETH",
            "network": ASSETS["ETH"].network,
            "from_role": origin,
            "to_role": target,
            "sla_s": sla_s,
        }
        send(desk, "route", f"ETH:{origin}:{target}", body)
    yield span_us(3 * desk.config.snapshot_every_s)
    desk.start(_rewards(desk))
    while True:
        units = min(desk.vaults.free(HOT, "ETH") // 6 // _VALIDATOR_UNITS, 5) * _VALIDATOR_UNITS
        if units:
            move = planned(desk, HOT, STAKING, "ETH", units)
            desk.promise(move)
            yield from carry_out(desk, move)
        yield span_us(usual_s(desk, DAY_S) * desk.rng.uniform(0.1, 0.3))
        if desk.vaults.free(STAKING, "ETH") >= _VALIDATOR_UNITS:
            desk.start(_exit(desk))
        yield span_us(desk.rng.uniform(1.0, 2.0) * DAY_S)


def _exit(desk: Corner) -> Process:
    """Ask for a validator's stake: it leaves at once, and arrives when the queue lets it, days later."""
    move = planned(desk, STAKING, HOT, "ETH", _VALIDATOR_UNITS)
    move.fee_units = move.executed_fee_units = 0
    move.fee_asset = move.fee_payer = ""
    desk.promise(move)
    announce(desk, move, lasts_s=_QUEUE_S)
    yield desk.wait(60.0, 120.0)
    yield from approve_by_hand(desk, move)
    desk.leave(move)
    desk.say(move, "broadcast")
    yield span_us(usual_s(desk, 4 * DAY_S) * desk.rng.uniform(0.25, 0.9))
    yield from arrive(desk, move)


def _rewards(desk: Corner) -> Process:
    """Let the stake earn a little every four hours."""
    while True:
        yield next_hour_us(desk.now_us, 4) - desk.now_us + desk.wait(0.0, 300.0)
        units = desk.vaults.held[STAKING, "ETH"] // _REWARD_PART
        if units:
            source = EVERY_PLACE[STAKING].source
            move = Movement(desk.next_id("rwd"), "reward", source, OUTSIDE, End(STAKING), ASSETS["ETH"], units)
            desk.arrive(move)
            desk.say(move, "completed")
            yield desk.wait(*BOOKING_S)
            bookings.house_pays(desk, "reward", "ETH", -units, transfer_id=move.transfer_id)
