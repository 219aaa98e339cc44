"""Incidents of the field as the screens tell them, and the ordinary days on which they say nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.screens.desk import (
    LIKE_IT,
    PAYOUT,
    POLYGON,
    RULES,
    STRANGER,
    XRP_PAYOUT,
    XRPL,
    Desk,
    address,
)
from tests.ledger.wire import Sent, control

APPROVED: dict[str, Any] = {
    "control": {"origin": "manual", "declared_class": "risky", "initiator": "ann", "approvers": ["bob", "cat"]}
}


def outside(of: str, **more: str) -> dict[str, Any]:
    return {"to": {"location": "external", "address": of, **more}}


def test_a_cold_wallet_that_goes_to_our_own_account_at_a_venue_instead_of_another_cold_one() -> None:
    desk = Desk(restarts=True)
    desk.plan(to=None, to_role="cold", amount="320000")
    move = {**APPROVED, "plan_id": "P-1", "amount": "320000", "to": {"location": "venue"}}
    assert desk.own(**move) == {"unexpected_destination P1"}
    (alert,) = desk.alerts("unexpected_destination")
    assert alert.explanation == (
        "rebalance R-1 of 320000 ETH from cold goes to venue (venue), and the plan says a place of role cold (plan P-1)."
    )
    assert alert.usd == "960000000.00"
    for status in ("approved", "signing", "broadcast"):
        assert desk.own(status=status, **move) == set()
    desk.own(status="cancelled", **move)
    assert desk.open == set()


def test_a_transfer_that_was_signed_for_something_else() -> None:
    desk = Desk(restarts=True)
    desk.plan(amount="30000")
    move = {**APPROVED, "plan_id": "P-1"}
    for status in ("requested", "approved", "signing"):
        assert desk.own(status=status, amount="30000", **move) == set()
    assert desk.own(status="broadcast", amount="401346", **move, **outside(STRANGER)) == {"unexpected_destination P1"}


def test_a_wallet_emptied_at_night_is_one_incident() -> None:
    desk = Desk(restarts=True)
    desk.move("W-usual", "requested")
    for number in range(24):
        asset = ("ETH", "USDC", "BTC")[number % 3]
        desk.move(f"O-{number}", "broadcast", asset=asset, after=4, **outside(f"0x{number:040x}"))
    told = {alert.type: alert.incident_id for alert in desk.story.alerts if alert.rule == "unplanned_outflows"}
    assert list(told) == ["multi_asset_drain"]
    drained = [alert for alert in desk.story.alerts if alert.type == "unregistered_address"]
    assert {alert.incident_id for alert in drained} == set(told.values())


def test_bait_and_the_request_that_falls_for_it() -> None:
    desk = Desk(restarts=True)
    bait: dict[str, Any] = {"from": {"location": "external", "address": LIKE_IT}, "to": {"location": "hot"}}
    assert desk.move("D-1", "completed", op_type="deposit", amount="0.000001", **bait) == set()
    assert desk.move(**outside(LIKE_IT)) == {"lookalike_address P1"}
    (alert,) = desk.alerts("lookalike_address")
    assert LIKE_IT in alert.explanation
    assert PAYOUT in alert.explanation


def test_a_payroll_of_equal_payouts_within_minutes_is_quiet() -> None:
    desk = Desk()
    desk.move("W-usual", "requested")
    for number in range(200):
        desk.hear(address(f"0x{number:08x}{'b' * 28}{number:04x}"))
    for number in range(200):
        to = outside(f"0x{number:08x}{'b' * 28}{number:04x}")
        more = {"asset": ("ETH", "USDC")[number % 2], "ids": {"client_ref": f"pay-{number}"}, **APPROVED}
        for status in ("requested", "approved", "broadcast"):
            assert desk.move(f"W-{number}", status, **to, **more) == set()


def day(desk: Desk) -> list[Sent]:
    """Return what is told of a day on which much goes wrong, and right, in order of event time."""
    stages = ("requested", "approved", "broadcast", "completed")
    kinds: dict[str, dict[str, Any]] = {
        "W-right": {"amount": "2"},
        "W-strange": {"amount": "3", **outside(STRANGER)},
        "W-alike": {"amount": "4", **outside(LIKE_IT)},
        "W-network": {"amount": "5", "asset": "USDC", "network": POLYGON},
        "W-tag": {"asset": "XRP", "network": XRPL, **outside(XRP_PAYOUT)},
        "W-once": {"amount": "6"},
        "W-twice": {"amount": "6"},
        "R-right": {"amount": "10", "op_type": "rebalance", "plan_id": "P-1", "from": {"location": "cold"},
                    "to": {"location": "hot"}},
        "R-wrong": {"amount": "100", "op_type": "rebalance", "plan_id": "P-1", "from": {"location": "cold"},
                    "to": {"location": "hot"}},
        "S-out": {"op_type": "burn", "parent_id": "S", "from": {"location": "hot"}, "to": {"location": "external"}},
        "S-back": {"op_type": "mint", "parent_id": "S", "from": {"location": "external"}, "to": {"location": "hot"},
                   "amount": "1000"},
    }  # fmt: skip
    told = [
        desk.movement(name, status, at=600 * stages.index(status) + number, **more)
        for status in stages
        for number, (name, more) in enumerate(kinds.items())
    ]
    plan = {"plan_id": "P-1", "op_type": "rebalance", "from": "cold", "to": "hot", "asset": "ETH", "amount": "10"}
    return [control("plan", "plan-1", 0, **plan), *told]


def standing(events: list[Sent]) -> list[str]:
    """Return what stands in the end, and of which movement."""
    desk = Desk()
    for sent in events:
        desk.hear(sent)
    latest = {alert.alert_id: alert for alert in desk.story.alerts if alert.rule in RULES}
    return sorted(f"{alert.type} {alert.scope.transfer_id}" for alert in latest.values() if alert.state.value == "open")


@given(st.permutations(day(Desk())))
def test_the_order_of_arrival_proves_nothing(events: list[Sent]) -> None:
    stands = standing(events)
    assert [text for text in stands if not text.startswith("unit_or_decimal_error S-")] == [
        "duplicate_payment W-twice", "lookalike_address W-alike", "missing_tag W-tag", "unit_or_decimal_error R-wrong",
        "unregistered_address W-strange", "wrong_network W-network",
    ]  # fmt: skip
    assert len(stands) == 7
