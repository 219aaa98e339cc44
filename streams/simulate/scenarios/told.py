"""What the scenarios share: which events tell of them, plans on record, deposits, and credits whose postings are named."""

from __future__ import annotations

from collections.abc import Container
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import WORLD, Account
from streams.simulate.catalogue import ASSETS, DEPOSITS
from streams.simulate.chain import APPROVAL_S, MANUAL_S, tx_hash
from streams.simulate.deposits import deposit
from streams.simulate.emit import Json
from streams.simulate.faults import Label
from streams.simulate.movement import Movement, Tap
from streams.simulate.units import US, span_us, time_text, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

BY_HAND: Json = {"origin": "manual", "maker": "ops-1", "checker": "ops-2"}
BOOKED_AFTER_S = (6.0, 20.0)  # longer than a custodian's events take: such a credit is the last to be heard
_CENTS = (3_000_000, 6_000_000)  # 30,000 to 60,000 USD
_PLAN_US = 6 * 3600 * US


def tells(desk: Desk, label: Label, event_id: str) -> None:
    """Note an event that makes the fault knowable; the first of them is the moment of the injection."""
    if not label.telling_ids:
        label.injected_at_us = desk.now_us
    label.telling_ids.append(event_id)


def following(label: Label) -> Tap:
    """Return a tap that changes nothing and keeps the ids of a movement's events."""

    def tap(move: Movement, body: Json) -> int | None:
        label.event_ids.append(event_id(move))
        return 0

    return tap


def telling(desk: Desk, label: Label, statuses: Container[str] | None = None) -> Tap:
    """Return a tap that keeps the ids of a movement's events; those of `statuses` (None: all) tell of the fault."""

    def tap(move: Movement, body: Json) -> int | None:
        label.event_ids.append(event_id(move))
        if statuses is None or body["status"] in statuses:
            tells(desk, label, event_id(move))
        return 0

    return tap


def event_id(move: Movement) -> str:
    """Return the id of the event that is being sent of a movement."""
    return f"{move.transfer_id}/{move.said}"


def put_plan(desk: Desk, plan_id: str, op_type: str, origin: str, asset: str, rest: Json) -> None:
    """Put a plan on record, in force from now on; `rest` says where to, and how much."""
    body: Json = {"kind": "plan", "scope": plan_id, "plan_id": plan_id, "op_type": op_type, "from": origin,
                  "asset": asset, "not_before": time_text(desk.now_us), "not_after": time_text(desk.now_us + _PLAN_US),
                  **rest}  # fmt: skip
    desk.standing.records["plan"][plan_id] = body
    desk.outbox.post("control", plan_id, "treasury", plan_id, body)


def approve_by_hand(desk: Desk, move: Movement) -> Process:
    """Ask for a movement, and let people approve it."""
    desk.say(move, "requested")
    yield desk.wait(*APPROVAL_S)
    desk.say(move, "pending_approval")
    yield desk.wait(*MANUAL_S)
    desk.say(move, "approved")
    yield desk.wait(*APPROVAL_S)


def paid_in(desk: Desk, rng: Random, code: str) -> Movement:
    """Return a deposit of some client at its own address, about to be made."""
    units = units_worth(rng.randint(*_CENTS), desk.firm.prices[code], ASSETS[code].decimals)
    return deposit(desk, desk.firm.pick_client(rng), code, DEPOSITS, units)


def confirmed(desk: Desk, move: Movement, whole_us: int) -> Process:
    """Let a deposit be seen and confirmed for `whole_us`, and stop just before it is final."""
    if "tx_hash" not in move.ids:
        move.ids["tx_hash"] = tx_hash(desk)
        move.changed()
    desk.leave(move)
    desk.say(move, "broadcast")
    required, parts = move.asset.confirmations, 3
    part_us = span_us(whole_us / US / parts)
    for number in range(1, parts):
        yield part_us
        desk.say(move, "confirming", confirmations=required * number // parts, confirmations_required=required)
    yield part_us


def credit(
    desk: Desk, label: Label, move: Movement, taker: Account, *, giver: Account = WORLD, tell: bool = True,
    extra: Json | None = None,
) -> None:  # fmt: skip
    """Credit what a movement says to `taker`, and keep the posting in the label, as telling if it is to `tell`."""
    code = move.asset.code
    legs = [(giver, code, -move.units), (taker, code, move.units)]
    journal_id = desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=extra)
    label.event_ids.append(f"{journal_id}-2")
    if tell:
        tells(desk, label, f"{journal_id}-2")
