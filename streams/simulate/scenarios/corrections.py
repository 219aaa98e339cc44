"""S27 and S28: deposits that turn out otherwise: restated to a tenth after their credit, or credited to another client."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import WORLD
from streams.simulate.catalogue import CHAIN_ASSETS
from streams.simulate.chain import BOOKING_S, CREDIT_S, broadcast
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement
from streams.simulate.scenarios.told import BOOKED_AFTER_S, BY_HAND, credit, event_id, following, paid_in, tells
from streams.simulate.units import span_us
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_PARTS = 10
_RESTATED_S = (9_000.0, 11_400.0)
_EARLY = (0.08, 0.16)
_REALLOCATED_S = (60.0, 300.0)


@scenario(
    "S27", "restated_deposit", "a credited deposit is restated to a tenth, some three hours later", ["restatement"],
    severity="P3", deadline_s=5.0, possible=["amount_mismatch"], window=_EARLY,
)  # fmt: skip
def restated_deposit(desk: Desk, label: Label, rng: Random) -> None:
    """Complete and credit a deposit, and restate it; what it did not bring is gone from then on, and booked so."""
    move = _deposit(desk, label, rng)
    said, less = move.units, move.units // _PARTS
    label.note = f"{move.transfer_id} over {amount_text(move, said)} is restated to {amount_text(move, less)}"
    desk.start(_restate(desk, label, rng, move, less))


@lookalike("restated_deposit", "a credited deposit is restated twice, to what it was")
def restated_deposit_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Say the completion of a deposit again as a revision, twice, with no other amount."""
    move = _deposit(desk, label, rng)
    label.note = f"{move.transfer_id} over {amount_text(move, move.units)} is restated to just that, twice"
    desk.start(_repeat_revision(desk, label, rng, move))


@scenario(
    "S28", "wrong_account", "a client's deposit is credited to another client", ["wrong_account"],
    severity="P2", deadline_s=60.0, possible=["missing_credit"],
)  # fmt: skip
def wrong_account(desk: Desk, label: Label, rng: Random) -> None:
    """Book a deposit to the account of somebody else."""
    move = _deposit(desk, label, rng)
    other = _other(desk, rng, move)
    label.note = (
        f"{move.transfer_id} over {amount_text(move, move.units)} for {move.client_id} goes to {other.client_id}"
    )

    def run() -> Process:
        yield from broadcast(desk, move)
        yield desk.wait(*BOOKED_AFTER_S)
        credit(desk, label, move, other.account)

    desk.start(run())


@lookalike("wrong_account", "a deposit is credited to its client, and then moved by hand to another, with both legs")
def wrong_account_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Credit a deposit to its owner, and move it to another client some minutes later."""
    move = _deposit(desk, label, rng)
    owner, other = desk.firm.by_id[move.client_id], _other(desk, rng, move)
    said = amount_text(move, move.units)
    label.note = f"{move.transfer_id} over {said} is credited to {owner.client_id} and moved to {other.client_id}"

    def run() -> Process:
        yield from _credited(desk, label, move, kept_units=move.units)
        yield span_us(rng.uniform(*_REALLOCATED_S))
        legs = [(owner.account, move.asset.code, -move.units), (other.account, move.asset.code, move.units)]
        extra = {**BY_HAND, "reason": "reallocation"}
        journal_id = desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra=extra)
        label.event_ids += [f"{journal_id}-1", f"{journal_id}-2"]

    desk.start(run())


def _deposit(desk: Desk, label: Label, rng: Random) -> Movement:
    """Return a deposit about to be made, of an amount that can be divided, and scope the label to it."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.units = move.executed_units = move.units - move.units % _PARTS
    move.tap = following(label)
    label.scope = {
        "location": move.target.location, "asset": move.asset.code, "client_id": move.client_id,
        "transfer_id": move.transfer_id,
    }  # fmt: skip
    return move


def _other(desk: Desk, rng: Random, move: Movement) -> Client:
    return rng.choice([client for client in desk.firm.clients if client.client_id != move.client_id])


def _credited(desk: Desk, label: Label, move: Movement, *, kept_units: int = 0) -> Process:
    """Complete and credit a deposit, of which the client keeps some for what is to come."""
    yield from broadcast(desk, move)
    yield desk.wait(*CREDIT_S)
    credit(desk, label, move, desk.firm.account_of(move.client_id), tell=False)
    desk.books.take(move.client_id, move.asset.code, kept_units)


def _restate(desk: Desk, label: Label, rng: Random, move: Movement, less_units: int) -> Process:
    location, code, gone = move.target.location, move.asset.code, move.units - less_units
    yield from _credited(desk, label, move, kept_units=gone)
    desk.vaults.promise(location, code, gone)
    yield span_us(rng.uniform(*_RESTATED_S))
    desk.vaults.release(location, code, gone)
    desk.vaults.add(location, code, -gone)
    move.units = move.executed_units = less_units
    move.changed()
    desk.say(move, "completed", revision=1)
    tells(desk, label, event_id(move))
    yield desk.wait(*BOOKING_S)
    legs = [(desk.firm.account_of(move.client_id), code, -gone), (WORLD, code, gone)]
    desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra={**BY_HAND, "reason": "restated"})


def _repeat_revision(desk: Desk, label: Label, rng: Random, move: Movement) -> Process:
    yield from _credited(desk, label, move)
    for _ in range(2):
        yield span_us(rng.uniform(*_RESTATED_S) / 2)
        desk.say(move, "completed", revision=1)
