"""Where value goes: what conforms to the records is quiet, and each single thing wrong is told as what it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.screens import destinations
from tests.ledger.screens.desk import (
    DEPOSIT,
    ETHEREUM,
    LIKE_IT,
    PAYOUT,
    POLYGON,
    RECORDS,
    STRANGER,
    XRP_PAYOUT,
    XRPL,
    Desk,
    address,
)
from tests.ledger.wire import reference

STAGES = ("requested", "screening", "approved", "signing", "broadcast", "confirming", "completed")
TO_XRP: dict[str, Any] = {"asset": "XRP", "network": XRPL}


def to(of: str, **more: Any) -> dict[str, Any]:
    return {"to": {"location": "external", "client_id": "acme", "address": of, **more}}


@given(st.lists(st.sampled_from(STAGES), min_size=1, max_size=8), st.sampled_from(("ETH", "USDC")), st.booleans())
def test_a_payout_that_is_on_record_is_quiet_at_every_stage(stages: list[str], asset: str, tagged: bool) -> None:
    desk = Desk()
    usual = {**TO_XRP, **to(XRP_PAYOUT, tag="77")} if tagged else {"asset": asset}
    for stage in stages:
        assert desk.move(status=stage, **usual) == set()


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"network": POLYGON, **to(PAYOUT)}, "wrong_network P1"),  # ETH is not there, nor is the address
        ({"network": POLYGON, "asset": "USDC"}, "wrong_network P1"),  # only the address is not
        ({"network": XRPL, **to(XRP_PAYOUT, tag="77")}, "wrong_network P1"),  # only the asset is not
        (to(LIKE_IT), "lookalike_address P1"),
        (to(STRANGER), "unregistered_address P2"),
        ({**TO_XRP, **to(XRP_PAYOUT)}, "missing_tag P2"),
        ({**TO_XRP, **to(XRP_PAYOUT, tag="78")}, "missing_tag P2"),
    ],
)
def test_each_thing_wrong_is_told_once_as_what_it_is(wrong: dict[str, Any], kind: str) -> None:
    desk = Desk(restarts=True)
    assert desk.move(**wrong) == {kind}
    for stage in STAGES[1:]:
        assert desk.move(status=stage, **wrong) == set()
    assert desk.open == {kind}


@pytest.mark.parametrize("state", ["pending", "revoked"])
def test_an_address_that_is_not_in_force_is_not_registered(state: str) -> None:
    desk = Desk()
    desk.hear(address(PAYOUT, state=state))
    assert desk.move() == {"unregistered_address P2"}


def test_an_address_revoked_between_request_and_approval_is_told_at_approval() -> None:
    desk = Desk(restarts=True)
    assert desk.move() == set()
    desk.hear(address(PAYOUT, state="revoked"))
    assert desk.move(status="approved") == {"unregistered_address P2"}


@pytest.mark.parametrize(
    ("wrong", "record", "kind"),
    [
        (to(STRANGER), address(STRANGER), "unregistered_address"),
        (to(LIKE_IT), address(LIKE_IT), "lookalike_address"),
        ({"asset": "USDC", "network": POLYGON}, address(PAYOUT, POLYGON), "wrong_network"),
        ({**TO_XRP, **to(XRP_PAYOUT, tag="78")}, address(XRP_PAYOUT, XRPL, tag="78"), "missing_tag"),
    ],
)
def test_a_record_that_comes_late_explains_it(wrong: dict[str, Any], record: Any, kind: str) -> None:
    desk = Desk(restarts=True)
    assert desk.move(**wrong)
    desk.hear(record)
    assert desk.open == set()
    assert desk.ended == {kind: "explained"}
    assert desk.move(status="approved", **wrong) == set()


def test_a_tag_that_is_told_later_explains_it() -> None:
    desk = Desk(restarts=True)
    assert desk.move(**TO_XRP, **to(XRP_PAYOUT)) == {"missing_tag P2"}
    desk.move(status="screening", **TO_XRP, **to(XRP_PAYOUT, tag="77"))
    assert desk.ended == {"missing_tag": "explained"}


def test_an_asset_that_comes_to_a_network_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(address(PAYOUT, POLYGON))
    assert desk.move(network=POLYGON) == {"wrong_network P1"}
    desk.hear(reference("asset", "eth-2", asset="ETH", decimals=18, dust="0.0001", networks=[ETHEREUM, POLYGON]))
    assert desk.ended == {"wrong_network": "explained"}


@pytest.mark.parametrize("status", ["cancelled", "rejected", "failed"])
def test_what_is_undone_is_resolved(status: str) -> None:
    desk = Desk(restarts=True)
    desk.move(**to(STRANGER))
    desk.move(status=status, **to(STRANGER))
    assert desk.ended == {"unregistered_address": "resolved"}
    assert desk.story.monitor.state.reconciliation.tables["doubted_address"].rows == {}


def test_a_speck_from_an_address_like_a_known_one_is_no_matter() -> None:
    desk = Desk()
    here = {"location": "hot", "client_id": "acme", "address": DEPOSIT}
    ends: dict[str, Any] = {"from": {"location": "external", "address": LIKE_IT}, "to": here}
    assert desk.move("D-1", "completed", op_type="deposit", amount="0.00000001", **ends) == set()


def test_where_nobody_registers_payouts_none_is_missing() -> None:
    own = address(DEPOSIT, role="hot", location="hot", control_proved_at="2025-06-01T00:00:00Z")
    records = (*(sent for sent in RECORDS if sent[1]["kind"] != "address"), own)
    assert Desk(records=records).move(**to(STRANGER)) == set()
    assert Desk(records=records).move(**to(DEPOSIT[:8] + "e" * 30 + DEPOSIT[-4:])) == {"lookalike_address P1"}


def test_a_firm_that_mostly_pays_to_strangers_is_not_told_of_each() -> None:
    desk = Desk()
    told = [desk.move(f"W-{number}", **to(f"0x{number:040x}")) for number in range(100, 130)]
    assert told[: destinations.HABIT_MIN] == [{"unregistered_address P2"}] * destinations.HABIT_MIN
    assert told[-1] == set()


def test_without_a_network_any_record_of_the_address_will_do() -> None:
    assert Desk().move(network=None) == set()
    assert Desk().move(network=None, **to(STRANGER)) == {"unregistered_address P2"}


def test_what_waits_for_one_address_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destinations, "DOUBTED_MAX", 3)
    desk = Desk()
    for number in range(6):
        desk.move(f"W-{number}", **to(STRANGER))
    waiting = desk.story.monitor.state.reconciliation.tables["doubted_address"].rows
    assert [len(row) for row in waiting.values()] == [3]
