"""What is sent is what was asked for, whichever of the two is heard first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.screens.desk import DEPOSIT, ETHEREUM, PAYOUT, STRANGER, XRP_PAYOUT, XRPL, Desk, address

UNEXPECTED = "unexpected_destination P1"
ELSEWHERE: dict[str, Any] = {"to": {"location": "external", "address": STRANGER}}
STAGES = ("requested", "approved", "broadcast", "confirming", "completed")


@given(st.permutations(STAGES))
def test_in_any_order_the_same_destination_is_quiet(stages: list[str]) -> None:
    desk = Desk()
    assert set().union(*(desk.move(status=stage, at=3_600 + STAGES.index(stage)) for stage in stages)) == set()


@pytest.mark.parametrize("order", list(permutations(("requested", "broadcast", "completed"))))
def test_another_address_is_told_once_in_any_order(order: tuple[str, ...]) -> None:
    desk = Desk(restarts=True)
    said: list[str] = []
    for status in order:
        more = {} if status == "requested" else ELSEWHERE
        said += sorted(desk.move(status=status, at=3_600 + STAGES.index(status), **more) & {UNEXPECTED})
    assert said == [UNEXPECTED]


def test_another_place_of_ours_is_another_place() -> None:
    desk = Desk()
    desk.own()
    assert desk.own(status="broadcast", to={"location": "venue"}) == {UNEXPECTED}


def test_value_of_our_own_that_goes_outside_is_told() -> None:
    desk = Desk()
    desk.own()
    assert UNEXPECTED in desk.own(status="broadcast", **ELSEWHERE)


def test_another_tag_is_another_client_of_the_exchange() -> None:
    desk = Desk()
    desk.hear(address(XRP_PAYOUT, XRPL, tag="78"))
    xrp: dict[str, Any] = {"asset": "XRP", "network": XRPL}
    assert desk.move(**xrp, to={"location": "external", "address": XRP_PAYOUT, "tag": "77"}) == set()
    assert desk.move(status="broadcast", **xrp, to={"location": "external", "address": XRP_PAYOUT, "tag": "78"}) == {
        UNEXPECTED
    }


@pytest.mark.parametrize(
    "named",
    [
        {"location": "external"},  # a chain that does not say where to
        {"location": "external", "address": PAYOUT.upper().replace("0X", "0x")},
    ],
)
def test_less_said_or_in_other_letters_is_no_other_place(named: dict[str, str]) -> None:
    desk = Desk()
    desk.move()
    assert desk.move(status="broadcast", to=named) == set()


def test_a_chain_that_names_our_address_names_our_place() -> None:
    desk = Desk()
    desk.own()
    assert desk.own(status="broadcast", to={"location": "external", "address": DEPOSIT}, network=ETHEREUM) == set()


def test_a_restatement_that_puts_it_right_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.move()
    assert desk.move(status="completed", **ELSEWHERE) == {UNEXPECTED}
    desk.move(status="completed", revision=1)
    assert desk.ended == {"unexpected_destination": "explained"}


def test_what_failed_went_nowhere() -> None:
    desk = Desk(restarts=True)
    desk.move()
    desk.move(status="broadcast", **ELSEWHERE)
    desk.move(status="failed", **ELSEWHERE)
    assert desk.ended == {"unexpected_destination": "resolved"}
