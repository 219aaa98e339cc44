"""S29: a withdrawal that the machine lets pass, though people should have looked at its young address."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.faults_money import amount_text, holder
from streams.simulate.movement import Tap
from streams.simulate.reference import send
from streams.simulate.scenarios.props import stranger, usual_withdrawal
from streams.simulate.scenarios.told import following, telling
from streams.simulate.units import span_us, time_text
from streams.simulate.withdrawals import launch

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_AGE_S = 7_200.0  # the limits hold an address for a day
_PASSED = ("approved", "queued", "signing", "broadcast", "confirming", "completed")
_AUTO: Json = {"origin": "auto", "declared_class": "risk_free", "approvers": []}
_MANUAL: Json = {"origin": "manual", "declared_class": "risky", "approvers": ["ops-1", "ops-2"]}


@scenario(
    "S29", "auto_misclassified", "the machine approves a withdrawal to an address that is two hours old",
    ["policy_violation"], severity="P2", deadline_s=5.0, window=(0.2, 0.3),
)  # fmt: skip
def auto_misclassified(desk: Desk, label: Label, rng: Random) -> None:
    """Register an address, and let the machine call a withdrawal to it free of risk."""
    desk.start(_to_new_address(desk, label, rng, _AUTO, telling(desk, label, _PASSED)))


@lookalike("auto_misclassified", "people approve a withdrawal to an address that is two hours old")
def auto_misclassified_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Register an address, and let two people approve a withdrawal to it."""
    desk.start(_to_new_address(desk, label, rng, _MANUAL, following(label)))


def _to_new_address(desk: Desk, label: Label, rng: Random, passing: Json, tap: Tap) -> Process:
    """Register an address of the richest client and, two hours later, let him withdraw to it."""
    client, code = holder(desk)
    network, added = ASSETS[code].network, time_text(desk.now_us)
    address = stranger(network, rng)
    body = {"address": address, "network": network, "owner": client.client_id, "role": "client", "state": "active",
            "added_at": added}  # fmt: skip
    send(desk, "address", f"{network}:{address}", body)
    yield span_us(_AGE_S)
    move = usual_withdrawal(desk, label, rng, client, code)
    move.target = replace(move.target, address=address)
    user = f"user:{client.client_id}"
    move.control = {**passing, "initiator": user, "kyt_score": 0.1, "address_added_at": added}
    move.tap, move.passes_anyway = tap, True
    label.expected_decisions = [Expected(move.transfer_id, ("review",), ("R2",))]
    age_text = f"to an address that is {_AGE_S / 3600:.0f} h old"
    label.note = f"{move.transfer_id} over {amount_text(move, move.units)} {age_text} passes as {passing['origin']}"
    launch(desk, move)
