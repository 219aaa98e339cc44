"""The desk's own judgement of a request by the rules R1 to R12, on what is really so in this world.

It is made anew here, from the words of the contract: the monitor's is not asked. Where feeds may make the monitor see a
little more or less than there is, the desk stays clear of the limit and lets people decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, EVERY_PLACE, EXTERNAL
from streams.simulate.emit import Json
from streams.simulate.movement import Movement
from streams.simulate.standing import address_of, role_of
from streams.simulate.units import DAY_S, US, moment_us, units_of

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_AUTOMATIC = ("withdrawal", "internal", "sweep")
_UNPLANNED = {"sweep": ("hot", "cold"), "internal": ("hot", "venue", "bank", "gas")}
_HELD_FOR = ("R7", "R12")
_CLEAR = 90  # per cent of a limit that is counted or measured elsewhere


def action(desk: Desk, move: Movement) -> str:
    """Return what is to become of a request: auto_approve, review or hold."""
    failed = failing(desk, move)
    if any(rule in _HELD_FOR for rule in failed):
        return "hold"
    return "review" if failed else "auto_approve"


def failing(desk: Desk, move: Movement) -> list[str]:
    """Return the rules that do not hold for a request made now, and not noted yet; its money is set aside already."""
    return [rule for rule, holds in _RULES.items() if not holds(desk, move)]


def _operation(desk: Desk, move: Movement) -> bool:
    return move.op_type in _AUTOMATIC or (move.op_type == "rebalance" and bool(move.plan_id))


def _destination(desk: Desk, move: Movement) -> bool:
    target = move.target
    if target.location != EXTERNAL and not target.address:
        return bool(role_of(desk, target.location))
    record = address_of(desk, move)
    if record is None or record["state"] != "active":
        return False
    if target.location != EXTERNAL:
        return bool(record.get("location") == target.location)
    hold_s = max((limit.get("address_hold_s", 0) for limit in desk.standing.limits(move)), default=0)
    return desk.now_us - moment_us(record["added_at"]) >= hold_s * US


def _role(desk: Desk, move: Movement) -> bool:
    target, plan = move.target, desk.standing.records["plan"].get(move.plan_id)
    if move.plan_id:
        return plan is not None and _as_planned(desk, move, plan)
    if target.location == EXTERNAL:
        record = address_of(desk, move)
        return record is not None and record["owner"] == move.client_id
    if target.account_id:
        account = desk.standing.records["account"].get(target.account_id)
        if account is not None and account["account_class"] == "client":
            return bool(account.get("client_id") == move.client_id)
    return role_of(desk, target.location) in _UNPLANNED.get(move.op_type, ())


def _as_planned(desk: Desk, move: Movement, plan: Json) -> bool:
    target, wanted = move.target, plan.get("to_role")
    if "to" in plan and plan["to"] != target.location:
        return False
    if target.location == EXTERNAL:
        record = address_of(desk, move)
        return record is not None and record["owner"] == move.client_id and wanted in (None, record["role"], EXTERNAL)
    return wanted in (None, role_of(desk, target.location))


def _chain(desk: Desk, move: Movement) -> bool:
    network = move.told_network or ("" if move.is_book else move.asset.network) or move.target.network
    known = desk.standing.records["asset"].get(move.asset.code, {})
    if network and network not in known.get("networks", ()):
        return False
    if move.target.location == EXTERNAL and not network and known.get("networks"):
        return False
    return network not in known.get("tag_required", ()) or bool(move.target.tag and address_of(desk, move))


def _amount(desk: Desk, move: Movement) -> bool:
    held = desk.vaults.held[move.origin.location, move.asset.code]
    for limit in desk.standing.limits(move):
        if "single" in limit and move.units > units_of(limit["single"], move.asset.decimals):
            return False
        if "share_of_balance" in limit:
            share_units = held * units_of(limit["share_of_balance"], 6) // 10**6
            if move.units * 100 > share_units * _CLEAR:
                return False
    return True


def _velocity(desk: Desk, move: Movement) -> bool:
    for limit in desk.standing.limits(move):
        if "window_s" not in limit:
            continue
        made = list(desk.standing.within(desk, limit))
        if "window_count" in limit and (len(made) + 1) * 100 > limit["window_count"] * _CLEAR:
            return False
        if "window_sum" in limit:
            total = move.units + sum(units for units, code in made if code == move.asset.code)
            if total * 100 > units_of(limit["window_sum"], move.asset.decimals) * _CLEAR:
                return False
    return True


def _coverage(desk: Desk, move: Movement) -> bool:
    held, origin, code = desk.vaults.held, move.origin.location, move.asset.code
    fee_units = move.fee_units if move.fee_payer in ("sender", "") else 0
    on_top = fee_units if move.fee_asset in (code, "") else 0
    if held[origin, code] < move.units + on_top:
        return False
    if fee_units > on_top and held[origin, move.fee_asset] < fee_units:
        return False
    return not move.client_id or _has_left(desk, move) >= on_top


def _has_left(desk: Desk, move: Movement) -> int:
    """Return what a client still has besides a movement's amount, with its credit line."""
    code = move.asset.code
    account_id = move.origin.account_id or move.account_id
    record = desk.standing.records["account"].get(account_id, {})
    line = units_of(record.get("credit_line", {}).get(code, "0"), ASSETS[code].decimals)
    line -= desk.standing.asked_in_vain[move.client_id, code]
    client = desk.firm.by_id.get(move.client_id)
    if client is not None and account_id == client.account.account_id:
        return desk.books.spendable[move.client_id, code] + line  # the amount is set aside already
    return desk.books.balances[account_id, code] - move.units + line


