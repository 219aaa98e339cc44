"""The same thing twice: credits, payments, events, restatements, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import HOT, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways

CHAIN = "chain:eip155:1"
BEATS = Ways(heartbeat_s=60)


@pytest.mark.parametrize("ways", [Ways(), Ways(group="all"), BEATS, Ways(told_twice=True)], ids=str)
def test_a_deposit_that_is_credited_twice_is_raised_at_once(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = firm.deposit("in", "alice", "ETH", "3", 370)
    again = firm.credit(it, "alice", "3", 500)
    firm.until(520)
    verdict = examine(firm)
    story = verdict.one("double_credit")
    assert (story.opened, story.severity) == (500, "P1")
    assert again[0] in story.evidence
    assert story.scope["asset"] == "ETH"
    assert [one.kind for one in verdict.loud()] == ["double_credit"]


@pytest.mark.parametrize("others", ["alice", "bob"])
def test_one_output_that_is_credited_under_two_names_is_raised_at_once(others: str) -> None:
    firm = Firm().told()
    ids = {"tx_hash": "0xabc", "tx_index": 0}
    firm.deposit("in", "alice", "ETH", "3", 370, ids=ids)
    twin = firm.coming("in-again", "alice", "ETH", "3", ids=ids)
    twin("completed", 480, CHAIN)
    firm.credit(twin, others, "3", 500)
    firm.until(520)
    story = examine(firm).one("double_credit")
    assert story.severity == "P1"
    assert 480 <= story.opened <= 500


def test_a_reversal_closes_the_double_credit() -> None:
    firm = Firm().told()
    it = firm.deposit("in", "alice", "ETH", "3", 370)
    firm.credit(it, "alice", "3", 500, journal_id="second")
    legs = (("client:alice", "ETH", "-3"), ("world:w", "ETH", "3"))
    hands = {"origin": "manual", "maker": "ann", "checker": "ben"}
    firm.journal(600, "reversal", *legs, reverses="second", transfer_id="in", **hands)
    firm.until(700)
    assert examine(firm).one("double_credit").over


def test_two_outputs_of_one_transaction_are_two_deposits() -> None:
    firm = Firm(BEATS).told()
    for index, client in enumerate(("alice", "bob")):
        firm.deposit(f"in-{index}", client, "ETH", "3", 370 + index, ids={"tx_hash": "0xabc", "tx_index": index})
    polls(firm, 900)
    examine(firm).quiet()


def test_equal_deposits_in_two_transactions_are_two_deposits() -> None:
    firm = Firm(Ways(transfer_ids=False, heartbeat_s=60)).told()
    for number in range(3):
        firm.deposit(f"in-{number}", "alice", "ETH", "3", 370 + 5 * number)
    polls(firm, 900)
    examine(firm).quiet()


def test_a_credit_that_was_reversed_and_booked_again_is_one_credit() -> None:
    firm = Firm(BEATS).told()
    it = firm.deposit("in", "alice", "ETH", "3", 370)
    legs = (("client:alice", "ETH", "-3"), ("world:w", "ETH", "3"))
    hands = {"origin": "manual", "maker": "ann", "checker": "ben"}
    firm.journal(500, "reversal", *legs, reverses="j15", transfer_id="in", **hands)
    firm.credit(it, "alice", "3", 510)
    polls(firm, 900)
    examine(firm).quiet()


def test_a_posting_that_is_restated_without_a_difference_is_no_second_credit() -> None:
    firm = Firm(BEATS).told()
    firm.deposit("in", "alice", "ETH", "3", 370)
    numbered = [line for line in firm.numbered() if line[3].get("transfer_id") == "in" and line[2] == "ledger"]
    for seen, number, topic, value in numbered:
        again = {**value, "revision": 1, "event_id": f"{value['event_id']}-r1"}
        firm.lines.append((seen, number, topic, again))
    polls(firm, 900)
    examine(firm).quiet()


def pay(firm: Firm, transfer_id: str, at: float, ref: str | None = None, **more: Any) -> str:
    ids = {"client_ref": ref} if ref else None
    it = firm.wanted(transfer_id, "alice", "ETH", "2", ids=ids, **more)
    asked = it("requested", at, "oms")
    it("approved", at + 2, "oms")
    it("broadcast", at + 30)
    it("completed", at + 60)
    firm.value(at + 30, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", at + 1, at + 62)
    return asked


@pytest.mark.parametrize("ways", [Ways(), Ways(group="all"), BEATS, Ways(transfer_ids=False)], ids=str)
@pytest.mark.parametrize("refs", [(None, None), ("r1", None), ("r1", "r1")], ids=repr)
def test_the_same_payment_again_is_raised_before_it_is_sent(ways: Ways, refs: tuple[str | None, str | None]) -> None:
    firm = Firm(ways).told()
    pay(firm, "w1", 400, refs[0])
    again = pay(firm, "w2", 640, refs[1])
    firm.until(720)
    verdict = examine(firm)
    story = verdict.one("duplicate_payment")
    assert story.severity == "P1"
    assert 640 <= story.opened <= 647, "five seconds after its approval at the latest"
    assert again in story.evidence
    assert story.scope.get("transfer_id") == "w2"
    assert [one.kind for one in verdict.loud()] == ["duplicate_payment"]


def test_a_second_payment_that_is_stopped_closes_it() -> None:
    firm = Firm().told()
    pay(firm, "w1", 400)
    it = firm.wanted("w2", "alice", "ETH", "2")
    it("requested", 640, "oms")
    it("approved", 642, "oms")
    it("cancelled", 700, "oms")
    firm.until(720)
    assert examine(firm).one("duplicate_payment").over


@pytest.mark.parametrize(
    ("second", "more"),
    [
        ("its own reference", {"ref": "r2"}),
        ("another day", {"at": 400 + 86_460.0}),
        ("another address", {"address": address_of("alice", "eip155:1", "in")}),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_two_payments_that_differ_are_two_payments(second: str, more: dict[str, Any]) -> None:
    firm = Firm().told()
    assert second
    pay(firm, "w1", 400, "r1" if "ref" in more else None)
    pay(firm, "w2", **{"at": 640, **more})
    firm.until(max(line[0] for line in firm.lines) + 20)
    verdict = examine(firm)
    assert not verdict.all("duplicate_payment")
    verdict.quiet(but=("source_silent",))


def test_a_payroll_of_equal_amounts_to_many_addresses_is_quiet() -> None:
    firm = Firm(BEATS).told()
    for number in range(40):
        address = address_of(f"worker-{number}", "eip155:1")
        firm.register(address, "eip155:1", "alice", "client")
        pay(firm, f"w{number}", 400 + number, address=address)
    polls(firm, 900)
    examine(firm).quiet()


def test_equal_deposits_and_withdrawals_that_come_back_are_no_duplicates() -> None:
    firm = Firm(BEATS).told()
    firm.deposit("in", "alice", "ETH", "2", 370)
    pay(firm, "w1", 500)
    firm.deposit("in-2", "alice", "ETH", "2", 600)
    polls(firm, 900)
    examine(firm).quiet()


def test_an_event_again_under_its_id_has_no_effect_and_with_other_content_conflicts() -> None:
    firm = Firm().told()
    firm.deposit("in", "alice", "ETH", "3", 370)
    final = next(
        line for line in firm.lines if line[3].get("transfer_id") == "in" and line[3].get("status") == "completed"
    )
    firm.lines.append((450, final[1], final[2], {**final[3], "observed_at": "2026-03-02T09:07:30Z"}))
    examine(firm).quiet()
    firm.lines.append((460, final[1], final[2], {**final[3], "amount": "4", "observed_at": "2026-03-02T09:07:40Z"}))
    verdict = examine(firm, rejects=True)
    story = verdict.one("event_conflict")
    assert (story.opened, story.severity) == (460, "P2")
    assert story.scope["source"] == CHAIN
    assert [one.kind for one in verdict.loud()] == ["event_conflict"]
    assert verdict.expected(HOT, "ETH") == firm.held(HOT, 1_000)["ETH"]
