"""Which journals a movement makes: what the books do when money is asked for, sent, received or comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.books import HOUSE, IN_TRANSIT, SUSPENSE, WORLD, Account, Leg
from streams.simulate.emit import Json

if TYPE_CHECKING:
    from streams.simulate.desk import Desk
    from streams.simulate.movement import Movement


def hold(desk: Desk, move: Movement) -> str:
    """Debit the client for a withdrawal that was asked for; return the journal."""
    code = move.asset.code
    legs = [(_owner(desk, move), code, -move.units), (IN_TRANSIT, code, move.units)]
    return desk.books.post(move.op_type, legs, transfer_id=move.transfer_id)


def settle(desk: Desk, move: Movement, extra: Json | None = None) -> None:
    """Book a withdrawal that is out: the amount leaves transit, the house bears the network's fee."""
    code = move.asset.code
    legs: list[Leg] = [(IN_TRANSIT, code, -move.units), (WORLD, code, move.units), *_own_fee(move)]
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=extra)


def release(desk: Desk, move: Movement, held_by: str) -> None:
    """Give the client back what the journal `held_by` took: nothing went out."""
    code = move.asset.code
    legs = [(IN_TRANSIT, code, -move.units), (_owner(desk, move), code, move.units)]
    extra = {"reverses": held_by, "reason": "not sent"}
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=extra)


def take_back(desk: Desk, move: Movement) -> None:
    """Book a payment that went out and was returned, fee included."""
    code = move.asset.code
    undone = [(account, asset, -units) for account, asset, units in _own_fee(move)]
    legs: list[Leg] = [(WORLD, code, -move.units), (_owner(desk, move), code, move.units), *undone]
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra={"reason": "returned"})


def credit(desk: Desk, move: Movement, extra: Json | None = None) -> None:
    """Credit what arrived from outside to its owner, to suspense where nobody knows the owner."""
    units = move.units if move.delivered_units is None else move.delivered_units
    code = move.asset.code
    legs = [(WORLD, code, -units), (_owner(desk, move), code, units)]
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=extra)


def house_pays(desk: Desk, op_type: str, asset: str, units: int, *, transfer_id: str) -> None:
    """Book a charge (or, negative, an income) between the house and the outside."""
    if units:
        desk.books.post(op_type, [(HOUSE, asset, -units), (WORLD, asset, units)], transfer_id=transfer_id)


def own_move_fee(desk: Desk, move: Movement) -> None:
    """Book the fee of a move between own places: the only thing that the books see of it."""
    if move.fee_payer in ("sender", "deducted"):
        house_pays(desk, move.op_type, move.fee_asset, move.fee_units, transfer_id=move.transfer_id)


def _own_fee(move: Movement) -> list[Leg]:
    if move.fee_payer != "sender" or not move.fee_units:
        return []
    return [(HOUSE, move.fee_asset, -move.fee_units), (WORLD, move.fee_asset, move.fee_units)]


def _owner(desk: Desk, move: Movement) -> Account:
    if move.client_id:
        return desk.firm.account_of(move.client_id)
    return HOUSE if move.account_id == HOUSE.account_id else SUSPENSE
