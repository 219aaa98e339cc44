"""What was booked, sent or refunded is not what came, was asked for, or is referred to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, ETHEREUM, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side

CHAIN = "chain:eip155:1"
VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(told_twice=True), Ways(client_named=False)]
BIG = ("amount_mismatch", "unit_or_decimal_error")


def credited(firm: Firm, came: str, booked: str, **more: Any) -> list[str]:
    it = firm.coming("in", "alice", "ETH", came, **more)
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", more.get("amount_delivered", came))
    return firm.credit(it, "alice", booked, 420)


@pytest.mark.parametrize("ways", VARIED, ids=str)
@pytest.mark.parametrize(("booked", "severity"), [("3.2", "P1"), ("2.9", "P3")])
def test_a_credit_of_another_amount_than_came_is_raised_at_once(ways: Ways, booked: str, severity: str) -> None:
    firm = Firm(ways).told()
    legs = credited(firm, "3", booked)
    firm.until(700)
    verdict = examine(firm)
    story = verdict.one("amount_mismatch")
    assert (story.opened, story.severity) == (420, severity)
    assert legs[0] in story.evidence
    assert story.scope.get("transfer_id") == "in"
    assert booked in story.records[0]["explanation"]
    assert [one.kind for one in verdict.loud()] == ["amount_mismatch"]


def test_a_credit_that_came_first_is_compared_when_the_money_comes() -> None:
    firm = Firm().told()
    it = firm.coming("in", "alice", "ETH", "3")
    firm.credit(it, "alice", "3.2", 390)
    it("completed", 400, CHAIN)
    firm.until(500)
    story = examine(firm).one("amount_mismatch")
    assert (story.opened, story.severity) == (400, "P1")


def test_a_correction_closes_it() -> None:
    firm = Firm().told()
    credited(firm, "3", "3.2")
    hands = {"origin": "manual", "maker": "ann", "checker": "ben", "transfer_id": "in"}
    firm.journal(600, "adjustment", ("client:alice", "ETH", "-0.2"), ("world:w", "ETH", "0.2"), **hands)
    firm.until(700)
    assert examine(firm).one("amount_mismatch").over


def test_a_partial_payment_that_is_credited_in_full_is_raised_at_once() -> None:
    firm = Firm().told()
    credited(firm, "10000", "10000", amount_delivered="0.01")
    firm.until(500)
    story = next(story for story in examine(firm).loud() if story.kind in BIG)
    assert (story.opened, story.severity) == (420, "P1")


@pytest.mark.parametrize(
    ("facts", "booked"),
    [
        ({"amount_delivered": "2.5"}, "2.5"),
        ({"fee_amount": "0.1", "fee_asset": "ETH", "fee_payer": "deducted"}, "2.9"),
        ({"fee_amount": "0.1", "fee_asset": "ETH", "fee_payer": "deducted", "amount_delivered": "2.9"}, "2.9"),
        ({"fee_amount": "0.1", "fee_asset": "ETH", "fee_payer": "third_party"}, "3"),
        ({"fee_amount": "0.1", "fee_asset": "ETH", "fee_payer": "sender"}, "3"),
        ({}, "3"),
    ],
    ids=repr,
)
def test_what_arrived_is_what_is_credited(facts: dict[str, str], booked: str) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    credited(firm, "3", booked, **facts)
    firm.effects[-1] = (400, HOT, "ETH", type(firm.effects[-1][3])(booked))
    polls(firm, 1_200)
    examine(firm).quiet()


def test_more_is_sent_than_was_asked_for() -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("requested", 400, "oms")
    sent = it("broadcast", 410, CHAIN, amount="3")
    firm.debit(it, "alice", "2", 401, 460)
    it("completed", 450, CHAIN, amount="3")
    firm.until(460)
    story = examine(firm).one("amount_mismatch")
    assert story.opened == 410
    assert sent in story.evidence


def test_the_books_debit_less_than_was_sent() -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.debit(it, "alice", "1.5", 401, 442)
    firm.until(500)
    assert examine(firm).all("amount_mismatch")


def test_a_gas_difference_is_no_difference_of_the_amount() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.wanted("w", "alice", "ETH", "2", fee_asset="ETH", fee_payer="sender")
    for status, at, source in (("requested", 400, "oms"), ("broadcast", 410, CHAIN), ("completed", 440, CHAIN)):
        it(status, at, source, fee_amount="0.002" if status == "requested" else "0.0023")
    firm.value(410, HOT, "ETH", "-2.0023")
    firm.debit(it, "alice", "2", 401, 442)
    firm.journal(443, "fee", ("house:main", "ETH", "-0.0023"), ("world:w", "ETH", "0.0023"), transfer_id="w")
    polls(firm, 900)
    examine(firm).quiet()


@pytest.mark.parametrize("factor", ["300", "3000000", "0.003"])
def test_a_power_of_ten_between_what_came_and_what_is_booked_is_an_error_of_units(factor: str) -> None:
    firm = Firm().told()
    credited(firm, "3", factor)
    firm.until(500)
    story = examine(firm).one("unit_or_decimal_error")
    assert (story.opened, story.severity) == (420, "P1")


def refund(firm: Firm, amount: str, **more: Any) -> None:
    paid = firm.movement("paid", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "100")
    paid("completed", 300, "bank:acme-usd")
    firm.value(300, BANK, "USD", "100")
    firm.credit(paid, "carol", "100", 310)
    hands = {"origin": "manual", "initiator": "ann", "approvers": ["ben"]}
    start, end = side(BANK, client_id="carol", account_id="client:carol"), side("external", client_id="carol")
    back = firm.movement("back", "refund", start, end, "USD", amount, ids={"refers_to": "paid"}, control=hands)
    back("requested", 400, "oms")
    back("completed", 430, "bank:acme-usd")
    firm.value(430, BANK, "USD", f"-{amount}")
    legs = (("client:carol", "USD", f"-{amount}"), ("transit:main", "USD", amount))
    firm.journal(401, "refund", *legs, transfer_id="back", origin="manual", maker="ann", checker="ben")
    legs = (("transit:main", "USD", f"-{amount}"), ("world:w", "USD", amount))
    firm.journal(432, "refund", *legs, transfer_id="back")


def test_a_refund_of_more_than_was_paid_is_raised_when_it_is_asked_for() -> None:
    firm = Firm().told()
    refund(firm, "10474143")
    firm.until(410)
    story = next(story for story in examine(firm).loud() if story.kind in BIG)
    assert (story.opened, story.worst) == (400, "P1")


@pytest.mark.parametrize("amount", ["100", "40"])
def test_a_refund_of_all_or_a_part_is_quiet(amount: str) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    refund(firm, amount)
    polls(firm, 900)
    examine(firm).quiet()


def swap(firm: Firm, minted: str) -> None:
    """Move a coin from one chain to another: what is burnt here is minted there."""
    burnt = firm.movement(
        "s-burn", "burn", side(HOT), side("external"), "USDC", "500", parent_id="swap", network=ETHEREUM
    )
    mint = firm.movement(
        "s-mint", "mint", side("external"), side(HOT), "USDC", minted, parent_id="swap", network="eip155:10"
    )
    for it in (burnt, mint):
        it("requested", 400, "treasury")
        it("completed", 430)
    firm.value(430, HOT, "USDC", str(int(minted) - 500))


def test_two_legs_of_a_swap_that_differ_by_a_power_of_ten_are_an_error_of_units() -> None:
    firm = Firm().told()
    swap(firm, "50000")
    firm.until(435)
    story = examine(firm).one("unit_or_decimal_error")
    assert story.severity == "P1"
    assert 400 <= story.opened <= 430


def test_a_swap_of_equal_legs_is_quiet() -> None:
    firm = Firm().told()
    swap(firm, "500")
    firm.until(435)
    examine(firm).quiet()
