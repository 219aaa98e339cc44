"""Deposits and their credits that do not go one to one: credited twice, never, or for nothing (S06, S07, S08)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import CHAIN_ASSETS, DEPOSITS
from streams.simulate.chain import CREDIT_S, arrive, tx_hash
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement
from streams.simulate.reference import sla_s
from streams.simulate.scenarios.told import BOOKED_AFTER_S, confirmed, credit, following, paid_in, telling
from streams.simulate.units import span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_GRACE_S = 60.0


@scenario(
    "S06", "double_credit", "one output of a transaction is credited twice", ["double_credit"], severity="P1",
    deadline_s=5.0, world={"late_share": 0.0},
    possible=["amount_mismatch", "phantom_credit", "position_drift", "drift_trend", "liabilities_exceed_holdings",
              "flow_anomaly"],
)  # fmt: skip
def double_credit(desk: Desk, label: Label, rng: Random) -> None:
    """Book one deposit twice: as the same movement, or as another that is told of the same output."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.ids["tx_index"] = str(rng.randint(0, 3))
    move.tap = following(label)
    again = move
    if rng.random() < 0.5:
        again = deposit(desk, desk.firm.by_id[move.client_id], move.asset.code, DEPOSITS, move.units)
        again.tap = following(label)
        label.difference_units = -move.units
    label.scope = _scope(again)
    under = "the same id" if again is move else again.transfer_id
    label.note = f"{amount_text(move, move.units)} of {move.transfer_id} are credited again under {under}"
    desk.start(_credit_twice(desk, label, move, again))


@lookalike("double_credit", "one transaction pays two clients, each with an output of its own")
def two_outputs(desk: Desk, label: Label, rng: Random) -> None:
    """Let two equal deposits share a transaction but not an output."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    others = [client for client in desk.firm.clients if client.client_id != move.client_id]
    other = deposit(desk, rng.choice(others), move.asset.code, DEPOSITS, move.units)
    label.scope = _scope(move)
    label.note = f"{move.transfer_id} and {other.transfer_id} are two outputs of one transaction"
    shared, whole_us = tx_hash(desk), desk.wait(*move.asset.settle_s)
    for index, part in enumerate((move, other)):
        part.ids.update(tx_hash=shared, tx_index=str(index))
        part.tap = following(label)
        desk.start(_arrive_and_credit(desk, part, whole_us, desk.wait(*CREDIT_S)))


@scenario(
    "S07", "missing_credit", "a deposit is final and the books never hear of it", ["missing_credit"], severity="P3",
    deadline_s=0.0, awaits=True, possible=["unmatched_inflow", "flow_anomaly"],
)  # fmt: skip
def missing_credit(desk: Desk, label: Label, rng: Random) -> None:
    """Let a client's deposit arrive and not be booked."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.tap = telling(desk, label, ("completed",))
    promise_s = sla_s(move.asset, desk.config)
    label.deadline_s = promise_s + _GRACE_S
    label.scope = _scope(move)
    label.note = f"{move.transfer_id} brings {amount_text(move, move.units)} that are not credited within {promise_s} s"
    desk.start(run_deposit(desk, move, booked=False))


@lookalike("missing_credit", "a deposit takes almost as long as it may to be final, and its credit follows soon")
def slow_deposit(desk: Desk, label: Label, rng: Random) -> None:
    """Let a deposit be seen for so long that its credit comes later after the first sight than the route promises."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.tap = following(label)
    promise_s = sla_s(move.asset, desk.config)
    label.scope = _scope(move)
    label.note = f"{move.transfer_id} is final only shortly before {promise_s} s are over, and is credited soon after"
    desk.start(_arrive_and_credit(desk, move, span_us(promise_s * 0.97), span_us(promise_s * 0.05)))


@scenario(
    "S08", "phantom_credit", "a client is credited for a deposit that is undone before it is final, or is not there",
    ["phantom_credit"], severity="P1", deadline_s=60.0, awaits=True,
    possible=["liabilities_exceed_holdings", "amount_mismatch", "flow_anomaly"],
)  # fmt: skip
def phantom_credit(desk: Desk, label: Label, rng: Random) -> None:
    """Credit ETH of an internal call that then reverts, or a deposit of which no chain ever tells."""
    if rng.random() < 0.5:
        move = paid_in(desk, rng, "ETH")
        move.tap = telling(desk, label, ("failed", "reversed"))
        label.note = f"{move.transfer_id} is credited before it is final, and then its internal call reverts"
        desk.start(_revert(desk, label, move, rng.choice(("failed", "reversed"))))
    else:
        move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
        label.note = f"{amount_text(move, move.units)} are credited for {move.transfer_id}, of which no chain tells"
        credit(desk, label, move, desk.firm.account_of(move.client_id))
    label.scope = _scope(move)


@lookalike("phantom_credit", "a deposit is credited five seconds before the chain says that it is final")
def early_credit(desk: Desk, label: Label, rng: Random) -> None:
    """Let the books be quicker than the custodian."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.tap = following(label)
    label.scope = _scope(move)
    label.note = f"{move.transfer_id} is credited five seconds before it is told as final"
    desk.start(_credit_early(desk, label, move))


def _credit_twice(desk: Desk, label: Label, move: Movement, again: Movement) -> Process:
    yield from run_deposit(desk, move)
    yield desk.wait(240.0, 900.0)
    told_us = desk.now_us
    if again is not move:
        again.ids.update((name, move.ids[name]) for name in ("tx_hash", "tx_index"))
        desk.say(again, "completed")
        yield desk.wait(*BOOKED_AFTER_S)
    credit(desk, label, again, desk.firm.account_of(again.client_id))
    label.injected_at_us = told_us  # where it is told again, the events deviate from the holdings since then


def _arrive_and_credit(desk: Desk, move: Movement, whole_us: int, credit_us: int) -> Process:
    yield from confirmed(desk, move, whole_us)
    yield from arrive(desk, move)
    yield credit_us
    bookings.credit(desk, move)


def _revert(desk: Desk, label: Label, move: Movement, status: str) -> Process:
    yield from confirmed(desk, move, desk.wait(*move.asset.settle_s))
    credit(desk, label, move, desk.firm.account_of(move.client_id), tell=False)
    yield desk.wait(30.0, 120.0)
    desk.come_back(move)
    desk.say(move, status, sub_status="internal_call_reverted")


def _credit_early(desk: Desk, label: Label, move: Movement) -> Process:
    yield from confirmed(desk, move, desk.wait(*move.asset.settle_s))
    credit(desk, label, move, desk.firm.account_of(move.client_id), tell=False)
    yield span_us(5.0)
    yield from arrive(desk, move)


def _scope(move: Movement) -> dict[str, str]:
    return {"location": DEPOSITS, "asset": move.asset.code, "client_id": move.client_id,
            "transfer_id": move.transfer_id}  # fmt: skip
