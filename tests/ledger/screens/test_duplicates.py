"""The same payment twice, and two payments that are only alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.screens.desk import PAYOUT, STRANGER, Desk, address
from tests.ledger.wire import HOUR

TWICE = "duplicate_payment P1"
STAGES = ("requested", "screening", "approved", "broadcast", "completed")


def refs(ref: str) -> dict[str, Any]:
    return {"ids": {"client_ref": ref}}


@given(st.permutations([("W-1", stage) for stage in STAGES] + [("W-2", stage) for stage in STAGES]))
def test_the_second_that_passes_is_told_once_in_any_order(told: list[tuple[str, str]]) -> None:
    desk = Desk()
    begun = {"W-1": 3_600.0, "W-2": 3_840.0}
    for transfer_id, stage in told:
        desk.move(transfer_id, stage, at=begun[transfer_id] + STAGES.index(stage))
    assert [alert.scope.transfer_id for alert in desk.alerts("duplicate_payment")] == ["W-2"]


@given(st.permutations([("W-1", stage) for stage in STAGES] + [("W-2", stage) for stage in STAGES]))
def test_payments_that_the_client_told_apart_are_quiet_in_any_order(told: list[tuple[str, str]]) -> None:
    desk = Desk()
    for transfer_id, stage in told:
        assert desk.move(transfer_id, stage, **refs(f"ref of {transfer_id}")) == set()


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "1.0001"},
        {"asset": "USDC"},
        {"to": {"location": "external", "client_id": "acme", "address": STRANGER}},
        {"to": {"location": "external", "client_id": "acme", "address": PAYOUT, "tag": "7"}},
        {"from": {"location": "hot", "client_id": "other"}},
        {"op_type": "refund"},
        {"after": 25 * HOUR},
    ],
)
def test_whatever_differs_makes_it_another_payment(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.hear(address(STRANGER))
    desk.move("W-1", "completed")
    assert TWICE not in desk.move("W-2", "approved", **other)


def test_it_is_told_when_it_passes_and_not_before() -> None:
    desk = Desk(restarts=True)
    desk.move("W-1")
    assert desk.move("W-2", after=240) == set()
    assert desk.move("W-2", "screening") == set()
    assert desk.move("W-2", "approved") == {TWICE}
    assert desk.move("W-2", "broadcast") == set()


@pytest.mark.parametrize("references", [(None, None), ("A", None), (None, "A"), ("A", "A")])
def test_one_reference_or_the_same_does_not_tell_them_apart(references: tuple[str | None, str | None]) -> None:
    desk = Desk()
    first, second = (refs(ref) if ref else {} for ref in references)
    desk.move("W-1", "completed", **first)
    assert desk.move("W-2", "approved", **second) == {TWICE}


def test_a_reference_told_later_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.move("W-1", "completed", **refs("A"))
    assert desk.move("W-2", "approved") == {TWICE}
    desk.move("W-2", "broadcast", **refs("B"))
    assert desk.ended == {"duplicate_payment": "explained"}


def test_a_first_that_was_undone_was_no_payment() -> None:
    desk = Desk(restarts=True)
    desk.move("W-1", "failed")
    assert desk.move("W-2", "approved") == set()
    desk.move("W-3", "approved", after=60)
    assert desk.open == {TWICE}
    desk.move("W-2", "cancelled")
    assert desk.ended == {"duplicate_payment": "explained"}


def test_a_duplicate_that_is_stopped_is_resolved() -> None:
    desk = Desk(restarts=True)
    desk.move("W-1", "completed")
    desk.move("W-2", "approved")
    desk.move("W-2", "cancelled")
    assert desk.ended == {"duplicate_payment": "resolved"}


def test_refunds_of_one_payment_are_one_and_of_two_are_two() -> None:
    desk = Desk()
    ends: dict[str, Any] = {
        "from": {"location": "bank"},
        "to": {"location": "bank", "client_id": "acme", "account_id": "client:acme"},
    }
    refund: dict[str, Any] = {"op_type": "refund", "asset": "USD", "amount": "100", "network": None, **ends}
    desk.move("F-1", "completed", **refund, ids={"refers_to": "fee-1"})
    assert desk.move("F-2", "completed", **refund, ids={"refers_to": "fee-2"}) == set()
    assert desk.move("F-3", "completed", **refund, ids={"refers_to": "fee-1"}) == {TWICE}


def test_without_a_client_or_a_place_nothing_is_alike() -> None:
    desk = Desk()
    bare: dict[str, Any] = {"from": {"location": "hot"}, "to": {"location": "external"}}
    desk.move("W-1", "completed", **bare)
    assert TWICE not in desk.move("W-2", "completed", **bare)


def test_what_was_forgotten_is_gone_from_the_index() -> None:
    desk = Desk()
    desk.move("W-1", "completed")
    desk.move("W-2", "completed", **refs("x"))
    check = next(
        check for check in desk.story.monitor.state.reconciliation.checks if type(check).__name__ == "Duplicates"
    )
    assert [len(alike) for alike in vars(check)["_alike"].values()] == [2]
    desk.wait(40 * 24 * HOUR)
    desk.wait(24 * HOUR)
    assert vars(check)["_alike"] == {} == vars(check)["_key_of"]
