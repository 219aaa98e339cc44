"""Requests that need people for who asks, when and under which plan: scores, approvers, hours, the firm's own moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, BINANCE, CHAIN_ASSETS, COLD, HOT
from streams.simulate.limits import HOURS_EUR, KYT_MAX
from streams.simulate.movement import Movement
from streams.simulate.policy import is_within
from streams.simulate.scenarios.told import put_plan
from streams.simulate.treasury import announce, own_move
from streams.simulate.units import decimal_text
from streams.simulate.unusual.kinds import Request, kind, usual

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_PLANNED_S = (30.0, 60.0)
_ALERTS = ("unexpected_destination", "policy_violation")


@kind("score_too_high", "has a score above what limits allow", "R9")
def _score_too_high(desk: Corner) -> Request | None:
    move = usual(desk)
    if move is None:
        return None
    score = desk.rng.randint(int(KYT_MAX * 100) + 1, 99) / 100
    move.control = {**(move.control or {}), "kyt_score": score}
    return Request(move)


@kind("no_score", "has no score", "R9", approvable=True)
def _no_score(desk: Corner) -> Request | None:
    move = usual(desk)
    if move is None:
        return None
    move.control = {name: value for name, value in (move.control or {}).items() if name != "kyt_score"}
    return Request(move)


@kind("approved_by_its_asker", "has its asker among its approvers", "R10", alerts=("four_eyes_violation",))
def _self_approved(desk: Corner) -> Request | None:
    move = usual(desk)
    if move is None or move.control is None:
        return None
    move.control = {**move.control, "approvers": ["ops-1", move.control["initiator"]]}
    return Request(move)


@kind("out_of_hours", "is asked for out of hours", "R10")
def _out_of_hours(desk: Corner) -> Request | None:
    if is_within(desk.now_us - 60 * 10**6, HOURS_EUR) or is_within(desk.now_us + 60 * 10**6, HOURS_EUR):
        return None
    move = usual(desk, code="EUR")
    return Request(move) if move else None


@kind("too_few_approvers", "leaves the cold wallet and nobody has approved it", "R10", approvable=True)
def _quorum(desk: Corner) -> Request | None:
    move = _own(desk, COLD, HOT)
    if move is None:
        return None
    announce(desk, move)
    return Request(move, after_s=_PLANNED_S)


@kind("no_plan", "is a rebalance that no plan asks for", "R1", alerts=_ALERTS)
def _no_plan(desk: Corner) -> Request | None:
    move = _own(desk, HOT, BINANCE)
    if move is None:
        return None
    move.plan_id = ""
    return Request(move)


@kind("off_plan", "is a rebalance to another place than its plan says", "R3", alerts=_ALERTS)
def _off_plan(desk: Corner) -> Request | None:
    move = _own(desk, HOT, BINANCE)
    if move is None:
        return None
    amount = decimal_text(move.units, move.asset.decimals)
    put_plan(desk, move.plan_id, "rebalance", HOT, move.asset.code, {"to": COLD, "to_role": "cold", "amount": amount})
    return Request(move, after_s=_PLANNED_S)


def _own(desk: Corner, origin: str, target: str) -> Movement | None:
    """Return a small move of the firm's own, with no fee of its own."""
    code = desk.rng.choice(CHAIN_ASSETS)
    units = desk.vaults.free(origin, code) // desk.rng.randint(100, 400)
    units -= units % 10 ** max(ASSETS[code].decimals - 4, 0)
    if units <= ASSETS[code].dust_units * 1_000:
        return None
    move = own_move(desk, "rebalance", origin, target, code, units)
    move.fee_units = move.executed_fee_units = 0
    move.fee_asset = move.fee_payer = ""
    move.delivered_units = None
    move.control = {"origin": "manual", "initiator": "treasury-bot", "approvers": []}
    return move
