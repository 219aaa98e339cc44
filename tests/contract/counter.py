"""A counter at which requests are made: a firm with the limits that a test gives it, and its places known to be well."""

from __future__ import annotations

from typing import Any

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import CLIENTS, HOT, LONG_AGO, RIPPLE, address_of
from tests.contract.ways import Ways, side
from tests.contract.worlds import Movement

MACHINE: dict[str, Any] = {"origin": "auto", "initiator": "alice", "kyt_score": 0.1}
AT = 900.0
TAG = "7001"
DAY_S = 86_400


def counter(*limits: dict[str, Any], ways: Ways | None = None, until: float = 1_800.0) -> Firm:
    """Return a firm with these limits; clients can be paid in ripple too, with a tag."""
    firm = Firm(ways or Ways(heartbeat_s=60)).told()
    for number, limit in enumerate(limits):
        firm.know("limit", 5, **{"limit_id": f"limit-{number}", "scope": {"op_type": "withdrawal"}, **limit})
    for client in CLIENTS:
        firm.register(address_of(client, RIPPLE), RIPPLE, client, "client", tag=TAG)
    polls(firm, until)
    return firm


def ask(firm: Firm, name: str = "w", amount: str = "2", at: float = AT, **more: Any) -> Movement:
    """Ask for a withdrawal of ether for alice, unless told otherwise."""
    client, asset = more.pop("client", "alice"), more.pop("asset", "ETH")
    seen, source = more.pop("seen", None), more.pop("source", "oms")
    if asset == "XRP":
        more.setdefault("tag", TAG)
    it = firm.wanted(name, client, asset, amount, **{"control": MACHINE, **more})
    it("requested", at, source, seen=seen)
    return it


def own_move(firm: Firm, name: str, op: str, start: str, end: str, at: float = AT, **more: Any) -> Movement:
    """Ask for a move of a bitcoin between own places, by their names alone unless the end has more to it (`there`)."""
    amount, asset = more.pop("amount", "1"), more.pop("asset", "BTC")
    it = firm.movement(name, op, side(start), side(end, **more.pop("there", {})), asset, amount, **more)
    it("requested", at, "treasury")
    return it


def plan(firm: Firm, name: str, at: float = 300.0, **facts: Any) -> None:
    """Put a plan for moves of bitcoin out of the hot wallet on record."""
    usual = {"op_type": "rebalance", "from": HOT, "asset": "BTC", "amount_min": "0.1", "amount_max": "10"}
    usual |= {"not_before": LONG_AGO, "not_after": "2027-01-01T00:00:00Z"}
    firm.steer("plan", at, plan_id=name, scope=name, **{**usual, **facts})


def only(rule: str, *, if_not: bool) -> list[str]:
    """Return the rule as the only one that fails, or none."""
    return [rule] if if_not else []
