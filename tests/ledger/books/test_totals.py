"""No world in which every booking has its money is told; a credit with nothing behind it is, from the cushion on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.books.desk import Desk
from tests.ledger.books.races import World, worlds
from tests.ledger.wire import snapshot

KIND = "liabilities_exceed_holdings"
TOLD = f"{KIND} P1 open"
BY_HAND: dict[str, Any] = {"op_type": "adjustment", "origin": "manual"}


@settings(max_examples=150)
@given(worlds())
def test_no_world_that_is_right_is_told_however_its_feeds_race(world: World) -> None:
    world.play(silent=True)
    totals = world.desk.totals
    assert totals.owed["desk", "USD"] <= totals.cover.units(("desk", "USD"))
    race_ends = {key for key, race in totals.racing.table.rows.items() if race.ahead > 0}
    assert not race_ends, "all credits have met their money"


@settings(max_examples=60)
@given(worlds(), st.integers(1, 60), st.sampled_from(["by hand", "by a machine", "for a deposit that never was"]))
def test_a_credit_beyond_the_cushion_is_told_within_a_minute_of_the_watermarks(
    world: World, beyond: int, how: str
) -> None:
    world.play()
    at, amount = world.desk.now + 60, str(world.cushion + beyond)
    more: dict[str, Any] = {"by hand": BY_HAND, "by a machine": {"op_type": "deposit"}}.get(
        how, {"op_type": "deposit", "transfer_id": "never"}
    )
    world.post(at, 0.5, ("out", f"-{amount}"), ("acme", amount), **more)
    world.play()
    told = world.desk.of(KIND)
    assert [(alert.state.value, alert.difference) for alert in told] == [("open", str(beyond))]
    alert = told[0]
    assert alert.updated_at <= f"2026-01-05T{int(at + 181) // 3600:02d}:{int(at + 181) // 60 % 60:02d}:59Z"


@given(worlds(), st.integers(0, 60))
def test_a_credit_within_the_cushion_is_not_told(world: World, within: int) -> None:
    world.play()
    world.cushion += within
    world.desk.report("bank")
    amount = str(min(within, world.cushion - within))
    world.post(world.desk.now + 60, 0.5, ("house", f"-{amount}"), ("acme", amount), **BY_HAND)
    world.play(silent=True)


# --- at once, or after a minute -------------------------------------------------------------------------------------
def test_more_by_hand_than_is_held_is_told_with_the_credit_that_goes_beyond() -> None:
    """Credits of 2,000 where 42,619 are held: the twenty-second is one too many."""
    desk = Desk(restarts=True).opened("0", "42619", asset="BTC")
    said = [
        desk.book(("pnl", "-2000"), (f"client:{number}", "2000"), asset="BTC", op_type="reward", origin="manual")
        for number in range(1, 23)
    ]
    assert said[:21] == [set()] * 21
    assert said[21] == {TOLD}
    alert = desk.alerts[-1]
    assert (alert.observed, alert.expected, alert.difference, alert.usd) == ("44000", "42619", "1381", "69050000.00")
    assert "2000 to client:22" in alert.explanation
    assert alert.rule == "beyond_band"


def test_eighty_one_trillion_are_told_with_the_first_leg() -> None:
    desk = Desk(restarts=True).opened("1000000", "1200000")
    out, client = desk.legs(("out", "-81000000000000"), ("acme", "81000000000000"), **BY_HAND)
    assert desk.hear(client) == {TOLD}
    assert desk.hear(out) == set()


def test_a_credit_known_to_be_under_way_is_no_evidence_until_it_fails() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.move("D1", "broadcast", "external>bank", "400")
    assert desk.book(("out", "-400"), ("acme", "400"), op_type="deposit", transfer_id="D1") == set()
    assert desk.wait(3_000) == set()
    assert desk.move("D1", "failed", "external>bank", "400") == {TOLD}
    reversal = (("out", "400"), ("acme", "-400"))
    assert desk.book(*reversal, op_type="deposit", transfer_id="D1", reverses="j2") == {f"{KIND} P1 resolved"}


def test_a_credit_whose_money_nobody_has_told_of_is_told_after_a_minute_and_explained_by_the_money() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    assert desk.book(("out", "-400"), ("acme", "400"), op_type="deposit", transfer_id="D1") == set()
    assert desk.wait(59) == set()
    assert desk.wait(2) == {TOLD}
    assert desk.move("D1", "completed", "external>bank", "400", at=desk.now) == {f"{KIND} P1 explained"}


def test_a_larger_credit_than_could_be_believed_is_told_at_once() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    assert desk.book(("out", "-2000"), ("acme", "2000"), op_type="deposit", transfer_id="D1") == {TOLD}


def test_money_that_a_place_reports_before_its_movement_is_heard_of_covers_the_credit() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.wait(60)
    desk.book(("out", "-400"), ("acme", "400"), op_type="deposit", transfer_id="D1")
    desk.report("bank", USD="1400")
    assert desk.wait(600) == set()


# --- what covers, and when nothing is concluded ------------------------------------------------------------------------
def test_nothing_is_concluded_before_every_place_has_opened() -> None:
    desk = Desk(restarts=True)
    desk.refer("location", location="cold", role="cold", recon_group="desk", snapshot_every_s=300)
    desk.book(("acme", "1000"), ("out", "-1000"), op_type="opening")
    desk.report("hot")
    desk.report("bank", USD="400")
    assert desk.wait(600) == set()
    assert desk.report("cold", USD="600") == set()
    assert desk.book(("pnl", "-1"), ("acme", "1"), **BY_HAND) == {TOLD}


def test_a_place_that_opens_with_too_little_is_told() -> None:
    desk = Desk(restarts=True)
    desk.book(("acme", "1000"), ("out", "-1000"), op_type="opening")
    desk.report("hot")
    assert desk.report("bank", USD="400") == {TOLD}


def test_a_group_whose_places_never_reported_proves_nothing() -> None:
    desk = Desk()
    assert desk.book(("acme", "1000"), ("out", "-1000"), op_type="opening") == set()
    assert desk.wait(600) == set()


def test_what_is_between_own_places_covers_and_what_has_left_does_not() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    assert desk.move("R1", "broadcast", "bank>hot", "900") == set()
    assert desk.wait(600) == set()
    assert desk.move("R1", "completed", "bank>hot", "900") == set()
    desk.move("X1", "completed", "hot>external", "50")
    assert desk.wait(61) == {TOLD}
    alert = desk.alerts[-1]
    assert (alert.expected, alert.difference) == ("950", "50")


def test_money_at_an_address_that_is_not_proved_to_be_ours_covers_nothing_until_it_is() -> None:
    desk = Desk(restarts=True).opened("1000", "1000", asset="BTC")
    address = {"address": "bc1qours", "network": "bitcoin", "owner": "bank", "location": "bank", "role": "bank"}
    desk.refer("address", **address, state="active")
    to = {"location": "bank", "address": "bc1qours", "network": "bitcoin"}
    desk.move("D1", "completed", "external>bank", "5", "BTC", to=to)
    credit = (("out", "-5"), ("acme", "5"))
    desk.book(*credit, asset="BTC", op_type="deposit", transfer_id="D1")
    assert desk.standing == {KIND}
    assert "5 at addresses not proved to be ours" in desk.alerts[-1].explanation
    proof = {"state": "active", "control_proved_at": "2026-01-05T01:00:00Z"}
    assert desk.refer("address", **address, **proof) == {f"{KIND} P1 explained"}


@pytest.mark.parametrize("kind", ["virtual", "pledged"])
def test_holdings_that_are_counted_elsewhere_cover_nothing(kind: str) -> None:
    desk = Desk().opened("1000", "1000")
    desk.hear(snapshot("elsewhere", desk.now, "bank", {"USD": "5000"}, holding_kind=kind))
    assert desk.book(("pnl", "-1"), ("acme", "1"), **BY_HAND) == {TOLD}


def test_people_hear_again_when_it_has_grown_by_half() -> None:
    desk = Desk().opened("1000", "1000")
    said = [desk.book(("pnl", "-100"), ("acme", "100"), **BY_HAND) for _ in range(4)]
    assert said == [{TOLD}, {TOLD}, {TOLD}, set()], "100, 200, 300, 400"


def test_an_asset_that_is_introduced_late_covers_with_what_was_reported_of_it() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.report("hot", ADA="70")
    desk.book(("acme", "60"), ("out", "-60"), asset="ADA", op_type="opening")
    assert desk.refer("asset", asset="ADA", decimals=6, dust="0.01") == set()
    assert desk.wait(1) == set()
    assert desk.book(("acme", "1"), ("pnl", "-1"), asset="ADA", **BY_HAND) == set()
    assert desk.book(("acme", "10"), ("pnl", "-10"), asset="ADA", **BY_HAND) == {TOLD}


def test_places_of_other_groups_cover_nothing_here() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.refer("location", location="cold", role="cold", recon_group="other")
    desk.report("cold", USD="5000")
    accounts = {"account_class": "client", "recon_group": "desk"}
    desk.refer("account", account_id="acme", **accounts)
    assert desk.book(("pnl", "-1"), ("acme", "1"), **BY_HAND) == {TOLD}
    assert desk.refer("location", location="cold", role="cold", recon_group="desk") == set()
    assert desk.book(("pnl", "-1"), ("acme", "1"), **BY_HAND) == {f"{KIND} P1 resolved"}
