"""Who lets a request pass: the machine where every rule of the policy holds, people where one does not.

The desk decides by its own judgement (`policy`), or, where `desk.verdicts` is set, waits for what is said outside. What
is held waits until it no longer is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import policy
from streams.simulate.agenda import Process
from streams.simulate.chain import APPROVAL_S, MANUAL_S
from streams.simulate.emit import Json
from streams.simulate.movement import Movement
from streams.simulate.units import span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

AUTO, REVIEW, HOLD = "auto_approve", "review", "hold"
_ASK_AGAIN_S = 1.0
_CLIENTS_MONEY = ("withdrawal", "internal")
_WHO: dict[bool, list[str]] = {True: ["ops-1", "ops-2"], False: ["treasury-2", "treasury-3"]}
_BY: dict[str, Json] = {
    AUTO: {"origin": "auto", "declared_class": "risk_free"},
    REVIEW: {"origin": "manual", "declared_class": "risky"},
}


def ask(desk: Desk, move: Movement) -> None:
    """Put a request on record, with who lets it pass where that is known at once.

    A movement that `passes_anyway` (a fault's) says what it says. One with no control is asked for, and nobody decides.
    """
    if move.control is not None and not move.passes_anyway:
        _note(move, _decided_at_once(desk, move))
    desk.say(move, "requested")


def decide(desk: Desk, move: Movement, *, in_books: bool = False) -> Process:
    """Wait until the machine or people have made up their minds; what they may refuse is for the caller to say.

    The machine needs a moment where value goes out, and none for a move `in_books`.
    """
    if move.control is None:
        return
    at_once = in_books
    if "origin" not in move.control:
        at_once = True
        yield from _await(desk, move)
    if by_people(move):
        desk.say(move, "pending_approval")
        yield desk.wait(*MANUAL_S)
    elif not at_once:
        yield desk.wait(*APPROVAL_S)


def approve(desk: Desk, move: Movement) -> None:
    """Say that a request is approved; where people did, say who."""
    if by_people(move):
        assert move.control is not None
        if not move.control["approvers"]:
            move.control = {**move.control, "approvers": _WHO[move.op_type in _CLIENTS_MONEY]}
            move.changed()
    desk.say(move, "approved")


def ask_in_vain(desk: Desk, move: Movement) -> None:
    """Put a request on record that nobody will decide."""
    _note(move, HOLD)
    desk.say(move, "requested")


def by_people(move: Movement) -> bool:
    """Tell whether people let a movement pass."""
    return move.control is not None and move.control.get("origin") == "manual"


def _decided_at_once(desk: Desk, move: Movement) -> str:
    """Return what is decided as soon as it is asked for: by the desk, or nothing yet where others decide."""
    assert move.control is not None
    if desk.verdicts is not None:
        return ""
    if move.control.get("origin") == "manual":
        return REVIEW
    return policy.action(desk, move)


def _note(move: Movement, action: str) -> None:
    """Let the control of a movement say who decides; nobody does as long as it is held, or nothing is said."""
    assert move.control is not None
    rest = {name: value for name, value in move.control.items() if name not in ("origin", "declared_class")}
    move.control = {**_BY.get(action, {}), **rest}
    move.changed()


def _await(desk: Desk, move: Movement) -> Process:
    """Ask again and again, until a movement may pass or people are to look at it."""
    action = ""
    while action not in _BY:
        action = _verdict(desk, move)
        if action not in _BY:
            yield span_us(max(_ASK_AGAIN_S * desk.config.time_scale, 0.2))
    _note(move, action)


def _verdict(desk: Desk, move: Movement) -> str:
    if desk.verdicts is not None:
        return desk.verdicts(move.transfer_id) or ""
    return policy.action(desk, move)
