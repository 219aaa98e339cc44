"""The treasury's large and small moves between own places: net zero, each with its reason on record or none needed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, BITCOIN, CHAIN_ASSETS, COLD, DEPOSITS, GAS, HOT, PLACES
from streams.simulate.chain import BOOKING_S, SIGNING_S, network_fee_units, tx_hash
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.movement import OUTSIDE, End, Movement
from streams.simulate.patterns.moments import hours_us
from streams.simulate.patterns.own import carry_out, is_worth, keeping_out, planned, send_unasked, spare_units
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import register_own
from streams.simulate.scenarios.props import stranger
from streams.simulate.treasury import move_own, own_move
from streams.simulate.units import DAY_S, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Corner, Desk

_LOAN_CENTS = (15_000_000_000, 30_000_000_000)  # 150 to 300 million USD
_HUNDREDS_CENTS = (10_000_000_000, 14_000_000_000)  # nine figures
_MILLIONS_CENTS = (100_000_000, 1_500_000_000)  # seven and eight
_LEAST_CENTS = 100_000_000
_GAS_UNITS = (2 * 10**17, 8 * 10**17)  # 0.2 to 0.8 ETH


@pattern(
    3, "large_rebalances", "rebalances of seven to nine figures there and back, each with its plan",
    every_s=2.0 * DAY_S,
)  # fmt: skip
def large_rebalances(desk: Corner) -> Process:
    """Take millions out of the cold wallet and bring them back, and hundreds of millions once a lender has paid them in."""
    if not is_worth(desk, "USDC", desk.vaults.free(COLD, "USDC"), _LOAN_CENTS[0]):
        units = units_worth(desk.rng.randint(*_LOAN_CENTS), desk.firm.prices["USDC"], ASSETS["USDC"].decimals)
        yield from run_deposit(desk, deposit(desk, None, "USDC", COLD, units))
    yield from _there_and_back(desk, "USDC", BINANCE, _HUNDREDS_CENTS)
    yield from _there_and_back(desk, desk.rng.choice(("BTC", "ETH", "USDT")), HOT, _MILLIONS_CENTS)


def _there_and_back(desk: Corner, code: str, away: str, cents: tuple[int, int]) -> Process:
    """Move an amount from the cold wallet to another place and, after a while, the same amount back."""
    with ExitStack() as kept:
        if not all(kept.enter_context(keeping_out(desk, place, code)) for place in (COLD, away)):
            return
        units = spare_units(desk, COLD, code, *cents)
        if not is_worth(desk, code, units, _LEAST_CENTS):
            return
        for origin, target in ((COLD, away), (away, COLD)):
            move = planned(desk, origin, target, code, units)
            if not _can_pay(desk, move):
                return
            desk.promise(move)
            yield from carry_out(desk, move)
            yield hours_us(desk, 0.3, 2.0)


@pattern(
    4, "own_upkeep", "gas top-ups, sweeps of deposits and consolidations between own addresses, some with no request",
    every_s=0.25 * DAY_S,
)  # fmt: skip
def own_upkeep(desk: Corner) -> Process:
    """Keep wallets fuelled and tidy, as a custodian's automation does."""
    rng = desk.rng
    for target in (HOT, DEPOSITS):
        if desk.vaults.free(GAS, "ETH") > 10 * _GAS_UNITS[1]:
            _top_up(desk, target, rng.randint(*_GAS_UNITS), asked=rng.random() < 0.5)
        yield desk.wait(60.0, 600.0)
    for code in CHAIN_ASSETS:
        units = desk.vaults.free(DEPOSITS, code) // rng.randint(4, 8)
        fee_is_there = desk.vaults.free(DEPOSITS, "ETH") > 10**17
        if units < ASSETS[code].dust_units * 1_000 or not fee_is_there:
            continue
        if rng.random() < 0.5:
            move_own(desk, "sweep", DEPOSITS, HOT, code, units)
        else:
            desk.start(send_unasked(desk, own_move(desk, "sweep", DEPOSITS, HOT, code, units)))
        yield desk.wait(60.0, 600.0)
    yield from _consolidate(desk, HOT)


def _top_up(desk: Corner, target: str, units: int, *, asked: bool) -> None:
    if asked:
        move_own(desk, "rebalance", GAS, target, "ETH", units)
    else:
        desk.start(send_unasked(desk, own_move(desk, "sweep", GAS, target, "ETH", units)))


def _consolidate(desk: Corner, location: str) -> Process:
    """Gather many outputs of a wallet in one of its own addresses: only the network's fee leaves, told by itself."""
    address = stranger(BITCOIN, desk.rng)
    register_own(desk, location, BITCOIN, address)
    yield desk.wait(60.0, 120.0)
    source, units = PLACES[location].source, desk.vaults.free(location, "BTC") // 3
    gather = Movement(
        desk.next_id("swp"), "sweep", source, End(location), End(location, address=address, network=BITCOIN),
        ASSETS["BTC"], units,
    )  # fmt: skip
    gather.ids["tx_hash"] = tx_hash(desk)
    fee = Movement(
        desk.next_id("fee"), "fee", source, End(location), OUTSIDE, ASSETS["BTC"],
        4 * network_fee_units(desk, "BTC"), parent_id=gather.transfer_id,
    )  # fmt: skip
    fee.ids["tx_hash"] = gather.ids["tx_hash"]
    if units < 100 * fee.units:
        return
    desk.promise(fee)
    yield desk.wait(*SIGNING_S)
    desk.say(gather, "broadcast")
    desk.leave(fee)
    desk.say(fee, "completed")
    yield desk.wait(*BOOKING_S)
    bookings.house_pays(desk, "fee", "BTC", fee.units, transfer_id=fee.transfer_id)
    yield desk.wait(*gather.asset.settle_s)
    desk.say(gather, "completed", confirmations=gather.asset.confirmations)


def _can_pay(desk: Desk, move: Movement) -> bool:
    """Tell whether the place a move leaves has its amount, and its fee."""
    free = desk.vaults.free(move.origin.location, move.asset.code)
    return free >= move.units + (move.fee_units if move.fee_payer == "sender" else 0)
