"""Payments that are done and that nobody was debited for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import STRANGER, Desk

MISSING = "missing_debit P3"


def test_a_payment_without_a_debit_is_told_after_a_quarter_of_an_hour() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "requested"), desk.payment("W-1"))
    assert desk.wait(895) == set()
    assert desk.wait(10) == {MISSING}
    assert "10 BTC of W-1 left hot for good" in desk.told_of("missing_debit").explanation
    desk.hear(*desk.hold("W-1"))
    assert desk.ended == {"missing_debit": "resolved"}


@pytest.mark.parametrize("who", ["ann", "house"])
def test_a_debit_of_the_client_or_the_house_is_enough(who: str) -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1", who=who), desk.payment("W-1"))
    desk.wait(5_000)
    assert "missing_debit" not in {alert.type for alert in desk.alerts}


def test_what_leaves_transit_is_no_debit_of_anybody() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), desk.payment("W-1"), *desk.settle("W-1"))
    assert desk.wait(910) == {MISSING}


def test_a_debit_that_was_given_back_is_none() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1"))
    desk.hear(*desk.journal(("way", "-10"), ("ann", "10"), of="W-1", op_type="withdrawal"))
    assert desk.wait(910) == {MISSING}


def test_a_payment_that_came_back_needs_none() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), desk.payment("W-1"), desk.payment("W-1", "returned"))
    assert desk.wait(5_000) == set()


def test_nothing_is_missing_from_books_that_nobody_has_heard() -> None:
    desk = Desk(begun=False)
    desk.hear(desk.payment("W-1", "requested"), desk.payment("W-1"))
    assert desk.wait(5_000) == set()


def test_of_a_payment_that_nobody_asked_for_that_alone_is_told() -> None:
    desk = Desk()
    to = {"location": "external", "address": STRANGER}
    desk.hear(desk.payment("W-1", "broadcast", to=to), desk.payment("W-1", to=to))
    assert desk.wait(5_000) == {"unmatched_outflow P1"}
    desk.hear(desk.payment("W-1", "requested", to=to))
    assert desk.wait(100) == {MISSING}


def test_a_debit_under_the_id_of_the_request_covers_the_report_of_the_chain() -> None:
    desk = Desk(restarts=True)
    same: dict[str, Any] = {"ids": {"client_ref": "ref-1"}}
    desk.hear(desk.payment("W-1", "approved", **same), *desk.hold("W-1"), desk.payment("C-1", **same))
    assert desk.wait(5_000) == set()
