"""What is sent to the chain is not what was asked for: another amount and place, or a fee beyond reason (S14, S16)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, COLD, EXTERNAL, HOT
from streams.simulate.chain import BOOKING_S, SENDING_S, SIGNING_S, broadcast
from streams.simulate.emit import Json
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import affordable_units, amount_text, holder
from streams.simulate.movement import End, Movement, Tap
from streams.simulate.scenarios.props import fullest, stranger, usual_withdrawal, worth
from streams.simulate.scenarios.told import following, telling
from streams.simulate.treasury import own_move, start_own
from streams.simulate.units import decimal_text
from streams.simulate.withdrawals import launch, set_fee, withdrawal

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_TIMES = 10
_RISE = (3, 8, 20)  # how congestion comes: many times the usual fee, step by step
_LEAVES = ("broadcast",)


@scenario(
    "S14", "payload_swap", "a rebalance with a plan is signed for ten times its amount, to a stranger",
    ["amount_mismatch", "unexpected_destination"], severity="P1", deadline_s=5.0,
    possible=["unregistered_address", "unmatched_outflow", "policy_violation", "liabilities_exceed_holdings",
              "position_drift", "flow_anomaly"],
)  # fmt: skip
def payload_swap(desk: Desk, label: Label, rng: Random) -> None:
    """Ask for a part of what the cold wallet holds to be moved to the hot one, and send ten times that elsewhere."""
    move = _refill(desk, label)
    move.executed_units = _TIMES * move.units
    asked, sent = amount_text(move, move.units), amount_text(move, move.executed_units)
    address = stranger(move.asset.network, rng)
    label.note = f"{move.transfer_id} was asked to move {asked} from {COLD} to {HOT}, and moves {sent} to {address}"
    move.tap = telling(desk, label, _LEAVES)
    desk.promise(move)

    def swap() -> None:
        move.units, move.arrival_source = move.executed_units, ""
        move.target = End(EXTERNAL, address=address, network=move.asset.network)

    desk.start(_sign(desk, move, swap))


@lookalike("payload_swap", "a rebalance costs another fee than was expected when it was asked for")
def other_fee(desk: Desk, label: Label, rng: Random) -> None:
    """Move as much as was asked for, at half as much again of the fee."""
    move = _refill(desk, label)
    expected_units = move.fee_units
    move.executed_fee_units = expected_units * rng.choice((70, 150, 190)) // 100
    label.note = f"{move.transfer_id} moves what was asked for, at another fee than was expected"
    move.tap = following(label)
    desk.promise(move)

    def settle_on_fee() -> None:
        move.fee_units = move.executed_fee_units

    desk.start(_sign(desk, move, settle_on_fee))


@lookalike(
    "payload_swap", "ten times as much is moved as it usually is, and its plan says so", name="payload_swap_planned"
)
def large_refill(desk: Desk, label: Label, rng: Random) -> None:
    """Ask for, plan and send ten times as much, to the hot wallet that the plan names."""
    move = _refill(desk, label)
    move.units = move.executed_units = _TIMES * move.units
    label.note = f"{move.transfer_id} moves {amount_text(move, move.units)} from {COLD} to {HOT}, as planned"
    move.tap = following(label)
    desk.promise(move)
    desk.start(_sign(desk, move, lambda: None))


@scenario(
    "S16", "fee_blowout", "a withdrawal pays the network many times what it moves", ["fee_outlier"], severity="P1",
    deadline_s=5.0, possible=["amount_mismatch", "policy_violation", "flow_anomaly"],
)  # fmt: skip
def fee_blowout(desk: Desk, label: Label, rng: Random) -> None:
    """Let a withdrawal of some 5,000 USD cost 55,000 to 80,000 USD on top, as nobody knew when it was asked for."""
    code = fullest(desk, HOT, ("BTC", "ETH"))
    client, _ = holder(desk, (code,))
    units = affordable_units(desk, client, HOT, code, rng.randint(400_000, 600_000), times=1)
    move = withdrawal(desk, client, code, HOT, units, "sender")
    move.executed_fee_units = min(worth(desk, code, rng, 5_500_000, 8_000_000), desk.vaults.free(HOT, code) // 3)
    label.scope = {"transfer_id": move.transfer_id, "client_id": client.client_id, "location": HOT, "asset": code}
    label.note = f"{move.transfer_id} pays a fee of {amount_text(move, move.executed_fee_units)} to move " + (
        amount_text(move, units)
    )
    move.tap = _told_when_sent(telling(desk, label, _LEAVES))
    launch(desk, move)


@lookalike("fee_blowout", "for an hour networks take twenty times the usual from everybody")
def congestion(desk: Desk, label: Label, rng: Random) -> None:
    """Let fees rise in steps, stay, and fall; in between the largest client withdraws as well."""
    label.scope = {"location": HOT}
    label.note = f"networks take {_RISE[-1]} times the usual for an hour"
    desk.start(_congest(desk, label, rng))


def _refill(desk: Desk, label: Label) -> Movement:
    """Return a rebalance from the cold wallet to the hot one of a twenty-fifth of what it has most of."""
    code = fullest(desk, COLD)
    move = own_move(desk, "rebalance", COLD, HOT, code, desk.vaults.free(COLD, code) // 25)
    move.delivered_units = None
    set_fee(desk, move, "sender")
    label.scope = {"transfer_id": move.transfer_id, "location": COLD, "asset": code}
    return move


def _sign(desk: Desk, move: Movement, change: Callable[[], None]) -> Process:
    """Plan and ask for a move, and let `change` be made to it between its signing and its broadcast."""
    yield from start_own(desk, move)
    desk.say(move, "signing")
    yield desk.wait(*SIGNING_S)
    yield desk.wait(*SENDING_S)
    change()  # the broadcast makes its events anew
    yield from broadcast(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)


def _told_when_sent(told: Tap) -> Tap:
    """Return a tap by which the fee that is really paid is said from the broadcast on."""

    def tap(move: Movement, body: Json) -> int | None:
        if body["status"] == "broadcast":
            move.fee_units = move.executed_fee_units
            move.changed()
            body["fee_amount"] = decimal_text(move.fee_units, ASSETS[move.fee_asset].decimals)
        return told(move, body)

    return tap


def _congest(desk: Desk, label: Label, rng: Random) -> Process:
    for times in _RISE:
        desk.congestion = times
        yield desk.wait(150.0, 250.0)
    move = usual_withdrawal(desk, label, rng, *holder(desk))
    move.tap = following(label)
    launch(desk, move)
    yield desk.wait(3_600.0, 3_600.0)
    desk.congestion = 1
