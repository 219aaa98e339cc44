"""Money that leaves the hot wallet and that nobody asked for: little by little, or all at once (S11, S13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, COLD, DEPOSITS, EXTERNAL, HOT, PLACES, TOKENS
from streams.simulate.chain import BOOKING_S, broadcast, send_on_chain
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.movement import End, Movement
from streams.simulate.reference import register_own
from streams.simulate.scenarios.props import bring, fullest, pay_in, stranger, worth
from streams.simulate.scenarios.told import following, telling
from streams.simulate.treasury import own_move, start_own
from streams.simulate.withdrawals import set_fee

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BROUGHT = ("SOL", *TOKENS)
_DRAINED = (*_BROUGHT, "ETH", "USDC", "USDT")
_TOLD_BY = 3  # outflows to different places in different assets: the third leaves no doubt
_LEAVES = ("broadcast",)
Sender = Callable[[str, int], None]  # asset code, units


@scenario(
    "S11", "silent_outflow_series", "every hour or so a material amount leaves the hot wallet, the chain tells of it and "
    "nobody asked for it", ["unmatched_outflow"], severity="P1", deadline_s=60.0, awaits=True, window=(0.1, 0.15),
    possible=["unregistered_address", "unexpected_destination", "missing_debit", "liabilities_exceed_holdings",
              "position_drift", "flow_anomaly"],
)  # fmt: skip
def silent_outflow_series(desk: Desk, label: Label, rng: Random) -> None:
    """Send some 250,000 to 400,000 USD of one asset to the same stranger, three or four times."""
    code = fullest(desk, HOT)
    address = stranger(ASSETS[code].network, rng)
    label.scope = {"location": HOT, "asset": code}
    label.note = f"{code} goes from {HOT} to {address} every hour or so, and nobody asked for it"

    def send(code: str, units: int) -> None:
        move = _outflow(desk, code, units, address)
        set_fee(desk, move, "sender")
        move.tap = telling(desk, label, _LEAVES)
        desk.promise(move)
        desk.start(broadcast(desk, move))

    desk.start(_series(desk, rng, code, send))


@lookalike("silent_outflow_series", "as much goes, unasked for, to a registered address of our own")
def consolidation(desk: Desk, label: Label, rng: Random) -> None:
    """Consolidate the same amounts, as often, on an address of the wallet that takes deposits."""
    code = fullest(desk, HOT)
    network = ASSETS[code].network
    address = stranger(network, rng)
    register_own(desk, DEPOSITS, network, address)
    label.scope = {"location": HOT, "asset": code}
    label.note = f"{code} goes from {HOT} to our own {address} at {DEPOSITS} every hour or so"

    def send(code: str, units: int) -> None:
        move = own_move(desk, "sweep", HOT, DEPOSITS, code, units)
        move.target = End(DEPOSITS, address=address, network=network)
        move.delivered_units = move.control = None
        set_fee(desk, move, "sender")
        move.tap = following(label)
        desk.promise(move)
        desk.start(_consolidate(desk, move))

    desk.start(_series(desk, rng, code, send))


@scenario(
    "S13", "hot_wallet_drain", "within ten minutes of a night two dozen assets leave the hot wallet for strangers",
    ["multi_asset_drain"], severity="P1", deadline_s=30.0, window=(0.5, 0.55),
    possible=["unmatched_outflow", "unregistered_address", "unexpected_destination", "missing_debit",
              "liabilities_exceed_holdings", "negative_balance", "position_drift", "flow_anomaly"],
)  # fmt: skip
def hot_wallet_drain(desk: Desk, label: Label, rng: Random) -> None:
    """Let clients fill the hot wallet with tokens for an hour, then send two thirds of all to a few strangers."""
    networks = {ASSETS[code].network for code in _DRAINED}
    strangers = {network: [stranger(network, rng) for _ in range(4)] for network in sorted(networks)}
    label.scope = {"location": HOT}
    label.note = f"{len(_DRAINED)} assets leave {HOT} for strangers, and nobody asked for it"

    def send(code: str, units: int) -> None:
        move = _outflow(desk, code, units, rng.choice(strangers[ASSETS[code].network]))
        move.tap = telling(desk, label, _LEAVES) if len(label.telling_ids) < _TOLD_BY else following(label)
        desk.promise(move)
        desk.start(broadcast(desk, move))

    desk.start(_fill_and_empty(desk, rng, send))


@lookalike("hot_wallet_drain", "the same assets are swept to our own cold wallet as quickly")
def cold_sweep(desk: Desk, label: Label, rng: Random) -> None:
    """Fill the hot wallet with tokens, and sweep two thirds of all to the cold one, each sweep asked for."""
    label.scope = {"location": HOT}
    label.note = f"{len(_DRAINED)} assets are swept from {HOT} to {COLD}"

    def send(code: str, units: int) -> None:
        move = own_move(desk, "sweep", HOT, COLD, code, units)
        move.delivered_units, move.fee_payer = None, ""
        move.fee_units = move.executed_fee_units = 0
        move.tap = following(label)
        desk.promise(move)
        desk.start(_sweep(desk, move))

    desk.start(_fill_and_empty(desk, rng, send))


@lookalike(
    "hot_wallet_drain", "the same assets go to our own cold wallet as quickly, each under a plan of its own",
    name="hot_wallet_drain_planned",
)  # fmt: skip
def cold_rebalances(desk: Desk, label: Label, rng: Random) -> None:
    """Fill the hot wallet with tokens, and move two thirds of all to the cold one by plans."""
    label.scope = {"location": HOT}
    label.note = f"{len(_DRAINED)} assets are moved from {HOT} to {COLD} as planned"

    def send(code: str, units: int) -> None:
        move = own_move(desk, "rebalance", HOT, COLD, code, units)
        move.delivered_units, move.fee_payer = None, ""
        move.fee_units = move.executed_fee_units = 0
        move.tap = following(label)
        label.expected_decisions.append(Expected(move.transfer_id, ("auto_approve",)))
        desk.promise(move)
        desk.start(_sweep(desk, move))

    desk.start(_fill_and_empty(desk, rng, send))


def _outflow(desk: Desk, code: str, units: int, address: str) -> Movement:
    """Return a movement to a stranger, as the custodian sees it on the chain: for no client, at nobody's request."""
    asset = ASSETS[code]
    target = End(EXTERNAL, address=address, network=asset.network)
    return Movement(desk.next_id("out"), "withdrawal", PLACES[HOT].source, End(HOT), target, asset, units)


