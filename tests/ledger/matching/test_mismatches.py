"""What is booked is not what moved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import Desk
from tests.ledger.wire import stamp


@pytest.mark.parametrize(
    ("credited", "told"),
    [
        ("11", "amount_mismatch P1"),
        ("9", "amount_mismatch P3"),
        ("1000", "unit_or_decimal_error P1"),
        ("0.1", "unit_or_decimal_error P1"),
        ("10.0001", None),
        ("9.9999", None),
    ],
)
def test_a_credit_of_another_amount_is_told_when_both_are_known(credited: str, told: str | None) -> None:
    said = {told} if told else set()
    for credit_first in (False, True):
        desk = Desk(restarts=True)
        first, second = [desk.inflow("D-1")], desk.credit("D-1", credited)
        if credit_first:
            first, second = second, first
        assert desk.hear(*first) == set()
        assert desk.hear(*second) == said
        desk.wait(50)
        assert desk.open == said


def test_what_was_delivered_counts_and_not_what_was_stated() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", amount="10000", amount_delivered="0.01"))
    assert desk.hear(*desk.credit("D-1", "10000")) == {"amount_mismatch P1"}
    assert desk.told_of("amount_mismatch").explanation == "For D-1 10000 BTC were credited, and 0.01 BTC arrived."


def test_a_correction_mends_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1", "11"))
    desk.hear(*desk.journal(("ann", "-1"), ("out", "1"), of="D-1", op_type="adjustment"))
    assert desk.ended == {"amount_mismatch": "resolved"}


def test_a_later_report_of_what_arrived_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", amount="10"), *desk.credit("D-1", "9"))
    desk.hear(desk.inflow("D-1", amount="10", amount_delivered="9", source="chain"))
    assert desk.ended == {"amount_mismatch": "explained"}


def test_a_restated_posting_counts_as_it_stands() -> None:
    desk = Desk()
    outside, client = desk.credit("D-1", "11")
    desk.hear(desk.inflow("D-1"), outside, client)
    for leg, amount in ((outside, "-10"), (client, "10")):
        desk.hear((leg[0], {**leg[1], "event_id": desk.name(), "revision": 1, "amount": amount}))
    assert desk.ended == {"amount_mismatch": "resolved"}


@pytest.mark.parametrize("credited", ["10", "9.9"])
def test_a_fee_that_was_deducted_may_be_borne_by_either(credited: str) -> None:
    desk = Desk()
    fee = {"fee_amount": "0.1", "fee_asset": "BTC", "fee_payer": "deducted"}
    assert desk.hear(desk.inflow("D-1", **fee), *desk.credit("D-1", credited)) == set()


def test_a_charge_of_the_firm_on_a_deposit_is_part_of_it() -> None:
    desk = Desk()
    legs = [("out", "-10"), ("ann", "9"), ("fees", "1")]
    assert desk.hear(desk.inflow("D-1"), *desk.journal(*legs, of="D-1")) == set()
    assert desk.wait(2_000) == set()


def test_what_is_split_among_clients_is_judged_as_a_whole() -> None:
    desk = Desk()
    legs = [("out", "-10"), ("ann", "6"), ("bob", "4")]
    assert desk.hear(desk.inflow("D-1", to={"location": "hot"}), *desk.journal(*legs, of="D-1")) == set()
    assert desk.wait(2_000) == set()


def test_what_was_right_until_the_movement_was_restated_waits_for_its_correction() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    assert desk.hear(desk.inflow("D-1", amount="1", revision=1)) == {"restatement P3"}
    assert desk.wait(890) == set()
    assert desk.wait(20) == {"amount_mismatch P3"}
    desk.hear(*desk.journal(("ann", "-9"), ("out", "9"), of="D-1", op_type="adjustment"))
    assert desk.ended == {"amount_mismatch": "resolved"}


def test_a_restatement_that_is_corrected_in_time_is_quiet() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"), desk.inflow("D-1", amount="1", revision=1))
    desk.hear(*desk.journal(("ann", "-9"), ("out", "9"), of="D-1", op_type="adjustment"))
    assert desk.wait(2_000) == set()


def test_a_correction_that_is_heard_before_the_restatement_gets_a_minute() -> None:
    for restated in (True, False):
        desk = Desk(restarts=True)
        desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
        correction = desk.journal(("ann", "-9"), ("out", "9"), of="D-1", op_type="adjustment")
        assert desk.hear(*correction) == set()
        if restated:
            assert desk.hear(desk.inflow("D-1", amount="1", revision=1)) == {"restatement P3"}
        assert desk.wait(2_000) == (set() if restated else {"unit_or_decimal_error P1"})


def payment(desk: Desk, held: str, **more: Any) -> set[str]:
    fee = {"fee_amount": "0.5", "fee_asset": "BTC", "fee_payer": "sender"}
    events = [desk.payment("W-1", "requested", **fee), *desk.hold("W-1", held), desk.payment("W-1", **fee)]
    return desk.hear(*events, *desk.settle("W-1", held), **more)


@pytest.mark.parametrize(("held", "told"), [("9", "amount_mismatch P3"), ("11", "amount_mismatch P3")])
def test_a_debit_of_another_amount_gets_a_minute(held: str, told: str) -> None:
    desk = Desk(restarts=True)
    assert payment(desk, held) == set()
    assert desk.wait(61) == {told}
    assert "were debited, and 10 BTC left" in desk.told_of("amount_mismatch").explanation


@pytest.mark.parametrize("held", ["10", "10.5", "10.2"])
def test_a_debit_with_the_fee_or_without_is_right(held: str) -> None:
    desk = Desk()
    assert payment(desk, held) == set()
    assert desk.wait(2_000) == set()


def test_the_fee_that_happened_last_counts_and_not_the_one_that_was_heard_last() -> None:
    desk = Desk(restarts=True)
    stages = []
    for number, (status, fee) in enumerate((("requested", "0.1"), ("broadcast", "0.1"), ("completed", "0.9"))):
        more = {"fee_amount": fee, "fee_asset": "BTC", "fee_payer": "sender"}
        stages.append(desk.payment("W-1", status, **more))
        stages[-1][1]["event_time"] = stamp(desk.now - 100 + number)
    desk.hear(stages[0], stages[2], stages[1], *desk.hold("W-1"))
    desk.hear(*desk.journal(("house", "-0.9"), ("out", "0.9"), of="W-1", op_type="fee"))
    assert desk.wait(2_000) == set()


def test_a_debit_of_ten_times_the_amount_is_told_at_once() -> None:
    desk = Desk()
    assert desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1", "100")) == {"unit_or_decimal_error P1"}


def test_a_charge_of_the_firm_on_a_payment_is_part_of_the_debit() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"))
    desk.hear(*desk.journal(("ann", "-1"), ("fees", "1"), of="W-1", op_type="fee"), desk.payment("W-1"))
    assert desk.wait(2_000) == set()


def test_more_given_back_than_was_taken_is_told() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1", "cancelled"))
    assert desk.hear(*desk.journal(("way", "-12"), ("ann", "12"), of="W-1", op_type="withdrawal")) == set()
    assert desk.wait(61) == {"amount_mismatch P1"}


@pytest.mark.parametrize(("amount", "told"), [("100", "unit_or_decimal_error P1"), ("12", "amount_mismatch P1")])
def test_a_book_transfer_that_gives_more_than_it_moves_is_told(amount: str, told: str) -> None:
    desk = Desk()
    legs = [("ann", f"-{amount}"), ("bob", amount)]
    desk.hear(*desk.journal(*legs, of="B-1", op_type="internal"))
    assert desk.hear(desk.own("B-1")) == {told}
