"""A movement goes where its plan and its request say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, ETHEREUM, HOT, VENUE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, stamp

CHAIN = "chain:eip155:1"
VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(prices=False, accounts=False), Ways(told_twice=True)]
ALICE = address_of("alice", ETHEREUM)
TWIN = ALICE[:8] + "0" * (len(ALICE) - 14) + ALICE[-6:]  # the first and the last six of hers
HUMAN: dict[str, Any] = {"origin": "manual", "initiator": "ann", "approvers": ["ben", "cid"]}


def planned(firm: Firm, **more: Any) -> None:
    window = {"not_before": stamp(100), "not_after": stamp(4_000)}
    plan = {"plan_id": "p", "op_type": "rebalance", "from": HOT, "to": COLD, "asset": "ETH", "amount": "400"}
    firm.steer("plan", 150, **{**plan, **window, **more})


def sent(firm: Firm, end: str, amount: str = "400", **more: Any) -> str:
    """Ask for a planned move at 400 s, approve it, and send it at 430 s."""
    it = firm.own("move", HOT, end, "ETH", amount, plan_id="p", control=HUMAN, **more)
    asked = it("requested", 400, "treasury")
    it("approved", 402, "treasury")
    it("broadcast", 430)
    it("completed", 490)
    firm.value(430, HOT, "ETH", f"-{amount}")
    firm.value(490, end, "ETH", amount)
    return asked


@pytest.mark.parametrize("ways", VARIED, ids=str)
@pytest.mark.parametrize("plan", [{}, {"to": None, "to_role": "cold"}, {"to_role": "cold"}], ids=repr)
def test_a_move_to_another_role_than_its_plan_is_raised_before_it_is_sent(ways: Ways, plan: dict[str, Any]) -> None:
    firm = Firm(ways).told()
    planned(firm, **plan)
    asked = sent(firm, VENUE)
    firm.until(500)
    story = examine(firm).one("unexpected_destination")
    assert (story.opened, story.severity) == (400, "P1")
    assert asked in story.evidence
    assert story.scope.get("transfer_id") == "move"


@pytest.mark.parametrize(
    "plan",
    [
        {"to": VENUE},
        {"to": None, "to_role": "venue"},
        {"to": VENUE, "amount": None, "amount_min": "300", "amount_max": "450"},
        {"to": VENUE, "not_before": stamp(-86_400), "not_after": stamp(-82_000), "recurring_s": 43_200},
    ],
    ids=repr,
)
def test_the_same_move_with_a_plan_to_that_place_is_quiet(plan: dict[str, Any]) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    planned(firm, **plan)
    sent(firm, VENUE)
    polls(firm, 900)
    examine(firm).quiet()


def test_what_is_sent_elsewhere_than_was_asked_for_is_raised_at_once() -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2", control=HUMAN)
    it("requested", 400, "oms")
    elsewhere = {**it.fields["to"], "address": address_of("bob", ETHEREUM)}
    seen = it("broadcast", 420, CHAIN, to=elsewhere)
    firm.until(440)
    story = examine(firm).one("unexpected_destination")
    assert (story.opened, story.severity) == (420, "P1")
    assert seen in story.evidence


def test_an_own_move_that_shows_up_at_an_unknown_address_is_raised_at_once() -> None:
    firm = Firm().told()
    planned(firm, amount="400")
    it = firm.own("move", HOT, COLD, "ETH", "400", plan_id="p", control=HUMAN)
    it("requested", 400, "treasury")
    to = {"location": "external", "address": "0x" + "7" * 40, "network": ETHEREUM}
    it("broadcast", 430, CHAIN, to=to, amount="490")
    firm.until(440)
    verdict = examine(firm)
    assert verdict.one("unexpected_destination").opened == 430
    assert verdict.one("unexpected_destination").severity == "P1"
    assert verdict.all("amount_mismatch") or "490" in verdict.one("unexpected_destination").records[0]["explanation"]
