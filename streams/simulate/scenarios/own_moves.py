"""Moves of the firm's own holdings that go where their plan does not say (S01)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import BINANCE, COLD, HOT
from streams.simulate.chain import BOOKING_S, send_on_chain
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement, Tap
from streams.simulate.scenarios.told import approve_by_hand, following, put_plan, telling
from streams.simulate.treasury import PLAN_AHEAD_S, own_move
from streams.simulate.units import decimal_text

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_NOT_A_VENUE: tuple[Json, ...] = ({"to_role": "cold"}, {"to": HOT, "to_role": "hot"})


@scenario(
    "S01", "wrong_whitelisted_dest", "most of the cold wallet's ETH goes, fully approved, to our own account at a venue, "
    "and its plan names another place", ["unexpected_destination"], severity="P1", deadline_s=5.0,
    possible=["policy_violation", "flow_anomaly"],
)  # fmt: skip
def wrong_whitelisted_dest(desk: Desk, label: Label, rng: Random) -> None:
    """Send four fifths of the cold wallet's ETH to a venue, under a plan that names a wallet of ours."""
    _empty_cold(desk, label, rng.choice(_NOT_A_VENUE), telling(desk, label))


@lookalike("wrong_whitelisted_dest", "the same move of most of the cold wallet's ETH, with a plan for that very venue")
def venue_funding(desk: Desk, label: Label, rng: Random) -> None:
    """Send as much to the venue that the plan names."""
    _empty_cold(desk, label, {"to": BINANCE, "to_role": "venue"}, following(label))


def _empty_cold(desk: Desk, label: Label, meant: Json, tap: Tap) -> None:
    units = desk.vaults.free(COLD, "ETH") * 4 // 5
    units -= units % 10**18  # whole ETH, as treasuries move them
    move = own_move(desk, "rebalance", COLD, BINANCE, "ETH", units)
    move.control = {"origin": "manual", "declared_class": "risky", "initiator": "treasury-1",
                    "approvers": ["treasury-2", "treasury-3"]}  # fmt: skip
    move.tap = tap
    label.scope = {"transfer_id": move.transfer_id, "location": COLD, "asset": "ETH"}
    plan_says = meant.get("to") or f"a {meant['to_role']} wallet"
    label.note = f"{move.transfer_id} takes {amount_text(move, units)} to {BINANCE}; its plan says {plan_says}"
    amount = decimal_text(units, move.asset.decimals)
    put_plan(desk, move.plan_id, "rebalance", COLD, "ETH", {**meant, "amount": amount})
    if label.expected_alert_types:
        label.expected_decisions = [Expected(move.transfer_id, ("review",), ("R3",))]
    else:
        label.expected_decisions = [Expected(move.transfer_id, ("auto_approve",))]
    desk.promise(move)
    desk.start(_move_by_hand(desk, move))


def _move_by_hand(desk: Desk, move: Movement) -> Process:
    yield desk.wait(*PLAN_AHEAD_S)
    yield from approve_by_hand(desk, move)
    yield from send_on_chain(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)
