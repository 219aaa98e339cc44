"""An execution of another amount than was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import Desk
from tests.ledger.wire import stamp

BTC_FEE = {"fee_amount": "0.5", "fee_asset": "BTC", "fee_payer": "deducted"}


@pytest.mark.parametrize(
    ("done", "more", "told"),
    [
        ("100", {}, "amount_mismatch P1"),
        ("12", {}, "amount_mismatch P1"),
        ("8", {}, "amount_mismatch P3"),
        ("10.05", {}, None),
        ("9.5", BTC_FEE, None),
        ("9.3", BTC_FEE, "amount_mismatch P3"),
    ],
)
def test_what_is_sent_is_held_against_what_was_asked_for(done: str, more: dict[str, Any], told: str | None) -> None:
    for late in (False, True):
        desk = Desk(restarts=True)
        asked, sent = desk.payment("W-1", "requested"), desk.payment("W-1", "broadcast", done, **more)
        asked[1]["event_time"] = stamp(desk.now - 100)
        said = desk.hear(*([sent, asked] if late else [asked, sent]))
        assert said == ({told} if told else set())


def test_the_request_that_was_changed_last_counts() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested", "10"))
    desk.now += 10
    desk.hear(desk.payment("W-1", "approved", "8"))
    desk.now += 10
    assert desk.hear(desk.payment("W-1", "broadcast", "8")) == set()


def test_a_restatement_of_the_execution_is_told_as_one() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), *desk.hold("W-1"), desk.payment("W-1"))
    assert desk.hear(desk.payment("W-1", amount="2", revision=1)) == {"restatement P3"}


def test_it_is_over_when_the_movement_is_undone() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "requested"), desk.payment("W-1", "broadcast", "50"))
    desk.hear(desk.payment("W-1", "failed", "50"))
    assert desk.ended == {"amount_mismatch": "explained"}


def test_what_others_announce_to_us_is_no_instruction() -> None:
    desk = Desk()
    assert desk.hear(desk.inflow("D-1", "queued", "12"), desk.inflow("D-1"), *desk.credit("D-1")) == set()


def test_a_move_between_own_places_is_held_against_its_request() -> None:
    desk = Desk()
    ends: dict[str, Any] = {"op_type": "rebalance", "from": {"location": "cold"}, "to": {"location": "hot"}}
    desk.hear(desk.own("R-1", "requested", **ends))
    assert desk.hear(desk.own("R-1", "broadcast", "1000", **ends)) == {"amount_mismatch P1"}
    assert "was asked for 10 BTC, and 1000 BTC are moved" in desk.told_of("amount_mismatch").explanation
