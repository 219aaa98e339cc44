"""What was final and is not."""

from __future__ import annotations

from tests.ledger.matching.desk import Desk

REORGED = "reorged_credit P1"


def test_a_credited_deposit_that_its_chain_takes_back_is_told_at_once() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1", "broadcast"), desk.inflow("D-1"), *desk.credit("D-1"))
    assert desk.hear(desk.inflow("D-1", "reorged")) == {REORGED}
    told = desk.told_of("reorged_credit").explanation
    assert "10 BTC of D-1 was credited, and eip155:1 has taken it out of its chain." in told
    assert "Hold credits and withdrawals on eip155:1" in told
    assert desk.wait(500) == set(), "it is not a phantom as well"


def test_it_is_explained_when_the_chain_includes_it_again() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    desk.now += 10
    desk.hear(desk.inflow("D-1", "reorged"))
    desk.now += 10
    desk.hear(desk.inflow("D-1"))
    assert desk.ended == {"reorged_credit": "explained"}


def test_it_is_over_when_the_credit_is_taken_back() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"), desk.inflow("D-1", "reorged"))
    desk.hear(*desk.journal(("ann", "-10"), ("out", "10"), of="D-1"))
    assert desk.ended == {"reorged_credit": "resolved"}


def test_before_the_credit_nothing_was_paid_and_a_credit_after_it_is_told() -> None:
    desk = Desk()
    assert desk.hear(desk.inflow("D-1"), desk.inflow("D-1", "reorged")) == set()
    assert desk.hear(*desk.credit("D-1")) == {REORGED}


def test_one_that_had_never_arrived_is_no_such_thing() -> None:
    desk = Desk()
    assert desk.hear(desk.inflow("D-1", "broadcast"), desk.inflow("D-1", "reorged")) == set()
    assert desk.wait(5_000) == set()


def test_where_there_are_no_books_that_it_had_arrived_is_enough() -> None:
    desk = Desk(begun=False)
    assert desk.hear(desk.inflow("D-1"), desk.inflow("D-1", "reorged")) == {REORGED}


def test_a_restatement_is_worse_where_the_client_has_less_left_than_the_difference() -> None:
    for spent, told in (("0.5", "restatement P3"), ("5", "restatement P1")):
        desk = Desk(restarts=True)
        opening = desk.journal(("out", "0"), ("ann", "0"), op_type="opening", balance_after="0")
        desk.hear(*opening, desk.inflow("D-1"), *desk.credit("D-1"))
        spending = desk.journal(("ann", f"-{spent}"), ("bob", spent), of="B-1", op_type="internal")
        desk.hear(*spending)
        assert desk.hear(desk.inflow("D-1", amount="1", revision=1)) == {told}
        paid_on = "The client has only 5 BTC left of it: it was paid on." in desk.told_of("restatement").explanation
        assert paid_on == (told == "restatement P1")


def test_more_than_before_was_not_paid_on() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    assert desk.hear(desk.inflow("D-1", amount="30", revision=1)) == {"restatement P3"}
    assert desk.hear(desk.inflow("D-1", amount="30", revision=2)) == set()
