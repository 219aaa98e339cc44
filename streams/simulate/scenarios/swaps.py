"""S21: an asset changes chains in two legs, and the second is told, and done, with two decimals too many."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, HOT, PLACES
from streams.simulate.chain import BOOKING_S, send_on_chain
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import OUTSIDE, End, Movement, Tap
from streams.simulate.scenarios.dues import BY_TWO
from streams.simulate.scenarios.told import approve_by_hand, following, telling
from streams.simulate.units import span_us, units_worth

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_CENTS = (1_000_000, 3_000_000)  # 10,000 to 30,000 USD
_BETWEEN_S = 60.0


@scenario(
    "S21", "decimals_swap", "the second leg of a swap of one asset is a hundred times the first",
    ["unit_or_decimal_error"], severity="P1", deadline_s=5.0, possible=["amount_mismatch", "flow_anomaly"],
)  # fmt: skip
def decimals_swap(desk: Desk, label: Label, rng: Random) -> None:
    """Swap an asset of the house, and get back a hundred times of it."""
    _swap(desk, label, rng, telling(desk, label), times=100)


@lookalike("decimals_swap", "a swap of one asset in two equal legs")
def decimals_swap_lookalike(desk: Desk, label: Label, rng: Random) -> None:
    """Swap an asset of the house for as much."""
    _swap(desk, label, rng, following(label), times=1)


def _swap(desk: Desk, label: Label, rng: Random, tap: Tap, *, times: int) -> None:
    """Take an amount out of one of our places and, followed by `tap`, bring it back `times` over."""
    code = rng.choice(("USDC", "USDT"))
    worth = units_worth(rng.randint(*_CENTS), desk.firm.prices[code], ASSETS[code].decimals)
    minted = rng.random() < 0.5
    location, (out_op, back_op) = (HOT, ("burn", "mint")) if minted else (BINANCE, ("settlement", "settlement"))
    units = min(worth, desk.vaults.free(location, code) // 4)
    parent = desk.next_id("swap")
    out = _leg(desk, out_op, End(location), OUTSIDE, code, units, parent)
    back = _leg(desk, back_op, OUTSIDE, End(location), code, units * times, parent)
    if minted:
        out.control = back.control = BY_TWO
    out.tap, back.tap = following(label), tap
    label.scope = {"location": location, "asset": code}
    label.note = (
        f"{parent} takes {amount_text(out, units)} out of {location} and brings {amount_text(back, units * times)} back"
    )
    desk.promise(out)
    desk.start(_change(desk, out, back, send=_on_chain if minted else _at_once))


def _leg(desk: Desk, op_type: str, origin: End, target: End, code: str, units: int, parent: str) -> Movement:
    source = PLACES[(origin if origin is not OUTSIDE else target).location].source
    move_id = desk.next_id({"settlement": "set"}.get(op_type, op_type))
    return Movement(move_id, op_type, source, origin, target, ASSETS[code], units, parent_id=parent)


def _change(desk: Desk, out: Movement, back: Movement, send: Callable[[Desk, Movement], Process]) -> Process:
    """Do the one leg after the other, and book each with the house."""
    for move, sign in ((out, 1), (back, -1)):
        yield from send(desk, move)
        yield desk.wait(*BOOKING_S)
        bookings.house_pays(desk, move.op_type, move.asset.code, sign * move.units, transfer_id=move.transfer_id)
        yield span_us(_BETWEEN_S)


def _on_chain(desk: Desk, move: Movement) -> Process:
    yield from approve_by_hand(desk, move)
    yield from send_on_chain(desk, move)


def _at_once(desk: Desk, move: Movement) -> Process:
    desk.leave(move)
    desk.arrive(move)
    desk.say(move, "completed")
    yield from ()