def _series(desk: Desk, rng: Random, code: str, send: Sender) -> Process:
    yield desk.wait(30.0, 60.0)  # for what the reference has to tell first
    for _ in range(rng.randint(3, 4)):
        send(code, min(worth(desk, code, rng, 25_000_000, 40_000_000), desk.vaults.free(HOT, code) // 3))
        yield desk.wait(3_700.0, 4_500.0)


def _consolidate(desk: Desk, move: Movement) -> Process:
    yield from broadcast(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)


def _sweep(desk: Desk, move: Movement) -> Process:
    yield from start_own(desk, move)
    yield from send_on_chain(desk, move)


def _fill_and_empty(desk: Desk, rng: Random, send: Sender) -> Process:
    for code in _BROUGHT:
        bring(desk, code, HOT, COLD)
    for code in _BROUGHT:
        yield desk.wait(30.0, 60.0)
        pay_in(desk, rng, rng.choice(desk.firm.clients), code, 6_000_000, 18_000_000)
    yield desk.wait(2_400.0, 3_000.0)
    for code in _order(rng):
        units = desk.vaults.free(HOT, code) // 3
        if units:
            send(code, units)
        yield desk.wait(2.0, 8.0)


def _order(rng: Random) -> Iterator[str]:
    """Yield each asset once, and then each again a few times, in any order."""
    again = [code for code in _DRAINED for _ in range(rng.randint(1, 4))]
    yield from rng.sample(_DRAINED, len(_DRAINED))
    yield from rng.sample(again, len(again))
