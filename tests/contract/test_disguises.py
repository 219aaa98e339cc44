"""The same faults in other clothes, and honest things in clothes that do not suit them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, ETHEREUM, HOT, VENUE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side, stamp

CHAIN = "chain:eip155:1"
BEATS = Ways(heartbeat_s=60)


def test_a_second_credit_that_names_no_deposit_is_still_one_too_many() -> None:
    firm = Firm(Ways(transfer_ids=False)).told()
    it = firm.deposit("in", "alice", "ETH", "3", 370)
    firm.credit(it, "alice", "3", 500)
    firm.until(600)
    pages = [story for story in examine(firm).loud() if story.kind in ("double_credit", "phantom_credit")]
    assert len(pages) == 1
    assert pages[0].severity == "P1"
    assert 500 <= pages[0].opened <= 560


@pytest.mark.parametrize("facts", [{"amount": "2.000"}, {"address": address_of("alice", ETHEREUM)}], ids=repr)
def test_a_second_payment_that_is_written_otherwise_is_the_same(facts: dict[str, Any]) -> None:
    firm = Firm().told()
    firm.withdraw("w1", "alice", "ETH", "2", 400)
    amount = facts.pop("amount", "2")
    firm.withdraw("w2", "alice", "ETH", amount, 600, **facts)
    firm.until(700)
    assert 600 <= examine(firm).one("duplicate_payment").opened <= 607


def test_a_second_payment_in_an_alias_is_the_same() -> None:
    firm = Firm().told()
    firm.withdraw("w1", "alice", "BTC", "2", 400)
    it = firm.wanted("w2", "alice", "BTC", "2")
    it.fields["asset"] = "XBT"
    it("requested", 600, "oms")
    it("approved", 602, "oms")
    it("broadcast", 610)
    firm.until(620)
    assert 600 <= examine(firm).one("duplicate_payment").opened <= 607


def test_a_place_that_no_reference_names_drifts_like_any_other() -> None:
    firm = Firm(BEATS).told()
    firm.value(-1, "okx:sub", "ETH", "40")
    firm.value(700, "okx:sub", "ETH", "-1")
    polls(firm, 1_500, ("okx:sub", HOT, COLD, VENUE, BANK))
    firm.snapshot("okx:sub", 0)
    story = examine(firm).one("position_drift")
    assert story.scope["location"] == "okx:sub"
    assert 1_200 <= story.opened <= 1_210


def test_a_debit_that_is_heard_before_the_credit_it_follows_leaves_nobody_below_zero() -> None:
    firm = Firm(BEATS).told()
    credit = firm.journal(400, "interest", ("client:carol", "BTC", "5"), ("pnl:main", "BTC", "-5"))
    firm.journal(401, "fee", ("client:carol", "BTC", "-12"), ("fee:main", "BTC", "12"))
    firm.lines = [
        (403, line[1], line[2], {**line[3], "observed_at": stamp(403)}) if line[3]["event_id"] in credit else line
        for line in firm.lines
    ]
    firm.until(500)
    examine(firm).quiet()


@pytest.mark.parametrize("op", ["fee", "funding", "interest", "settlement"])
def test_a_small_kind_that_leaves_without_a_ledger_leg_is_unmatched_after_a_minute(op: str) -> None:
    firm = Firm().told()
    firm.movement("small", op, side(HOT), side("external"), "USDC", "25")("completed", 400)
    firm.until(600)
    story = examine(firm).one("unmatched_outflow")
    assert (story.opened, story.severity) == (460, "P1")


@pytest.mark.parametrize("op", ["interest", "reward", "rebate", "settlement"])
def test_a_small_kind_that_comes_without_a_ledger_leg_is_unmatched_after_a_minute(op: str) -> None:
    firm = Firm().told()
    firm.movement("small", op, side("external"), side(HOT), "USDC", "25")("completed", 400)
    firm.until(600)
    story = examine(firm).one("unmatched_inflow")
    assert (story.opened, story.severity) == (460, "P3")


@pytest.mark.parametrize("where", ["the movement", "the end", "both"])
def test_the_network_of_an_address_may_stand_in_either_place(where: str) -> None:
    firm = Firm(BEATS).told()
    out = firm.withdraw("w", "alice", "ETH", "2", 400)
    into = firm.deposit("in", "alice", "ETH", "3", 500)
    assert out.fields["network"] == into.fields["network"]
    for line in firm.lines:
        value = line[3]
        if line[2] == "transfers" and value["transfer_id"] in ("w", "in"):
            if where == "the movement":
                value["to"] = {key: part for key, part in value["to"].items() if key != "network"}
            if where == "the end":
                del value["network"]
    polls(firm, 900)
    examine(firm).quiet()


def test_a_chain_that_knows_no_client_and_no_custodian_tells_the_same_movement() -> None:
    firm = Firm(BEATS).told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("requested", 400, "oms")
    bare: dict[str, Any] = {
        "from": side(HOT, address=address_of(HOT, ETHEREUM), network=ETHEREUM),
        "to": side("external", address=address_of("alice", ETHEREUM), network=ETHEREUM),
    }
    it("broadcast", 410, CHAIN, **bare)
    it("completed", 440, CHAIN, **bare)
    firm.value(410, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", 401, 442)
    polls(firm, 900)
    examine(firm).quiet()


def test_an_outflow_that_is_sent_back_and_sent_again_is_one_payment() -> None:
    firm = Firm(BEATS).told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("requested", 400, "oms")
    for status, at in (
        ("broadcast", 410),
        ("completed", 430),
        ("reorged", 440),
        ("broadcast", 450),
        ("completed", 480),
    ):
        it(status, at, CHAIN)
    firm.value(410, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", 401, 482)
    polls(firm, 900)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(HOT, "ETH") == firm.held(HOT, 900)["ETH"]


def test_a_retry_under_a_new_reference_after_a_failure_is_no_duplicate() -> None:
    firm = Firm(BEATS).told()
    it = firm.wanted("w1", "alice", "ETH", "2", ids={"client_ref": "r1"})
    it("requested", 400, "oms")
    it("failed", 430)
    firm.withdraw("w2", "alice", "ETH", "2", 600, ids={"client_ref": "r2"})
    polls(firm, 900)
    examine(firm).quiet()
