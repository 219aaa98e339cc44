"""What passed without a person must be free of risk, and nobody approves what he has started."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.machines import FRESH, MACHINE, PEOPLE, passed, ready
from tests.contract.names import ETHEREUM, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways


def test_a_machine_may_pay_what_is_free_of_risk() -> None:
    firm = ready()
    passed(firm, MACHINE)
    examine(firm).quiet()


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(group="all"), Ways(transfer_ids=False)], ids=str)
@pytest.mark.parametrize(
    ("facts", "control"),
    [
        ({"address": FRESH}, {}),
        ({"amount": "50.5"}, {}),
        ({}, {"kyt_score": 0.9}),
        ({"op_type": "refund"}, {}),
    ],
    ids=["young address", "too much", "suspicious", "refund"],
)
def test_a_machine_that_passes_what_is_risky_violates_the_policy(
    ways: Ways, facts: dict[str, Any], control: dict[str, Any]
) -> None:
    firm = ready(ways)
    asked = passed(firm, {**MACHINE, **control}, **facts) if "op_type" not in facts else passed_as_refund(firm)
    story = examine(firm).one("policy_violation")
    assert story.severity == "P2"
    assert 900 <= story.opened <= 907
    assert asked in story.evidence
    assert story.scope.get("transfer_id") == "w"


def passed_as_refund(firm: Firm) -> str:
    it = firm.wanted("w", "alice", "ETH", "2", control=MACHINE)
    it.fields["op_type"] = "refund"
    asked = it("requested", 900, "oms")
    it("approved", 902, "oms")
    return asked


@pytest.mark.parametrize("facts", [{"address": FRESH}, {"amount": "50.5"}], ids=["young address", "too much"])
def test_people_may_pay_what_is_risky(facts: dict[str, Any]) -> None:
    firm = ready()
    passed(firm, PEOPLE, **facts)
    examine(firm).quiet()


@pytest.mark.parametrize("amount", ["50", "49.5"])
def test_limits_are_inclusive(amount: str) -> None:
    firm = ready()
    passed(firm, MACHINE, amount)
    examine(firm).quiet()


def test_a_movement_that_says_nothing_of_its_control_is_not_judged_as_passed_by_a_machine() -> None:
    firm = ready()
    firm.withdraw("w", "alice", "ETH", "55", 900)
    examine(firm).quiet()


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(group="all"), Ways(accounts=False)], ids=str)
def test_who_approves_what_he_started_is_raised_at_once(ways: Ways) -> None:
    firm = ready(ways)
    asked = passed(firm, {**PEOPLE, "approvers": ["ben", "ann"]})
    story = examine(firm).one("four_eyes_violation")
    assert story.severity == "P2"
    assert 900 <= story.opened <= 902
    assert asked in story.evidence or story.evidence


def test_an_approval_that_is_told_later_is_seen_when_it_is_told() -> None:
    firm = ready()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("requested", 900, "oms", control={"origin": "manual", "initiator": "ann"})
    told = it("approved", 920, "oms", control={"origin": "manual", "initiator": "ann", "approvers": ["ann"]})
    story = examine(firm).one("four_eyes_violation")
    assert story.opened == 920
    assert told in story.evidence


def test_a_posting_that_its_maker_checked_is_raised_at_once_and_a_checked_one_is_quiet() -> None:
    for checker, raised in (("ann", True), ("ben", False)):
        firm = ready()
        hands = {"origin": "manual", "maker": "ann", "checker": checker, "reason": "goodwill"}
        legs = (("client:alice", "USDC", "40"), ("house:main", "USDC", "-40"))
        told = firm.journal(900, "adjustment", *legs, **hands)
        verdict = examine(firm)
        if raised:
            story = verdict.one("four_eyes_violation")
            assert (story.opened, story.severity) == (900, "P2")
            assert set(told) & story.evidence
        else:
            verdict.quiet()


@pytest.mark.parametrize("control", [{}, {"origin": "auto"}, {"origin": "manual", "initiator": "ann"}], ids=repr)
def test_a_movement_with_no_approvers_breaks_no_four_eyes(control: dict[str, Any]) -> None:
    firm = ready()
    passed(firm, control, address=address_of("alice", ETHEREUM))
    assert not examine(firm).all("four_eyes_violation")