def _unique(desk: Desk, move: Movement) -> bool:
    ref = move.ids.get("client_ref", "")
    return not move.client_id or all(ref and other and ref != other for other in desk.standing.alike(desk, move))


def _compliance(desk: Desk, move: Movement) -> bool:
    score = (move.control or {}).get("kyt_score")
    return all(
        score is not None and score <= limit["kyt_max"] for limit in desk.standing.limits(move) if "kyt_max" in limit
    )


def _approval(desk: Desk, move: Movement) -> bool:
    control = move.control or {}
    initiator, approvers = control.get("initiator"), set(control.get("approvers", ()))
    if initiator in approvers or (approvers and not initiator):
        return False
    for limit in desk.standing.limits(move):
        if len(approvers) < limit.get("quorum", 0):
            return False
        if "hours" in limit and not is_within(desk.now_us, limit["hours"]):
            return False
    return True


def is_within(at_us: int, hours: str) -> bool:
    """Tell whether a moment is within hours of the day, both ends included; they may pass midnight."""
    start, end = (int(text[:2]) * 3_600 + int(text[3:]) * 60 for text in hours.split("-"))
    second = at_us // US % DAY_S
    return start <= second <= end if start <= end else second >= start or second <= end


def _fresh(desk: Desk, move: Movement) -> bool:
    places = [place for place in (move.origin.location, move.target.location) if place != EXTERNAL]
    sources = [EVERY_PLACE[place].source for place in places]
    if desk.frozen.intersection(places):
        return False
    network = "" if move.is_book else move.asset.network
    return not any(_reaches(window, places, sources, network) for window in _windows_now(desk))


def _windows_now(desk: Desk) -> Iterator[Json]:
    for window in desk.standing.records["maintenance"].values():
        if moment_us(window["from"]) <= desk.now_us <= moment_us(window["until"]):
            yield window


def _reaches(window: Json, places: list[str], sources: list[str], network: str) -> bool:
    return (
        window.get("location") in places
        or window.get("of_source") in sources
        or ("network" in window and window["network"] == network)
    )


def _books_clear(desk: Desk, move: Movement) -> bool:
    touched = {("location", move.origin.location), ("location", move.target.location), ("asset", move.asset.code),
               ("client_id", move.client_id)}  # fmt: skip
    return not desk.standing.brakes & touched


_RULES: dict[str, Callable[[Desk, Movement], bool]] = {
    "R1": _operation, "R2": _destination, "R3": _role, "R4": _chain, "R5": _amount, "R6": _velocity, "R7": _coverage,
    "R8": _unique, "R9": _compliance, "R10": _approval, "R11": _fresh, "R12": _books_clear,
}  # fmt: skip
