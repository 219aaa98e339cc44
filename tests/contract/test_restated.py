"""What was completed is told again with another amount, or comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, ETHEREUM, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways

CHAIN = "chain:eip155:1"
VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(client_named=False), Ways(told_twice=True)]
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}


def restated(firm: Firm, amount: str, at: float = 4_000, told_at: float | None = None) -> str:
    it = firm.coming("in", "alice", "ETH", "10")
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", "10")
    firm.credit(it, "alice", "10", 420)
    return it("completed", at, CHAIN, revision=1, amount=amount, seen=told_at)


@pytest.mark.parametrize("ways", VARIED[:3], ids=str)
def test_a_completed_amount_that_is_restated_is_raised_at_once(ways: Ways) -> None:
    firm = Firm(ways).told()
    told = restated(firm, "1")
    firm.value(4_000, HOT, "ETH", "-9")
    polls(firm, 4_500)
    verdict = examine(firm)
    story = verdict.one("restatement")
    assert (story.opened, story.severity) == (4_000, "P3")
    assert told in story.evidence
    assert story.scope.get("transfer_id") == "in"
    assert verdict.expected(HOT, "ETH") == firm.held(HOT, 5_000)["ETH"]
    assert not verdict.all("position_drift")


def test_what_was_restated_after_it_was_paid_on_is_a_page() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    told = restated(firm, "1")
    for number, amount in enumerate(("60", "50.25")):  # alice has 100 and the 11.25 that have come
        address = "0x" + str(number + 1) * 40
        firm.register(address, ETHEREUM, "alice", "client")
        firm.withdraw(f"w-{number}", "alice", "ETH", amount, 1_000 + 100 * number, address=address)
    firm.value(4_000, HOT, "ETH", "-9")
    polls(firm, 4_200)
    story = examine(firm).one("restatement")
    assert story.severity == "P1"
    assert told in story.evidence


def test_a_restatement_that_changes_nothing_is_quiet_and_one_that_is_told_twice_is_told_once() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    restated(firm, "10")
    restated_again = firm.lines[-1]
    firm.lines.append(
        (
            4_100,
            restated_again[1] + 1,
            "transfers",
            {**restated_again[3], "event_id": "again", "observed_at": "2026-03-02T10:08:20Z"},
        )
    )
    polls(firm, 4_500)
    examine(firm).quiet()


def test_a_restatement_before_completion_is_no_restatement() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.coming("in", "alice", "ETH", "10")
    it("confirming", 370, CHAIN)
    it("confirming", 375, CHAIN, revision=1, amount="3")
    it("completed", 400, CHAIN, amount="3")
    firm.value(400, HOT, "ETH", "3")
    firm.credit(it, "alice", "3", 420)
    polls(firm, 900)
    assert not examine(firm).all("restatement")


def test_a_fiat_payment_that_is_returned_is_taken_back_in_the_books_and_quiet() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.wanted("w", "bob", "USD", "900")
    firm.leave(it, 400)
    firm.debit(it, "bob", "900", 401, 442)
    firm.value(410, BANK, "USD", "-900")
    it("returned", 700, "bank:acme-usd")
    firm.value(700, BANK, "USD", "900")
    legs = (("client:bob", "USD", "900"), ("world:w", "USD", "-900"))
    firm.journal(705, "reversal", *legs, transfer_id="w", origin="auto")
    polls(firm, 1_500)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(BANK, "USD") == firm.held(BANK, 1_500)["USD"]


def test_a_withdrawal_that_fails_before_it_leaves_is_given_back_and_quiet() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.wanted("w", "alice", "ETH", "5")
    it("requested", 400, "oms")
    firm.journal(401, "withdrawal", ("client:alice", "ETH", "-5"), ("transit:main", "ETH", "5"), transfer_id="w")
    it("failed", 430)
    firm.journal(432, "reversal", ("client:alice", "ETH", "5"), ("transit:main", "ETH", "-5"), transfer_id="w")
    polls(firm, 1_500)
    examine(firm).quiet()
