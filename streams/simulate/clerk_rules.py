"""The rules of section 7 as a clerk reads them: each says whether a movement, as asked for, passes by what is on file."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from streams.simulate.clerk_brakes import books_clear, fresh
from streams.simulate.clerk_cabinet import Cabinet, Request
from streams.simulate.clerk_records import Json, taken
from streams.simulate.units import US, moment_us

UNPLANNED_ROLES = {"sweep": ("hot", "cold"), "internal": ("hot", "venue", "bank", "gas")}
UNIQUE_US = 86_400 * US
Rule = Callable[[Cabinet, Request], bool]


def operation(cabinet: Cabinet, it: Request) -> bool:
    """R1: a kind that may pass by itself; a rebalance needs a plan for it, the one that it names if it names one."""
    if it.op != "rebalance":
        return it.op in ("withdrawal", "internal", "sweep")
    if it.words.get("plan_id"):
        return it.plan is not None and _is_for(cabinet, it, it.plan)
    return _is_wanted(cabinet, it)


def _is_wanted(cabinet: Cabinet, it: Request) -> bool:
    """Return whether some plan is for a movement that names none, and says that it goes there."""
    return any(_is_for(cabinet, it, plan) and _as_planned(cabinet, it, plan) for plan in cabinet.plans.values())


def _is_for(cabinet: Cabinet, it: Request, plan: Json) -> bool:
    """Return whether a plan is for such a movement; where it goes is asked by R3."""
    least, most = plan.get("amount_min"), plan.get("amount_max")
    if plan.get("amount") is not None:
        least = most = plan["amount"]
    return (
        plan["op_type"] == it.op
        and plan["from"] == it.start["location"]
        and cabinet.aliases.get(plan["asset"]) == it.asset
        and (least is None or Decimal(least) <= it.amount)
        and (most is None or it.amount <= Decimal(most))
        and moment_us(plan["not_before"]) <= it.at <= moment_us(plan["not_after"])
    )


def destination(cabinet: Cabinet, it: Request) -> bool:
    """R2: the exact entry is on record, active, and past the longest hold that fits; own places need no address."""
    place = it.end["location"]
    if not it.goes_outside and place not in cabinet.locations:
        return False
    if not it.address:
        return not it.goes_outside
    known = cabinet.addresses.get(it.entry) if it.entry else None
    if known is None or known["state"] != "active":
        return False
    if not it.goes_outside and place not in (known.get("location"), known["owner"]):
        return False
    hold_s = max(it.said("address_hold_s"), default=None)
    if not known.get("added_at"):
        return hold_s is None
    return it.at - moment_us(known["added_at"]) >= (hold_s or 0) * US


def role(cabinet: Cabinet, it: Request) -> bool:
    """R3: it goes where its plan says, or to the client's own; unplanned own moves go where such moves go."""
    if it.words.get("plan_id"):
        return it.plan is not None and _as_planned(cabinet, it, it.plan)
    if it.op == "rebalance" and _is_wanted(cabinet, it):
        return True
    known = cabinet.addresses.get(it.entry) if it.entry else None
    if it.goes_outside:
        return known is not None and it.client is not None and known["owner"] == it.client
    if it.end.get("account_id") or it.end.get("client_id"):
        return it.client is not None and cabinet.client_of_side(it.end) == it.client
    return cabinet.role_of(it.end["location"]) in UNPLANNED_ROLES.get(it.op, ())


def _as_planned(cabinet: Cabinet, it: Request, plan: Json) -> bool:
    if plan.get("to") is None and plan.get("to_role") is None:
        return False
    known = cabinet.addresses.get(it.entry) if it.entry else None
    there = (known or {}).get("role") if it.goes_outside else cabinet.role_of(it.end["location"])
    return plan.get("to") in (None, it.end["location"]) and plan.get("to_role") in (None, there)


