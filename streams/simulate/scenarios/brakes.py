"""A break opens at a bank; what clients ask for there waits until a late event explains it, and then goes out."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate import policy
from streams.simulate.agenda import Process
from streams.simulate.catalogue import BANKS
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, fault
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement
from streams.simulate.units import US, span_us
from streams.simulate.withdrawals import launch, withdrawal

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_WHERE = ("location", BANKS["USD"])
_DEPOSIT_UNITS = (3_000_000, 6_000_000)  # 30,000 to 60,000 USD
_WITHDRAWN_UNITS = (100_000, 900_000)
_NUMBER = 3
# In polls of the bank: a break is certain with the second, and everybody has heard of it by the third.
_KNOWN_AFTER, _ASKED_AFTER, _EXPLAINED_AFTER = 3.0, 4.0, 7.0
_RELEASED_AFTER_S = 5.0


@fault(
    "brake", "a break opens at a bank, three withdrawals wait for its end, a late event explains it and they go out",
    ["position_drift"], window=(0.5, 0.6),
    possible=["brake_applied", "phantom_credit", "liabilities_exceed_holdings", "drift_trend", "sla_breach"],
)  # fmt: skip
def brake(desk: Desk, label: Label, rng: Random) -> None:
    """Hold back what tells of a deposit by wire, and let clients ask for money at that bank meanwhile."""
    client = desk.firm.pick_client(rng)
    move = deposit(desk, client, "USD", BANKS["USD"], rng.randint(*_DEPOSIT_UNITS))
    label.scope = {"location": BANKS["USD"], "asset": "USD"}
    every_s = desk.config.snapshot_every_s + desk.config.snapshot_jitter_s
    late_us = span_us(_EXPLAINED_AFTER * every_s)
    label.note = f"{move.transfer_id} brings {amount_text(move, move.units)} to {BANKS['USD']} and is told {late_us // US} s late"

    def tap(moving: Movement, body: Json) -> int | None:
        if body["status"] != "completed":
            return 0
        label.injected_at_us = desk.now_us
        label.event_ids.append(f"{moving.transfer_id}/{moving.said}")
        desk.start(_engage(desk, late_us, every_s))
        desk.start(_ask(desk, label, rng, every_s))
        return late_us

    move.tap = tap
    desk.start(run_deposit(desk, move))


def _engage(desk: Desk, late_us: int, every_s: float) -> Process:
    """Let the desk know of the break, and of its end."""
    known_us = span_us(_KNOWN_AFTER * every_s)
    yield known_us
    desk.standing.brakes.add(_WHERE)
    yield late_us - known_us + desk.wait(_RELEASED_AFTER_S, 2 * _RELEASED_AFTER_S)
    desk.standing.brakes.discard(_WHERE)


def _ask(desk: Desk, label: Label, rng: Random, every_s: float) -> Process:
    """Let clients ask for money who would get it at once on another day."""
    yield span_us(_ASKED_AFTER * every_s)
    clients = rng.sample(desk.firm.clients, len(desk.firm.clients))
    while clients and len(label.expected_decisions) < _NUMBER:
        client = clients.pop()
        move = withdrawal(desk, client, "USD", BANKS["USD"], rng.randint(*_WITHDRAWN_UNITS), "third_party")
        assert move.control is not None
        move.control = {**move.control, "origin": "auto", "kyt_score": 0.1}
        if 4 * move.units > desk.books.spendable[client.client_id, "USD"] or policy.failing(desk, move) != ["R12"]:
            continue
        label.expected_decisions.append(Expected(move.transfer_id, ("hold", "auto_approve"), ("R12",)))
        move.prompt = True
        launch(desk, move)
        yield span_us(every_s / 4)
