"""The firm's own moves: rebalances with a plan, sweeps of deposits, gas, and the firm's own money when fees eat it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import approve, ask, decide
from streams.simulate.books import HOUSE
from streams.simulate.catalogue import ASSETS, CHAIN_ASSETS, COLD, DEPOSITS, EVERY_PLACE, GAS, HOT, KNOWN, PLACES
from streams.simulate.chain import APPROVAL_S, BOOKING_S, send_on_chain
from streams.simulate.deposits import top_up_house
from streams.simulate.emit import Json
from streams.simulate.movement import End, Movement
from streams.simulate.units import US, decimal_text, span_us, time_text
from streams.simulate.withdrawals import set_fee

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

PLAN_AHEAD_S = (60.0, 120.0)  # a plan is on record well before it is carried out
_GAS_UNITS = 5 * 10**17


def watch_levels(desk: Desk) -> Process:
    """Look at every place now and then and refill or empty it towards its target, with the hot wallet as the hub."""
    while True:
        yield span_us(desk.config.treasury_every_s)
        for (location, code), target in desk.firm.targets.items():
            if target and PLACES[location].role != "bank":
                _level(desk, location, code, target)
        _fuel(desk)
        _own_money(desk)


def move_own(desk: Desk, op_type: str, origin: str, target: str, code: str, units: int) -> bool:
    """Start a move between two own places; False if the origin cannot spare it or one is under way already."""
    busy = (target if origin == HOT else origin, code)
    if desk.paused & {origin, target}:
        return False
    if units <= 0 or busy in desk.moving or units > desk.vaults.free(origin, code) // 2:
        return False
    move = own_move(desk, op_type, origin, target, code, units)
    if move.fee_payer == "sender" and move.fee_units * 4 > desk.vaults.free(origin, move.fee_asset):
        return False
    desk.moving.add(busy)
    desk.promise(move)
    desk.start(_run(desk, move, busy))
    return True


def own_move(desk: Desk, op_type: str, origin: str, target: str, code: str, units: int) -> Movement:
    """Return a move between own places, with its fee and, for a rebalance, the id of its plan."""
    move = Movement(
        desk.next_id({"sweep": "swp", "rebalance": "reb"}[op_type]), op_type, EVERY_PLACE[origin].source,
        End(origin), End(target), ASSETS[code], units, arrival_source=EVERY_PLACE[target].source,
    )  # fmt: skip
    set_fee(desk, move)
    if move.fee_payer == "deducted" and desk.rng.random() < 0.5:
        move.delivered_units = move.units - move.fee_units
    if op_type == "rebalance":
        move.plan_id = f"plan-{move.transfer_id}"
    move.control = {"origin": "auto", "initiator": "treasury-bot", "approvers": []}
    return move


def announce(desk: Desk, move: Movement, *, lasts_s: float = 6 * 3600) -> None:
    """Put the plan of a rebalance on record."""
    body: Json = {
        "kind": "plan",
        "scope": move.plan_id,
        "plan_id": move.plan_id,
        "op_type": move.op_type,
        "from": move.origin.location,
        "to": move.target.location,
        "to_role": EVERY_PLACE[move.target.location].role,
        "asset": move.asset.code,
        "amount": decimal_text(move.units, move.asset.decimals),
        "not_before": time_text(desk.now_us),
        "not_after": time_text(desk.now_us + int(lasts_s) * US),
    }
    desk.standing.records["plan"][move.plan_id] = body
    desk.outbox.post("control", move.plan_id, "treasury", move.plan_id, body)


def _run(desk: Desk, move: Movement, busy: tuple[str, str]) -> Process:
    yield from start_own(desk, move)
    yield from send_on_chain(desk, move)
    yield desk.wait(*BOOKING_S)
    bookings.own_move_fee(desk, move)
    desk.moving.discard(busy)


def start_own(desk: Desk, move: Movement) -> Process:
    """Plan, ask for and approve an own move."""
    if move.plan_id:
        announce(desk, move)
        yield desk.wait(*PLAN_AHEAD_S)
    ask(desk, move)
    yield from decide(desk, move)
    approve(desk, move)
    yield desk.wait(*APPROVAL_S)


def _level(desk: Desk, location: str, code: str, target: int) -> None:
    held = desk.vaults.held[location, code]
    if location == DEPOSITS:
        if held > 2 * target:
            move_own(desk, "sweep", DEPOSITS, HOT, code, (held - target) // 2)
    elif location == HOT:
        if held < target // 2:
            move_own(desk, "rebalance", COLD, HOT, code, target - held)
        elif held > target * 7 // 4:
            move_own(desk, "rebalance", HOT, COLD, code, held - target)
    elif PLACES[location].role == "venue":
        if held < target // 2:
            move_own(desk, "rebalance", HOT, location, code, min(target - held, desk.vaults.free(HOT, code) // 4))
        elif held > target * 7 // 4:
            move_own(desk, "rebalance", location, HOT, code, held - target)


def _fuel(desk: Desk) -> None:
    """Keep gas in the deposit wallet, so that it can pay for its own sweeps, and in the gas wallet itself."""
    if desk.vaults.held[DEPOSITS, "ETH"] < 4 * _GAS_UNITS:
        move_own(desk, "rebalance", GAS, DEPOSITS, "ETH", _GAS_UNITS)
    if desk.vaults.held[GAS, "ETH"] < desk.firm.targets[GAS, "ETH"] // 3:
        move_own(desk, "rebalance", HOT, GAS, "ETH", desk.firm.targets[GAS, "ETH"] // 2)


def _own_money(desk: Desk) -> None:
    for code in KNOWN:
        busy = (HOUSE.account_id, code)
        if desk.books.balances[busy] < desk.firm.house_floor[code] and busy not in desk.moving:
            desk.moving.add(busy)
            desk.start(_pay_in(desk, code, busy))


def _pay_in(desk: Desk, code: str, busy: tuple[str, str]) -> Process:
    top_up_house(desk, code, 2 * desk.firm.house_floor[code])
    yield desk.wait(8_000.0, 9_000.0)  # longer than any deposit takes
    desk.moving.discard(busy)


def routine_rebalance(desk: Desk) -> bool:
    """Send a little to a venue or back, as treasuries do every day."""
    code = desk.rng.choice(CHAIN_ASSETS)
    venues = [place.location for place in PLACES.values() if place.role == "venue" and code in place.assets]
    venue = desk.rng.choice(venues)
    origin, target = (HOT, venue) if desk.rng.random() < 0.5 else (venue, HOT)
    units = desk.firm.targets[venue, code] * desk.rng.randint(2, 12) // 100
    return move_own(desk, "rebalance", origin, target, code, units)