def chain(cabinet: Cabinet, it: Request) -> bool:
    """R4: the asset is on the network that is named; where a tag is required it is there, and registered."""
    asset = cabinet.assets[it.asset]
    networks = asset.get("networks") or []
    if it.network is None:
        return not it.goes_outside or not networks
    if it.network not in networks:
        return False
    if it.network not in (asset.get("tag_required") or []):
        return True
    return bool(it.tag) and it.entry in cabinet.addresses


def amount(cabinet: Cabinet, it: Request) -> bool:
    """R5: within every single limit, and within every share of what the place should hold."""
    if any(it.amount > single for single in it.said("single")):
        return False
    shares = list(it.said("share_of_balance"))
    if not shares:
        return True
    held = cabinet.held_before(it)
    return held is not None and all(it.amount <= share * held for share in shares)


def velocity(cabinet: Cabinet, it: Request) -> bool:
    """R6: within the sums and counts of every window, this request and all earlier ones together."""
    return all(_within(cabinet, it, limit) for limit in it.limits)


def _within(cabinet: Cabinet, it: Request, limit: Json) -> bool:
    if limit.get("window_count") is None and limit.get("window_sum") is None:
        return True
    earlier = [
        one.words for one in cabinet.requests_since(it.at - limit["window_s"] * US)
        if one is not it.file and cabinet.fits(limit, one.words)
    ]  # fmt: skip
    if limit.get("window_count") is not None and len(earlier) + 1 > limit["window_count"]:
        return False
    total = sum((Decimal(words["amount"]) for words in earlier if words["asset"] == it.asset), it.amount)
    return limit.get("window_sum") is None or total <= Decimal(limit["window_sum"])


def coverage(cabinet: Cabinet, it: Request) -> bool:
    """R7: the client, with his line and without what he has asked for before, and the place have amount and fee."""
    wanted, (fee_asset, fee) = taken(it.words), it.foreign_fee
    held = cabinet.held_before(it)
    if held is None or held < wanted:
        return False
    if fee and ((native := cabinet.held_before(it, fee_asset)) is None or native < fee):
        return False
    if it.client is None:
        return it.op != "withdrawal"
    available = cabinet.available(it)
    return available is not None and available - cabinet.promised(it) >= wanted


def unique(cabinet: Cabinet, it: Request) -> bool:
    """R8: nobody has asked for the same within a day, unless both have references and they differ."""
    if it.client is None:
        return it.op != "withdrawal"
    for twin in cabinet.payments[it.file.payment]:
        refs = [(words.get("ids") or {}).get("client_ref") for words in (it.words, twin.words)]
        is_told_apart = all(refs) and refs[0] != refs[1]
        if twin is not it.file and not is_told_apart and abs(moment_us(twin.words["event_time"]) - it.at) <= UNIQUE_US:
            return False
    return True


def compliance(cabinet: Cabinet, it: Request) -> bool:
    """R9: the score is known where one is asked for, and at most what is allowed."""
    most = min(it.said("kyt_max"), default=None)
    score = it.control.get("kyt_score")
    return most is None or (score is not None and Decimal(str(score)) <= most)


def approval(cabinet: Cabinet, it: Request) -> bool:
    """R10: nobody approves what he has started, enough others do, and it is asked for within hours."""
    initiator, approvers = it.control.get("initiator"), set(it.control.get("approvers") or [])
    if approvers and (initiator is None or initiator in approvers):
        return False
    if len(approvers - {initiator}) < max(it.said("quorum"), default=0):
        return False
    return all(_is_open(limit["hours"], it.at) for limit in it.limits if limit.get("hours"))


def _is_open(hours: str, at: int) -> bool:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in hours.split("-"))
    now_us = at % UNIQUE_US
    begun, over = now_us >= opens * 60 * US, now_us > closes * 60 * US
    return begun and not over if opens <= closes else begun or not over


RULES: dict[str, Rule] = {
    "R1": operation, "R2": destination, "R3": role, "R4": chain, "R5": amount, "R6": velocity, "R7": coverage,
    "R8": unique, "R9": compliance, "R10": approval, "R11": fresh, "R12": books_clear,
}  # fmt: skip
HOLDING = ("R7", "R12")
