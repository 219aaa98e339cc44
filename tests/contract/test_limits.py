"""Every limit that fits binds what a machine may pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BITCOIN, ETHEREUM, HOT, address_of
from tests.contract.verdicts import examine
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


def test_the_sixth_payment_of_a_day_is_one_too_many_for_a_machine() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.know(
        "limit", 5, limit_id="l", scope={"op_type": "withdrawal", "client_id": "alice"}, window_s=86_400, window_count=5
    )
    polls(firm, 1_200)
    for number in range(6):
        amount = f"0.{number + 1}"
        it = firm.wanted(f"w-{number}", "alice", "ETH", amount, control=MACHINE)
        firm.leave(it, 400 + 60 * number)
        firm.value(410 + 60 * number, HOT, "ETH", f"-{amount}")
        firm.debit(it, "alice", amount, 401 + 60 * number, 442 + 60 * number)
    story = examine(firm).one("policy_violation")
    assert story.scope.get("transfer_id") == "w-5"


@pytest.mark.parametrize(
    "limit",
    [
        {"hours": "12:00-18:00"},
        {"quorum": 2},
        {"share_of_balance": "0.001"},
        {"window_s": 3_600, "window_sum": "1.5"},
        {"scope": {"client_id": "alice", "asset": "ETH"}, "single": "1"},
        {"scope": {"location": HOT}, "single": "1"},
    ],
    ids=repr,
)
def test_every_part_of_a_limit_binds_a_machine(limit: dict[str, Any]) -> None:
    firm = ready()
    firm.know("limit", 6, **{**LIMIT, "limit_id": "extra", **limit})
    passed(firm, MACHINE)
    assert 900 <= examine(firm).one("policy_violation").opened <= 907


@pytest.mark.parametrize(
    "limit",
    [
        {"hours": "08:00-18:00"},
        {"share_of_balance": "0.01"},
        {"window_s": 3_600, "window_sum": "2.75"},
        {"window_s": 3_600, "window_count": 3},
        {"scope": {"client_id": "bob", "asset": "ETH"}, "single": "1"},
        {"scope": {"op_type": "rebalance"}, "single": "1"},
    ],
    ids=repr,
)
def test_a_limit_that_holds_or_does_not_fit_is_quiet(limit: dict[str, Any]) -> None:
    firm = ready()
    firm.know("limit", 6, **{**LIMIT, "limit_id": "extra", **limit})
    passed(firm, MACHINE)
    examine(firm).quiet()


@pytest.mark.parametrize(("amount", "covered"), [("12", False), ("9", True)])
def test_a_machine_may_not_pay_what_the_client_does_not_have(amount: str, covered: bool) -> None:
    firm = ready()
    firm.register(address_of("carol", BITCOIN, "own"), BITCOIN, "carol", "client")
    address = address_of("carol", BITCOIN, "own")
    it = firm.wanted("w", "carol", "BTC", amount, control={**MACHINE, "initiator": "carol"}, address=address)
    it("requested", 900, "oms")
    it("approved", 902, "oms")
    firm.journal(
        901, "withdrawal", ("client:carol", "BTC", f"-{amount}"), ("transit:main", "BTC", amount), transfer_id="w"
    )
    verdict = examine(firm)
    if covered:
        verdict.quiet()
    else:
        assert 900 <= verdict.one("policy_violation").opened <= 907


def test_open_requests_count_against_what_a_client_has() -> None:
    firm = ready()
    for number, amount in enumerate(("6", "5.5")):
        it = firm.wanted(f"w-{number}", "carol", "BTC", amount, control={**MACHINE, "initiator": "carol"})
        it("requested", 900 + number, "oms")
        it("approved", 902 + number, "oms")
    assert examine(firm).one("policy_violation").scope.get("transfer_id") == "w-1"
