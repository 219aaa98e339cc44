"""The effect of a movement on holdings, told in every order, and taken back in every way."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HOT, VENUE
from tests.contract.verdicts import Verdict, examine
from tests.contract.ways import Ways, side

UNDONE = ("failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged")


def book(firm: Firm) -> Verdict:
    firm.until(max(line[0] for line in firm.lines) + 5)
    return examine(firm, keep=lambda topic: topic != "ledger")


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))), ids=repr)
def test_the_order_of_arrival_proves_nothing(order: tuple[int, ...]) -> None:
    firm = Firm()
    it = firm.own("m", HOT, COLD, "BTC", "4", fee_amount="0.1", fee_asset="BTC", fee_payer="sender")
    told = [("requested", 300.0), ("broadcast", 310.0), ("completed", 370.0)]
    for place, number in enumerate(order):
        it(told[number][0], told[number][1], seen=400 + place)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == Decimal("45.9")
    assert verdict.expected(COLD, "BTC") == 204
    assert verdict.in_transit(COLD, "BTC") == 0


def test_value_is_on_its_way_between_broadcast_and_completed() -> None:
    firm = Firm()
    it = firm.own("m", HOT, COLD, "BTC", "4")
    it("broadcast", 310)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 46
    assert verdict.expected(COLD, "BTC") == 200
    assert verdict.in_transit(COLD, "BTC") == 4


@pytest.mark.parametrize("first", ["broadcast", "completed"])
@pytest.mark.parametrize("undone", UNDONE)
def test_whatever_undoes_a_movement_undoes_all_of_it(first: str, undone: str) -> None:
    firm = Firm()
    fee = {"fee_amount": "0.1", "fee_asset": "ETH", "fee_payer": "sender"}
    it = firm.own("m", HOT, COLD, "BTC", "4", **fee)
    it(first, 310)
    it(undone, 350)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 50
    assert verdict.expected(HOT, "ETH") == 500
    assert verdict.expected(COLD, "BTC") == 200
    assert verdict.in_transit(COLD, "BTC") == 0


@pytest.mark.parametrize(
    ("facts", "left", "arrived"),
    [
        ({}, "4", "4"),
        ({"fee_payer": "sender"}, "4.1", "4"),
        ({"fee_payer": "deducted"}, "4", "3.9"),
        ({"fee_payer": "third_party"}, "4", "4"),
        ({"fee_payer": "deducted", "amount_delivered": "3.85"}, "4", "3.85"),
        ({"fee_payer": "sender", "amount_delivered": "3.85"}, "4.1", "3.85"),
    ],
    ids=repr,
)
def test_every_payer_of_a_fee_moves_what_the_contract_says(facts: dict[str, Any], left: str, arrived: str) -> None:
    firm = Firm()
    fee = {"fee_amount": "0.1", "fee_asset": "BTC"} if facts else {}
    firm.own("m", HOT, COLD, "BTC", "4", **fee, **facts)("completed", 310)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 50 - Decimal(left)
    assert verdict.expected(COLD, "BTC") == 200 + Decimal(arrived)


def test_the_fee_of_the_latest_event_counts() -> None:
    firm = Firm()
    it = firm.own("m", HOT, COLD, "BTC", "4", fee_asset="BTC", fee_payer="sender")
    it("broadcast", 310, fee_amount="0.1")
    it("replaced", 330, fee_amount="0.3", ids={"tx_hash": "b", "replaced_tx_hash": "a"})
    it("completed", 350, fee_amount="0.3")
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == Decimal("45.7")
    assert verdict.expected(COLD, "BTC") == 204


def test_a_movement_that_two_sources_complete_arrives_once() -> None:
    firm = Firm()
    it = firm.own("m", HOT, COLD, "BTC", "4")
    it("completed", 310, "fireblocks")
    it("completed", 312, "chain:x")
    verdict = book(firm)
    assert verdict.expected(COLD, "BTC") == 204


def test_a_movement_that_is_reorged_and_included_again_arrives_once() -> None:
    firm = Firm()
    it = firm.own("m", HOT, COLD, "BTC", "4")
    for number, status in enumerate(("broadcast", "completed", "reorged", "confirming", "completed")):
        it(status, 310 + number, revision=number)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 46
    assert verdict.expected(COLD, "BTC") == 204


@pytest.mark.parametrize("word", ["completed_but_3rd_party_failed", "COMPLETED_BUT_3RD_PARTY_REJECTED"])
def test_what_a_third_party_refused_has_not_arrived(word: str) -> None:
    firm = Firm()
    it = firm.own("m", HOT, VENUE, "BTC", "4")
    it("broadcast", 310)
    it("completed", 320, sub_status=word)
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 46
    assert verdict.expected(VENUE, "BTC") == 20
    assert verdict.in_transit(VENUE, "BTC") == 4


def test_a_book_transfer_moves_no_holding() -> None:
    firm = Firm()
    it = firm.movement("b", "internal", side(HOT, client_id="alice"), side(HOT, client_id="bob"), "BTC", "4")
    it("requested", 300, "oms")
    it("completed", 301, "oms")
    verdict = book(firm)
    assert verdict.expected(HOT, "BTC") == 50
    assert verdict.in_transit(HOT, "BTC") == 0


def test_a_revision_applies_the_difference_once() -> None:
    firm = Firm()
    it = firm.movement("d", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "10")
    it("completed", 300, "bank:acme-usd")
    it("completed", 400, "bank:acme-usd", revision=1, amount="1")
    it("completed", 400, "bank:acme-usd", revision=1, amount="1", seen=450)
    it("completed", 420, "bank:acme-usd", revision=2, amount="1")
    verdict = book(firm)
    assert verdict.expected(BANK, "USD") == 2_000_001


def test_a_revision_that_is_older_than_what_is_known_changes_nothing() -> None:
    firm = Firm()
    it = firm.movement("d", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "10")
    it("completed", 400, "bank:acme-usd", revision=1, amount="1")
    it("completed", 300, "bank:acme-usd", seen=500)
    assert book(firm).expected(BANK, "USD") == 2_000_001


def test_the_opening_is_the_complete_actual_report_with_the_earliest_moment() -> None:
    firm = Firm()
    firm.know("location", location="okx:main", role="venue", active=True)
    rows = [{"asset": "BTC", "total": "3"}]
    firm.snapshot("okx:main", 100, rows=[{"asset": "BTC", "total": "1"}], complete=False)
    firm.snapshot("okx:main", 120, rows=[{"asset": "BTC", "total": "9"}], holding_kind="virtual")
    firm.snapshot("okx:main", 300, rows=[{"asset": "BTC", "total": "5"}])
    firm.snapshot("okx:main", 200, rows=rows, seen=310)
    it = firm.movement("t", "rebalance", side(VENUE), side("okx:main"), "BTC", "2")
    it("requested", 230, "treasury")
    it("completed", 250)
    verdict = book(firm)
    assert verdict.expected("okx:main", "BTC") == 5
    assert verdict.positions["okx:main", "BTC"]["drift"] == "0"


def test_ways_of_telling_do_not_change_what_is_held() -> None:
    one, two = (examine(Firm(ways).told()).positions for ways in (Ways(), Ways(told_twice=True, group="g")))
    assert {key: row["expected"] for key, row in one.items()} == {key: row["expected"] for key, row in two.items()}
