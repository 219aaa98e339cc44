"""Withdrawals that a machine, or people, have let pass, in a firm whose limits are known."""

from __future__ import annotations

from typing import Any

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import ETHEREUM, HOT
from tests.contract.ways import Ways, stamp

FRESH = "0x" + "4" * 40
MACHINE: dict[str, Any] = {"origin": "auto", "declared_class": "risk_free", "initiator": "alice", "kyt_score": 0.1}
PEOPLE: dict[str, Any] = {
    "origin": "manual",
    "declared_class": "risky",
    "initiator": "ann",
    "approvers": ["ben", "cid"],
}
LIMIT: dict[str, Any] = {"limit_id": "l", "scope": {"op_type": "withdrawal"}}


def passed(firm: Firm, control: dict[str, Any], amount: str = "2", **more: Any) -> str:
    it = firm.wanted("w", "alice", "ETH", amount, control=control, **more)
    asked = it("requested", 900, "oms")
    it("approved", 902, "oms")
    it("broadcast", 910)
    it("completed", 940)
    firm.value(910, HOT, "ETH", f"-{amount}")
    firm.debit(it, "alice", amount, 901, 942)
    return asked


def ready(ways: Ways | None = None) -> Firm:
    """Return a firm in which every rule is known to hold for a small withdrawal of alice."""
    firm = Firm(ways or Ways(heartbeat_s=60)).told()
    firm.register(FRESH, ETHEREUM, "alice", "client", added_at=stamp(900 - 7_200))
    facts = {"single": "50", "share_of_balance": "0.5", "address_hold_s": 86_400, "kyt_max": 0.5}
    firm.know("limit", 5, **LIMIT, **facts, window_s=86_400, window_sum="60", window_count=5)
    polls(firm, 1_200)
    return firm
