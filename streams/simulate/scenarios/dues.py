"""What is due by a plan from one of our places to another, and what pays it: for settlements and collateral."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, PLACES, Asset
from streams.simulate.chain import APPROVAL_S, BOOKING_S, SENDING_S, arrive
from streams.simulate.emit import Json
from streams.simulate.faults import Label
from streams.simulate.movement import End, Movement, Tap
from streams.simulate.scenarios.told import following, put_plan
from streams.simulate.units import decimal_text, span_us, time_text, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

USUAL_CENTS, LARGE_CENTS = (20_000_000, 80_000_000), (100_000_000, 250_000_000)  # from 200,000 USD, from a million
CYCLE_S = 1_800.0
CONCLUDED_S = 60.0 + 60.0 + 10.0  # the minute that is granted, a heartbeat, and their way here
_AFTER_S = 1_200.0  # what was not met in time is met so much later
BY_TWO: Json = {"origin": "manual", "declared_class": "risky", "initiator": "ops-1", "approvers": ["ops-2"]}


@dataclass(frozen=True, slots=True)
class Due:
    """One plan: what must have moved between two moments, in smallest units. Twice as much is kept at its origin."""

    plan_id: str
    op_type: str
    origin: str
    target: str
    asset: Asset
    units: int
    ends_us: int

    def text(self) -> str:
        return f"{decimal_text(self.units, self.asset.decimals)} {self.asset.code} to {self.target} by {self.plan_id}"


def announce(
    desk: Desk, op_type: str, origin: str, target: str, asset: Asset, units: int, *, begins_s: float, ends_s: float
) -> Due:
    """Put on record what is due, and keep twice of it at its origin."""
    now_us = desk.now_us
    due = Due(desk.next_id(f"plan-{op_type}"), op_type, origin, target, asset, units, now_us + span_us(ends_s))
    put_plan(desk, due.plan_id, op_type, origin, asset.code, {
        "to": target, "to_role": PLACES[target].role, "amount": decimal_text(units, asset.decimals),
        "not_before": time_text(now_us + int(begins_s * 1000) * 1000), "not_after": time_text(due.ends_us),
    })  # fmt: skip
    desk.vaults.promise(origin, asset.code, 2 * units)
    return due


def draw_due(
    desk: Desk, rng: Random, op_type: str, origin: str, target: str, *, cents: tuple[int, int] = USUAL_CENTS,
    begins_s: float = 0.0, ends_s: float = CYCLE_S,
) -> Due:  # fmt: skip
    """Announce an amount worth so many US cents, or what the origin can spare."""
    asset = ASSETS[rng.choice(("ETH", "USDC"))]
    worth = units_worth(rng.randint(*cents), desk.firm.prices[asset.code], asset.decimals)
    units = min(worth, desk.vaults.free(origin, asset.code) // 4)
    return announce(desk, op_type, origin, target, asset, units, begins_s=begins_s, ends_s=ends_s)


def watch(label: Label, due: Due) -> Tap:
    """Let a label be about a plan, and return the tap for what pays it."""
    label.scope = {"location": due.target, "asset": due.asset.code}
    label.event_ids.append(due.plan_id)
    return following(label)


def pay(
    desk: Desk, due: Due, parts: Sequence[int], *, gap_s: float = 30.0, tap: Tap | None = None, last: Tap | None = None
) -> Process:
    """Pay what is due in parts (smallest units, together at most twice of it); `last` is the tap of the last one."""
    desk.vaults.release(due.origin, due.asset.code, 2 * due.units)
    moves = [_payment(desk, due, units) for units in parts]
    for move in moves:
        move.tap = tap
    moves[-1].tap = last or tap
    for move in moves:
        desk.promise(move)
    for number, move in enumerate(moves):
        if number:
            yield span_us(gap_s)
        yield from _hand_over(desk, move)


def leave_unmet(desk: Desk, label: Label, due: Due) -> Process:
    """Let the end of a plan pass, date the label from it, and pay only long after."""
    tap = watch(label, due)
    label.note = f"{due.op_type} of {due.text()} is not met in time"
    yield due.ends_us - desk.now_us
    label.injected_at_us = desk.now_us
    yield span_us(_AFTER_S)
    yield from pay(desk, due, [due.units], tap=tap)


def _payment(desk: Desk, due: Due, units: int) -> Movement:
    return Movement(
        desk.next_id({"settlement": "oes", "collateral": "col"}[due.op_type]), due.op_type, PLACES[due.origin].source,
        End(due.origin), End(due.target), due.asset, units, arrival_source=PLACES[due.target].source,
        control=BY_TWO, plan_id=due.plan_id,
    )  # fmt: skip


def _hand_over(desk: Desk, move: Movement) -> Process:
    """Move value between accounts that the custodian and the venue keep for each other: no chain, no fee."""
    desk.say(move, "requested")
    yield desk.wait(*BOOKING_S)
    desk.say(move, "approved")
    yield desk.wait(*APPROVAL_S)
    desk.leave(move)
    desk.say(move, "broadcast")
    yield desk.wait(*SENDING_S)
    yield from arrive(desk, move)
