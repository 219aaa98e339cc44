"""Credits with nothing behind them, and those that are only quicker than their inflow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import Desk

PHANTOM = "phantom_credit P1"


def test_a_credit_of_which_no_chain_tells_is_told_after_a_minute() -> None:
    desk = Desk(restarts=True)
    assert desk.hear(*desk.credit("D-1")) == set()
    assert desk.wait(56) == set()
    assert desk.wait(5) == {PHANTOM}
    alert = desk.told_of("phantom_credit")
    assert alert.scope.transfer_id == "D-1"
    assert alert.scope.client_id == "ann"
    assert alert.explanation == (
        "ann was credited with 10 BTC from outside for D-1, and nobody has reported such a movement."
    )


def test_its_inflow_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(*desk.credit("D-1"))
    desk.wait(100)
    desk.hear(desk.inflow("D-1", "broadcast"))
    assert desk.open == {PHANTOM}
    desk.hear(desk.inflow("D-1"))
    assert desk.ended == {"phantom_credit": "explained"}


def test_its_reversal_resolves_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(*desk.credit("D-1"))
    desk.wait(100)
    desk.hear(*desk.journal(("ann", "-10"), ("out", "10"), of="D-1"))
    assert desk.ended == {"phantom_credit": "resolved"}


@pytest.mark.parametrize("stage", ["broadcast", "confirming"])
def test_a_credit_waits_for_an_inflow_that_is_under_way(stage: str) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", stage), *desk.credit("D-1"))
    assert desk.wait(3_000) == set()
    assert desk.hear(desk.inflow("D-1")) == set()


def test_an_inflow_that_is_only_announced_does_not_hold_it_back() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", "requested"), *desk.credit("D-1"))
    assert desk.wait(61) == {PHANTOM}


@pytest.mark.parametrize("end", ["failed", "reversed", "reorged", "cancelled"])
def test_an_inflow_that_is_undone_before_it_arrived_leaves_the_credit_with_nothing_in_seconds(end: str) -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", "broadcast"), *desk.credit("D-1"))
    assert desk.hear(desk.inflow("D-1", end)) == set()
    assert desk.wait(6) == {PHANTOM}
    assert "undone" in desk.told_of("phantom_credit").explanation


def test_an_inflow_that_is_called_back_after_its_credit_gives_the_books_a_minute() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"), desk.inflow("D-1", "reversed"))
    assert desk.wait(50) == set()
    assert desk.wait(11) == {PHANTOM}


def test_one_that_is_complete_and_did_not_arrive_is_no_inflow() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", "broadcast"), *desk.credit("D-1"))
    desk.hear(desk.inflow("D-1", sub_status="completed_but_3rd_party_failed"))
    assert desk.wait(61) == {PHANTOM}


@pytest.mark.parametrize("other", ["bob", "house", "fees", "pnl", "lost", "way"])
def test_what_moves_inside_the_books_needs_no_inflow(other: str) -> None:
    desk = Desk()
    desk.hear(*desk.journal((other, "-10"), ("ann", "10"), of="X-1", op_type="adjustment"))
    assert desk.wait(200) == set()


def test_a_credit_with_no_other_account_comes_from_outside() -> None:
    desk = Desk()
    desk.hear(*desk.journal(("ann", "10"), of="X-1", op_type="adjustment"))
    assert desk.wait(61) == {PHANTOM}


def test_a_payment_that_came_back_is_an_inflow_for_the_client() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1"), *desk.settle("W-1"))
    desk.hear(desk.payment("W-1", "returned"), *desk.credit("W-1"))
    assert desk.wait(2_000) == set()


def test_one_that_is_given_back_and_has_not_come_back_is_told() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1"), *desk.settle("W-1"))
    desk.hear(*desk.credit("W-1"))
    assert desk.wait(61) == {PHANTOM}
    desk.hear(desk.payment("W-1", "returned"))
    assert desk.ended == {"phantom_credit": "explained"}


def test_a_debit_that_is_put_right_against_the_outside_is_none() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1", "12"), *desk.credit("W-1", "2"))
    desk.hear(desk.payment("W-1"))
    assert desk.wait(100) == set()


def test_the_books_of_a_group_that_has_heard_no_inflow_prove_nothing() -> None:
    desk = Desk(begun=False)
    desk.hear(*desk.credit("D-1"))
    assert desk.wait(3_000) == set()


def test_a_trade_may_be_booked_under_its_own_name() -> None:
    desk = Desk()
    leg: dict[str, Any] = {"op_type": "settlement", "parent_id": "T-1"}
    desk.hear(*desk.journal(("ann", "10"), ("out", "-10"), of="T-1", op_type="settlement"))
    desk.hear(desk.inflow("S-1", **leg))
    assert desk.wait(200) == set()


def test_a_trade_waits_for_the_next_number_since_a_page_may_be_lost() -> None:
    desk = Desk(restarts=True)
    for number in range(15):
        desk.hear(desk.inflow(f"D-{number + 10}", source_seq=str(number + 1)), *desk.credit(f"D-{number + 10}"))
    desk.hear(*desk.credit("S-1", op_type="settlement"), *desk.credit("D-1"))
    assert desk.wait(70) == {PHANTOM}
    assert desk.told_of("phantom_credit").scope.transfer_id == "D-1"
    assert desk.wait(600) == set()
    desk.hear(desk.inflow("D-90", source_seq="16"), *desk.credit("D-90"))
    assert desk.wait(70) == {PHANTOM}
    assert desk.told_of("phantom_credit").scope.transfer_id == "S-1"


def test_it_does_not_wait_for_ever() -> None:
    desk = Desk()
    for number in range(15):
        desk.hear(desk.inflow(f"D-{number + 10}", source_seq=str(number + 1)), *desk.credit(f"D-{number + 10}"))
    desk.hear(*desk.credit("S-1", op_type="settlement"))
    assert desk.wait(3_590) == set()
    assert desk.wait(70) == {PHANTOM}


def test_what_a_silent_source_could_still_tell_is_not_missing() -> None:
    desk = Desk()
    desk.beat()
    desk.hear(*desk.credit("D-1"))
    assert desk.wait(300) == set()
    assert desk.beat() == {PHANTOM}
