"""The two legs of a swap in one asset are equal, less fees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.screens.desk import Desk

UNIT, MORE, LESS = "unit_or_decimal_error P1", "amount_mismatch P1", "amount_mismatch P3"
KINDS = (("burn", "mint"), ("settlement", "settlement"))


def leg(
    desk: Desk, transfer_id: str, op: str, *, out: bool, amount: str, status: str = "completed", **more: Any
) -> set[str]:
    ours, outside = {"location": "hot"}, {"location": "external"}
    ends: dict[str, Any] = {"from": ours, "to": outside} if out else {"from": outside, "to": ours}
    return desk.move(transfer_id, status, op_type=op, amount=amount, **{"parent_id": "S-1", **ends, **more})


@given(st.sampled_from(KINDS), st.integers(1, 10**9), st.booleans(), st.integers(0, 3))
def test_equal_legs_less_their_fees_are_quiet(ops: tuple[str, str], amount: int, out_first: bool, fee: int) -> None:
    desk = Desk()
    legs = [(ops[0], True, str(amount + fee), None), (ops[1], False, str(amount), str(fee))]
    for op, out, units, paid in legs if out_first else legs[::-1]:
        assert leg(desk, f"L-{out}", op, out=out, amount=units, fee_amount=paid, fee_asset="ETH") == set()


@pytest.mark.parametrize("ops", KINDS)
@pytest.mark.parametrize(("amount", "kind"), [("1000", UNIT), ("0.1", UNIT), ("12", MORE), ("9", LESS)])
@pytest.mark.parametrize("out_first", [True, False])
def test_unequal_legs_are_told_once_as_what_they_are(
    ops: tuple[str, str], amount: str, kind: str, out_first: bool
) -> None:
    desk = Desk(restarts=True)
    legs = [(ops[0], True, "10"), (ops[1], False, amount)]
    said = [leg(desk, f"L-{out}", op, out=out, amount=units) for op, out, units in (legs if out_first else legs[::-1])]
    assert said == [set(), {kind}]
    assert leg(desk, "L-True", ops[0], out=True, amount="10", revision=1) == set()


@pytest.mark.parametrize(
    "other",
    [
        {"asset": "USDC"},  # a trade
        {"parent_id": "S-2"},
        {"parent_id": None},
        {"op_type": "internal"},
        {"from": {"location": "hot"}, "to": {"location": "external"}},  # both go out
    ],
)
def test_only_legs_of_one_swap_are_compared(other: dict[str, Any]) -> None:
    desk = Desk()
    leg(desk, "L-1", "settlement", out=True, amount="10")
    op = other.pop("op_type", "settlement")
    assert leg(desk, "L-2", op, out=False, amount="1000", **other) == set()


def test_a_third_leg_makes_it_a_net_settlement() -> None:
    desk = Desk(restarts=True)
    leg(desk, "L-1", "settlement", out=True, amount="10")
    assert leg(desk, "L-2", "settlement", out=False, amount="7") == {LESS}
    leg(desk, "L-3", "settlement", out=False, amount="3")
    assert desk.ended == {"amount_mismatch": "explained"}


def test_a_leg_that_is_put_right_or_undone_explains_it() -> None:
    desk = Desk(restarts=True)
    leg(desk, "L-1", "burn", out=True, amount="10")
    assert leg(desk, "L-2", "mint", out=False, amount="1000") == {UNIT}
    assert leg(desk, "L-2", "mint", out=False, amount="12", revision=1) == {MORE}
    assert desk.open == {MORE}
    leg(desk, "L-2", "mint", out=False, amount="12", status="reversed")
    assert desk.open == set()
