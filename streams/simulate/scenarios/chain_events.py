"""What a chain says in small print or takes back: a payment in part, a reorganisation at depth (S09, S10)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, DEPOSITS
from streams.simulate.chain import CREDIT_S, arrive, tx_hash
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement
from streams.simulate.scenarios.told import BOOKED_AFTER_S, confirmed, credit, following, paid_in, telling

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_STATED, _DELIVERED_CENTS = 10_000, 1  # 10,000 stated, 0.01 delivered


@scenario(
    "S09", "partial_payment", "10,000 are credited for a deposit that states so much and delivers 0.01",
    ["amount_mismatch"], severity="P1", deadline_s=5.0, world={"late_share": 0.0},
    possible=["liabilities_exceed_holdings", "unit_or_decimal_error", "flow_anomaly"],
)  # fmt: skip
def partial_payment(desk: Desk, label: Label, rng: Random) -> None:
    """Credit the amount that a deposit states, and not what it delivers."""
    move = _partial(desk, label, rng, _DELIVERED_CENTS)
    label.note = (
        f"{move.transfer_id} delivers 0.01 of {amount_text(move, move.units)}, and the client is credited with all"
    )
    desk.start(_credit_stated(desk, label, move))


@lookalike("partial_payment", "a deposit delivers less than it states, and what it delivers is credited")
def credited_as_delivered(desk: Desk, label: Label, rng: Random) -> None:
    """Credit what a deposit delivers, be it a part or next to nothing."""
    move = _partial(desk, label, rng, rng.choice((_DELIVERED_CENTS, rng.randint(100_000, 900_000))))
    label.note = f"{move.transfer_id} delivers less than {amount_text(move, move.units)}, and so much is credited"
    desk.start(run_deposit(desk, move))


@scenario(
    "S10", "deep_reorg", "three deposits that were credited hours ago are taken back by their chain", ["reorged_credit"],
    severity="P1", deadline_s=5.0, window=(0.2, 0.25),
    possible=["liabilities_exceed_holdings", "phantom_credit", "amount_mismatch", "restatement", "flow_anomaly"],
)  # fmt: skip
def deep_reorg(desk: Desk, label: Label, rng: Random) -> None:
    """Take three completed deposits back together, hours after their credit."""
    code = rng.choice(("BTC", "ETH"))
    moves = [paid_in(desk, rng, code) for _ in range(3)]
    for move in moves:
        move.tap = telling(desk, label, ("reorged",))
        desk.start(_credit_and_keep(desk, move))
    label.scope = {"location": DEPOSITS, "asset": code}
    label.note = (
        f"{', '.join(move.transfer_id for move in moves)} of {code} are reorganised away long after their credit"
    )
    desk.start(_reorganise(desk, moves))


@lookalike("deep_reorg", "a deposit is reorganised while it is being confirmed, comes again, and is credited once")
def shallow_reorg(desk: Desk, label: Label, rng: Random) -> None:
    """Take a deposit back after its first block, and let it be included again."""
    move = paid_in(desk, rng, rng.choice(("BTC", "ETH")))
    move.tap = following(label)
    label.scope = {"location": DEPOSITS, "asset": move.asset.code, "transfer_id": move.transfer_id}
    label.note = f"{move.transfer_id} loses its first block, is seen again and credited once"
    desk.start(_seen_again(desk, move))


def _partial(desk: Desk, label: Label, rng: Random, delivered_cents: int) -> Movement:
    """Return a deposit of a stablecoin that states 10,000 and brings less."""
    code = rng.choice(("USDC", "USDT"))
    whole = int(10 ** ASSETS[code].decimals)
    move = deposit(desk, desk.firm.pick_client(rng), code, DEPOSITS, _STATED * whole)
    move.delivered_units = move.executed_units = delivered_cents * whole // 100
    move.tap = following(label)
    label.scope = {"location": DEPOSITS, "asset": code, "client_id": move.client_id, "transfer_id": move.transfer_id}
    return move


def _credit_stated(desk: Desk, label: Label, move: Movement) -> Process:
    yield from run_deposit(desk, move, booked=False)
    yield desk.wait(*BOOKED_AFTER_S)
    credit(desk, label, move, desk.firm.account_of(move.client_id))


def _credit_and_keep(desk: Desk, move: Movement) -> Process:
    yield from confirmed(desk, move, desk.wait(*move.asset.settle_s))
    yield from arrive(desk, move)
    desk.vaults.promise(DEPOSITS, move.asset.code, move.units)  # no sweep takes what the chain will take back
    yield desk.wait(*CREDIT_S)
    bookings.credit(desk, move)


def _reorganise(desk: Desk, moves: list[Movement]) -> Process:
    yield desk.wait(8_400.0, 9_600.0)
    for move in moves:
        desk.vaults.release(DEPOSITS, move.asset.code, move.units)
        desk.vaults.add(DEPOSITS, move.asset.code, -move.units)
        _take_back(desk, move)


def _take_back(desk: Desk, move: Movement) -> None:
    desk.say(move, "reorged", confirmations=0, confirmations_required=move.asset.confirmations)


def _seen_again(desk: Desk, move: Movement) -> Process:
    move.ids["tx_hash"] = tx_hash(desk)
    desk.leave(move)
    desk.say(move, "broadcast")
    yield desk.wait(10.0, 60.0)
    desk.say(move, "confirming", confirmations=1, confirmations_required=move.asset.confirmations)
    yield desk.wait(10.0, 60.0)
    desk.come_back(move)
    _take_back(desk, move)
    yield desk.wait(10.0, 40.0)
    yield from confirmed(desk, move, desk.wait(*move.asset.settle_s))
    yield from arrive(desk, move)
    yield desk.wait(*CREDIT_S)
    bookings.credit(desk, move)
