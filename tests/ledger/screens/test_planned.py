"""Movements against their plans: what conforms is quiet, and each single thing that differs is told as what it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.screens import planned
from tests.ledger.screens.desk import PAYOUT, STRANGER, Desk
from tests.ledger.wire import reference

UNIT, PLACE, MORE, LESS = (
    "unit_or_decimal_error P1", "unexpected_destination P1", "amount_mismatch P1", "amount_mismatch P3",
)  # fmt: skip
CLAIM: dict[str, Any] = {"plan_id": "P-1"}
DIFFERENT: list[tuple[dict[str, Any], str]] = [
    ({"to": {"location": "venue"}}, PLACE),
    ({"to": {"location": "external", "address": PAYOUT}}, PLACE),
    ({"from": {"location": "venue"}}, PLACE),
    ({"asset": "USDC"}, UNIT),
    ({"amount": "100"}, UNIT),
    ({"amount": "10000000000000"}, UNIT),
    ({"amount": "0.001"}, UNIT),
    ({"amount": "12"}, MORE),
    ({"amount": "8"}, LESS),
]
OP_TYPES = ("rebalance", "internal", "sweep")
STAGES = st.permutations(("requested", "approved", "broadcast", "completed"))


@given(
    STAGES, st.sampled_from((*OP_TYPES, "settlement", "collateral")), st.booleans(), st.sampled_from(("0", "0.0001"))
)
def test_a_movement_that_conforms_to_its_plan_is_quiet(stages: list[str], op: str, plan_first: bool, dust: str) -> None:
    desk = Desk()
    amount = {"0": "10", "0.0001": "10.0001"}[dust]
    said = desk.plan(op_type=op) if plan_first else set()
    for status in stages:
        said |= desk.own(status=status, op_type=op, amount=amount, **CLAIM)
    said |= set() if plan_first else desk.plan(op_type=op)
    assert said == set()


@given(st.sampled_from(DIFFERENT), STAGES, st.sampled_from(OP_TYPES), st.integers(0, 4))
def test_each_single_difference_is_told_once_as_what_it_is(
    difference: tuple[dict[str, Any], str], stages: list[str], op: str, plan_at: int
) -> None:
    changed, kind = difference
    desk, said = Desk(), list[set[str]]()
    for number, status in enumerate([*stages, ""]):
        if number == plan_at:
            said.append(desk.plan(op_type=op))
        if status:
            said.append(desk.own(status=status, op_type=op, **{**changed, **CLAIM}))
    assert [news for news in said if news] == [{kind}]


def test_a_restart_changes_nothing() -> None:
    desk = Desk(restarts=True)
    desk.own(amount="100", **CLAIM)
    assert desk.plan() == {UNIT}
    assert desk.own("R-2", amount="1000", **CLAIM) == {UNIT}
    assert desk.plan(amount="1000") == set()
    assert desk.own(status="cancelled", amount="100", **CLAIM) == set()
    assert desk.open == set()


def test_what_is_undone_is_resolved_and_what_is_put_right_is_explained() -> None:
    for status, amount, end in (("cancelled", "100", "resolved"), ("requested", "10", "explained")):
        desk = Desk(restarts=True)
        desk.plan()
        assert desk.own(status="completed", amount="100", **CLAIM) == {UNIT}
        desk.own(status=status, amount=amount, **CLAIM)
        assert desk.ended == {"unit_or_decimal_error": end}


def test_the_role_of_the_place_counts_where_the_plan_names_one() -> None:
    desk = Desk()
    desk.plan(to=None, to_role="cold", **{"from": "hot"})
    claim: dict[str, Any] = {**CLAIM, "from": {"location": "hot"}}
    assert desk.own("R-1", **claim, to={"location": "cold"}) == set()
    assert desk.own("R-2", **claim, to={"location": "venue"}) == {PLACE}


def test_a_plan_whose_place_is_not_of_its_role_is_not_met_by_going_there() -> None:
    desk = Desk()
    desk.plan(to="venue", to_role="cold")
    assert desk.own(**CLAIM, to={"location": "venue"}) == {PLACE}


def test_a_plan_for_a_client_is_met_outside_and_in_the_books() -> None:
    desk = Desk()
    desk.plan(to=None, to_role="client", op_type="reward", amount="2", **{"from": "hot"})
    outside = {"to": {"location": "external", "address": PAYOUT}}
    in_books = {"to": {"location": "hot", "client_id": "acme"}}
    claim: dict[str, Any] = {**CLAIM, "from": {"location": "hot"}}
    both: tuple[dict[str, Any], ...] = (outside, in_books)
    for number, ends in enumerate(both):
        assert desk.own(f"R-{number}", op_type="reward", amount="2", **claim, **ends) == set()


@pytest.mark.parametrize(
    ("amount", "kind"),
    [("500", None), ("2000", None), ("5000", MORE), ("400", LESS), ("200000", UNIT), ("0.5", UNIT)],
)
def test_of_a_range_only_far_beyond_is_a_slip_of_the_unit(amount: str, kind: str | None) -> None:
    desk = Desk()
    desk.plan(amount=None, amount_min="500", amount_max="2000")
    assert desk.own(amount=amount, **CLAIM) == ({kind} if kind else set())


def test_a_fee_of_the_asset_may_be_the_difference() -> None:
    desk = Desk()
    desk.plan()
    fee = {"fee_amount": "0.5", "fee_asset": "ETH"}
    assert desk.own(amount="10.5", **fee, **CLAIM) == set()
    assert desk.own("R-2", amount="10.6", **fee, **CLAIM) == {MORE}


def test_parts_that_add_up_are_the_plan() -> None:
    desk = Desk(restarts=True)
    desk.plan()
    assert desk.own("R-1", amount="4", **CLAIM) == {LESS}
    desk.own("R-2", amount="6", **CLAIM)
    assert desk.open == set()
    assert desk.ended == {"amount_mismatch": "explained"}


@pytest.mark.parametrize("op", ["settlement", "collateral"])
def test_the_amount_of_a_settlement_is_judged_when_it_is_due(op: str) -> None:
    desk = Desk()
    desk.plan(op_type=op)
    assert desk.own("R-1", op_type=op, amount="7", **CLAIM) == set()
    assert desk.own("R-2", op_type=op, amount="12", **CLAIM) == set()
    assert desk.own("R-3", op_type=op, amount="1000", **CLAIM) == {UNIT}


def test_the_instruction_is_held_against_the_plan_and_not_what_was_sent() -> None:
    desk = Desk()
    desk.plan()
    desk.own(**CLAIM)
    assert desk.own(status="broadcast", amount="100", **CLAIM) == set(), "that is held against the instruction"


def test_a_batch_off_its_plan_is_one_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planned, "OFF_PLAN_MAX", 20)
    desk = Desk()
    desk.plan()
    for number in range(30):
        desk.own(f"R-{number}", asset="USDC", **CLAIM)
    assert len({alert.alert_id for alert in desk.alerts("unit_or_decimal_error")}) == 1
    off = desk.story.monitor.state.reconciliation.tables["off_plan"].rows
    assert [len(row.transfer_ids) for row in off.values()] == [20]


def test_a_movement_is_never_judged_by_no_plan() -> None:
    desk = Desk()
    assert desk.own(amount="1000", to={"location": "venue"}) == set()
    assert desk.own("R-2", plan_id="P-unknown") == set()


# --- own moves that name no plan -----------------------------------------------------------------------------
def test_an_own_move_in_the_place_of_the_only_plan_goes_where_that_says() -> None:
    desk = Desk(restarts=True)
    desk.plan()
    assert desk.own() == set()
    assert desk.own("R-2", to={"location": "venue"}) == {PLACE}
    desk.own("R-2", status="cancelled", to={"location": "venue"})
    assert desk.ended == {"unexpected_destination": "resolved"}


def test_one_that_then_names_a_plan_is_held_against_that() -> None:
    desk = Desk(restarts=True)
    desk.plan()
    desk.plan("P-2", to="venue", to_role="venue")
    desk.plan("P-2", to="venue", to_role="venue", amount="11")
    assert desk.own(to={"location": "venue"}) == {PLACE}
    desk.plan("P-2", to="venue", to_role="venue")
    desk.own(status="approved", to={"location": "venue"}, plan_id="P-2")
    assert desk.ended == {"unexpected_destination": "explained"}


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "9.9"},
        {"asset": "USDC"},
        {"from": {"location": "hot"}},
        {"op_type": "sweep"},
        {"op_type": "withdrawal"},
    ],
)
def test_what_is_not_exactly_the_plan_is_something_else(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.plan()
    assert desk.own(**{"to": {"location": "venue"}, **other}) == set()


def test_of_two_plans_nobody_can_say_which_it_takes_the_place_of() -> None:
    desk = Desk()
    desk.plan()
    desk.plan("P-2")
    assert desk.own(to={"location": "venue"}) == set()


def test_a_plan_that_another_movement_has_claimed_is_not_taken() -> None:
    desk = Desk()
    desk.plan()
    desk.own(**CLAIM)
    assert desk.own("R-2", to={"location": "venue"}) == set()


def test_a_place_that_nobody_introduced_has_no_role() -> None:
    desk = Desk()
    desk.plan(to=None, to_role="venue")
    assert desk.own(to={"location": "venue:new"}, **CLAIM) == set()
    desk.hear(reference("location", "new", location="venue:new", role="cold"))
    assert desk.own(status="approved", to={"location": "venue:new"}, **CLAIM) == {PLACE}


def test_to_a_stranger_it_says_where() -> None:
    desk = Desk(restarts=True)
    desk.plan()
    assert PLACE in desk.own(to={"location": "external", "address": STRANGER}, **CLAIM)
    assert STRANGER in desk.alerts("unexpected_destination")[0].explanation
