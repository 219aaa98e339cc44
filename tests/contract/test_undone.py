"""What turns out otherwise: credits of others, reorgs of what was credited, restatements of what was completed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways

CHAIN = "chain:eip155:1"
VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(client_named=False), Ways(told_twice=True)]
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}


def landed(firm: Firm, client: str = "alice", **more: Any) -> Any:
    it = firm.coming("in", client, "ETH", "3", **more)
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", "3")
    return it


@pytest.mark.parametrize("ways", [*VARIED, Ways(transfer_ids=False)], ids=str)
def test_a_deposit_that_is_booked_to_another_client_is_raised_within_a_minute(ways: Ways) -> None:
    firm = Firm(ways).told()
    legs = firm.credit(landed(firm), "bob", "3", 420)
    firm.until(600)
    verdict = examine(firm)
    if not ways.transfer_ids:  # then it is a credit without an inflow, and an inflow without a credit
        assert verdict.all("wrong_account") or verdict.all("phantom_credit")
        return
    story = verdict.one("wrong_account")
    assert story.severity == "P2"
    assert 420 <= story.opened <= 480 + (60 if ways.heartbeat_s else 0)
    assert legs[0] in story.evidence
    assert story.scope.get("transfer_id") == "in"
    assert [one.kind for one in verdict.loud()] == ["wrong_account"]


def test_a_reallocation_to_the_owner_closes_it() -> None:
    firm = Firm().told()
    firm.credit(landed(firm), "bob", "3", 420)
    firm.journal(
        700, "adjustment", ("client:bob", "ETH", "-3"), ("client:alice", "ETH", "3"), transfer_id="in", **HANDS
    )
    firm.until(900)
    assert examine(firm).one("wrong_account").over


@pytest.mark.parametrize("named", [True, False])
def test_a_reallocation_within_the_minute_or_of_a_client_is_quiet(named: bool) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.credit(landed(firm), "alice", "3", 420)
    legs = (("client:alice", "ETH", "-3"), ("client:bob", "ETH", "3"))
    firm.journal(440, "internal", *legs, transfer_id="in" if named else None, **HANDS)
    polls(firm, 900)
    verdict = examine(firm)
    if named:
        assert not [one for one in verdict.loud() if one.worst == "P1"]
    else:
        verdict.quiet()


def test_an_account_of_the_same_client_is_no_wrong_account() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    who: dict[str, Any] = {"account_class": "client", "client_id": "alice"}
    firm.know("account", 5, account_id="client:alice/trading", active=True, **who)
    it = landed(firm)
    legs = (("client:alice/trading", "ETH", "3"), ("world:w", "ETH", "-3"))
    firm.journal(420, "deposit", *legs, transfer_id=it.fields["transfer_id"])
    polls(firm, 900)
    examine(firm).quiet()


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_deposit_that_is_reorged_after_its_credit_is_raised_at_once(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = landed(firm)
    firm.credit(it, "alice", "3", 420)
    told = it("reorged", 500, CHAIN)
    firm.value(500, HOT, "ETH", "-3")
    firm.until(520)
    verdict = examine(firm)
    story = verdict.one("reorged_credit")
    assert (story.opened, story.severity) == (500, "P1")
    assert told in story.evidence
    assert story.scope.get("transfer_id") == "in"
    assert [one.kind for one in verdict.loud()] == ["reorged_credit"]


@pytest.mark.parametrize("how", ["included again", "taken back"])
def test_a_reorged_credit_closes_when_it_is_right_again(how: str) -> None:
    firm = Firm().told()
    it = landed(firm)
    firm.credit(it, "alice", "3", 420, journal_id="credit")
    it("reorged", 500, CHAIN)
    if how == "included again":
        it("completed", 560, CHAIN)
    else:
        legs = (("client:alice", "ETH", "-3"), ("world:w", "ETH", "3"))
        firm.journal(560, "reversal", *legs, transfer_id="in", reverses="credit", **HANDS)
    firm.until(900)
    verdict = examine(firm)
    assert verdict.one("reorged_credit").over
    assert all(story.over for story in verdict.loud()), verdict.stories


@pytest.mark.parametrize("completed_first", [True, False])
def test_a_deposit_that_is_reorged_before_its_credit_and_included_again_is_quiet(completed_first: bool) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.coming("in", "alice", "ETH", "3")
    it("confirming", 370, CHAIN)
    if completed_first:
        it("completed", 380, CHAIN)
    it("reorged", 390, CHAIN)
    it("confirming", 400, CHAIN)
    it("completed", 430, CHAIN)
    firm.value(430, HOT, "ETH", "3")
    firm.credit(it, "alice", "3", 440)
    polls(firm, 900)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(HOT, "ETH") == firm.held(HOT, 900)["ETH"]
