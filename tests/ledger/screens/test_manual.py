"""Credits that no money came for: the slip of the unit, and the ordinary ones."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.screens import manual
from tests.ledger.screens.desk import Desk

UNIT = "unit_or_decimal_error P1"


def journal(desk: Desk, number: int | str, amount: str, giver: str = "external", **more: Any) -> set[str]:
    """Hear of a journal that credits a client; return what is said."""
    legs: list[dict[str, Any]] = [
        {"amount": f"-{amount}", "account_id": f"{giver}:1", "account_class": giver, "client_id": None},
        {"amount": amount},
    ]
    said: set[str] = set()
    for leg_no, leg in enumerate(legs, 1):
        said |= desk.post(journal_id=f"J-{number}", posting_id=f"J-{number}-{leg_no}", leg_no=leg_no, **{**more, **leg})
    return said


def test_trillions_without_precedent_are_told() -> None:
    desk = Desk(restarts=True)
    assert journal(desk, 1, "81000000000000") == {UNIT}


def test_a_million_is_a_slip_only_far_beyond_what_was_before() -> None:
    desk = Desk()
    assert journal(desk, 1, "200000") == set()
    assert journal(desk, 2, "3999999") == set()
    assert journal(desk, 3, "80000000") == {UNIT}
    assert journal(desk, 4, "70000000") == set()


def test_a_slip_is_not_learned_from() -> None:
    desk = Desk()
    journal(desk, 0, "100")
    assert [journal(desk, number, "5000000") for number in (1, 2)] == [{UNIT}, {UNIT}]


def test_a_batch_by_one_person_is_one_alert_that_counts() -> None:
    desk = Desk()
    for number in range(100):
        journal(desk, number, "2000", asset="BTC", op_type="reward", client_id=f"client-{number}")
    told = desk.alerts("unit_or_decimal_error")
    assert len({alert.alert_id for alert in told}) == 1
    assert told[-1].count == 64
    assert "128000 BTC in all" in told[-1].explanation
    assert len(told) < 25
    journal(desk, "other", "2000", asset="BTC", op_type="reward", maker="zoe")
    assert len({alert.alert_id for alert in desk.alerts("unit_or_decimal_error")}) == 2


@pytest.mark.parametrize("giver", ["client", "suspense", "in_transit"])
@pytest.mark.parametrize("credit_first", [True, False])
def test_what_another_account_has_less_is_given_and_not_made(giver: str, credit_first: bool) -> None:
    desk = Desk(restarts=True)
    legs: list[dict[str, Any]] = [
        {"amount": "-9000000", "account_id": f"{giver}:1", "account_class": giver, "client_id": "other", "leg_no": 1},
        {"amount": "9000000", "leg_no": 2},
    ]
    for leg in legs[::-1] if credit_first else legs:
        assert desk.post(journal_id="J", posting_id=f"J-{leg['leg_no']}", **leg) == set()
    assert desk.wait(60) == set()


def test_it_is_judged_as_soon_as_the_journal_is_complete() -> None:
    desk = Desk(restarts=True)
    assert desk.post(journal_id="J", posting_id="J-2", leg_no=2, amount="9000000") == set()
    other = {"account_id": "external:1", "account_class": "external", "client_id": None, "amount": "-9000000"}
    assert desk.post(journal_id="J", posting_id="J-1", leg_no=1, **other) == {UNIT}
    assert desk.wait(60) == set()


def test_without_its_other_leg_a_credit_is_judged_soon() -> None:
    desk = Desk(restarts=True)
    assert desk.post(amount="9000000") == set()
    assert desk.wait(10) == {UNIT}
    (alert,) = desk.alerts("unit_or_decimal_error")
    assert alert.updated_at == "2026-01-05T01:00:04Z"


def test_a_deposit_that_was_found_is_credited_whole() -> None:
    desk = Desk()
    ends: dict[str, Any] = {"from": {"location": "external"}, "to": {"location": "bank"}}
    desk.move("D-1", "completed", op_type="deposit", asset="USD", amount="9000000", network=None, **ends)
    assert journal(desk, 1, "9000000", transfer_id="D-1") == set()
    assert journal(desk, 2, "90000000", transfer_id="D-1") == {UNIT}


@pytest.mark.parametrize("op", ["interest", "rebate", "funding", "reward"])
def test_income_in_proportion_is_quiet_whatever_its_size(op: str) -> None:
    desk = Desk()
    income: dict[str, Any] = {"op_type": op, "origin": "auto", "maker": None, "checker": None}
    for number in range(manual.HISTORY_NEEDED):
        assert journal(desk, number, "1000", **income) == set()
    assert journal(desk, "month", "4000000", **income, balance_after="1604000000") == set()
    assert journal(desk, "slip", "40000000000", **income, balance_after="41600000000") == {UNIT}


def test_the_first_income_of_its_kind_proves_nothing_unless_a_person_entered_it() -> None:
    desk = Desk()
    assert journal(desk, 1, "4000000", op_type="interest", origin=None, maker=None, checker=None) == set()
    assert journal(Desk(), 1, "4000000", op_type="interest") == {UNIT}


@pytest.mark.parametrize(
    "other",
    [
        {"op_type": "deposit"},
        {"op_type": "settlement"},
        {"op_type": "withdrawal"},
        {"account_class": "house"},
        {"amount": "-9000000"},
        {"amount": "900000"},
        {"asset": "SHIB"},  # nobody knows what it is worth
    ],
)
def test_what_is_no_large_credit_to_a_client_is_quiet(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.post(**{"amount": "9000000", **other})
    assert desk.wait(60) == set()


def test_an_account_number_as_amount_is_told_at_any_size() -> None:
    desk = Desk(restarts=True)
    assert journal(desk, 1, "104743.21", account_id="client:10474321") == {UNIT} or desk.open == {UNIT}
    assert "10474321" in desk.alerts("unit_or_decimal_error")[0].explanation


# --- movements -----------------------------------------------------------------------------------------------
def credit(desk: Desk, transfer_id: str, amount: str, status: str = "requested", **more: Any) -> set[str]:
    ends: dict[str, Any] = {
        "from": {"location": "bank"},
        "to": {"location": "bank", "client_id": "acme", "account_id": "client:acme"},
    }
    usual: dict[str, Any] = {"op_type": "refund", "asset": "USD", "network": None, "control": {"initiator": "ann"}}
    return desk.move(transfer_id, status, amount=amount, **{**ends, **usual, **more})


def test_a_refund_is_told_when_it_is_asked_for_and_once() -> None:
    desk = Desk(restarts=True)
    assert credit(desk, "F-1", "9000000") == {UNIT}
    assert credit(desk, "F-1", "9000000", "approved") == set()
    assert journal(desk, 1, "9000000", transfer_id="F-1", op_type="refund", maker="ann") == set()


def test_a_credit_told_by_its_posting_is_not_told_again_by_its_movement() -> None:
    desk = Desk(restarts=True)
    journal(desk, 1, "9000000", transfer_id="F-1", op_type="refund", maker="ann")
    assert desk.open == {UNIT}
    assert credit(desk, "F-1", "9000000", "completed") == set()


def test_a_refund_of_a_known_payment_is_held_against_that_elsewhere() -> None:
    desk = Desk()
    desk.move("W-1", "completed")
    assert credit(desk, "F-1", "9000000", ids={"refers_to": "W-1"}) == set()
    assert journal(desk, 1, "9000000", transfer_id="F-1", op_type="refund") == set()


def test_an_id_in_the_amount_of_an_adjustment_is_told() -> None:
    desk = Desk()
    assert credit(desk, "A-1", "904743", op_type="adjustment", ids={"end_to_end_id": "ACCT-904743"}) == {UNIT}
    assert credit(desk, "A-2", "904744", op_type="adjustment", ids={"end_to_end_id": "ACCT-904743"}) == set()


def test_what_one_client_gives_another_is_no_credit_out_of_nothing() -> None:
    ends: dict[str, Any] = {"from": {"location": "bank", "client_id": "other"}}
    assert credit(Desk(), "A-1", "9000000", op_type="adjustment", **ends) == set()
