"""An address is on record, on its network, with its tag, and under control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BITCOIN, ETHEREUM, HOT, RIPPLE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, stamp

CHAIN = "chain:eip155:1"
VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(prices=False, accounts=False), Ways(told_twice=True)]
ALICE = address_of("alice", ETHEREUM)
TWIN = ALICE[:8] + "0" * (len(ALICE) - 14) + ALICE[-6:]  # the first and the last six of hers
HUMAN: dict[str, Any] = {"origin": "manual", "initiator": "ann", "approvers": ["ben", "cid"]}


def asked_for(firm: Firm, asset: str = "ETH", amount: str = "2", **more: Any) -> str:
    it = firm.wanted("w", "alice", asset, amount, control=HUMAN, **more)
    asked = it("requested", 400, "oms")
    firm.debit(it, "alice", amount, 401, 450)
    firm.until(440)
    return asked


@pytest.mark.parametrize("ways", VARIED, ids=str)
@pytest.mark.parametrize(
    ("facts", "kind", "severity"),
    [
        ({"network": "eip155:137"}, "wrong_network", "P1"),
        ({"network": BITCOIN, "address": ALICE}, "wrong_network", "P1"),
        ({"address": TWIN}, "lookalike_address", "P1"),
        ({"address": "0x" + "3" * 40}, "unregistered_address", "P2"),
        ({"asset": "XRP", "amount": "500", "address": "rAlice", "network": RIPPLE}, "missing_tag", "P2"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_bad_destination_is_raised_when_it_is_asked_for(
    ways: Ways, facts: dict[str, Any], kind: str, severity: str
) -> None:
    firm = Firm(ways).told()
    firm.register("rAlice", RIPPLE, "alice", "client", tag="77")
    asked = asked_for(firm, **facts)
    verdict = examine(firm)
    story = verdict.one(kind)
    assert (story.opened, story.severity) == (400, severity)
    assert asked in story.evidence
    assert story.scope.get("transfer_id") == "w"
    assert [one.kind for one in verdict.loud()] == [kind], verdict.stories


@pytest.mark.parametrize("state", ["pending", "revoked"])
def test_an_address_that_is_not_active_is_not_on_record(state: str) -> None:
    firm = Firm().told()
    firm.register("0x" + "3" * 40, ETHEREUM, "alice", "client", state=state)
    asked_for(firm, address="0x" + "3" * 40)
    assert {story.kind for story in examine(firm).loud()} & {"unregistered_address", "policy_violation"}


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"address": None},
        {"asset": "USDC", "network": "eip155:10"},
        {"asset": "XRP", "amount": "500", "address": "rAlice", "network": RIPPLE, "tag": "77"},
        {"asset": "XRP", "amount": "500", "address": "rUntagged", "network": RIPPLE, "tag": "5"},
        {"asset": "USD", "amount": "900"},
    ],
    ids=repr,
)
def test_a_good_destination_is_quiet(facts: dict[str, Any]) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.register("rAlice", RIPPLE, "alice", "client", tag="77")
    firm.register("rUntagged", RIPPLE, "alice", "client", tag="5")
    firm.register(address_of("alice", "eip155:10"), "eip155:10", "alice", "client")
    asked_for(firm, **facts)
    examine(firm).quiet()


def test_an_address_on_record_on_both_chains_is_right_on_either() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.register(ALICE, "eip155:10", "alice", "client")
    asked_for(firm, asset="USDC", network="eip155:10", address=ALICE)
    examine(firm).quiet()


def test_an_address_on_record_on_one_chain_is_wrong_on_the_other() -> None:
    firm = Firm().told()
    asked_for(firm, asset="USDC", network="eip155:10", address=ALICE)
    assert examine(firm).one("wrong_network").opened == 400


def test_the_case_of_an_ethereum_address_is_no_other_address() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    asked_for(firm, address="0x" + ALICE[2:].upper())
    assert not examine(firm).all("lookalike_address")


def test_where_no_address_was_ever_heard_none_is_missing() -> None:
    firm = Firm(addresses=False).told()
    asked_for(firm)
    polls(firm, 900)
    verdict = examine(firm)
    assert not verdict.all("unregistered_address"), verdict.stories


@pytest.mark.parametrize("ending", ["rejected", "cancelled", "blocked", "failed", "expired"])
@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"address": TWIN}, "lookalike_address"),
        ({"network": "eip155:137"}, "wrong_network"),
        ({"address": "0x" + "3" * 40}, "unregistered_address"),
    ],
    ids=["lookalike", "network", "unregistered"],
)
def test_a_stopped_request_closes_what_was_said_of_its_destination(
    facts: dict[str, Any], kind: str, ending: str
) -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2", control=HUMAN, **facts)
    it("requested", 400, "oms")
    it(ending, 430, "oms")
    firm.until(440)
    assert examine(firm).one(kind).over


def unproved(firm: Firm, **more: Any) -> None:
    fresh = "0x" + "8" * 40
    firm.register(fresh, ETHEREUM, "alice", **{"role": "hot", "at": 200, "location": HOT, **more})
    it = firm.coming("in", "alice", "ETH", "3")
    it.fields["to"]["address"] = fresh
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", "3")
    firm.credit(it, "alice", "3", 410)
    polls(firm, 900)


def test_a_deposit_to_an_own_address_without_proof_is_raised_at_once() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    unproved(firm)
    story = examine(firm).one("unproved_address")
    assert story.severity == "P2"
    assert 370 <= story.opened <= 405
    assert story.scope["location"] == HOT


@pytest.mark.parametrize("more", [{"control_proved_at": stamp(100)}, {"role": "client"}], ids=repr)
def test_a_deposit_to_a_proved_address_is_quiet(more: dict[str, Any]) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    unproved(firm, **more)
    examine(firm).quiet()


def test_a_proof_that_comes_later_closes_it() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    unproved(firm)
    proof = {"control_proved_at": stamp(850)}
    firm.register("0x" + "8" * 40, ETHEREUM, "alice", "hot", at=860, location=HOT, **proof)
    assert examine(firm).one("unproved_address").over
