"""What a report says, and which reports are not to be compared: parts, mirrors, aliases, old bodies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways


@pytest.mark.parametrize("complete", [True, False])
def test_an_asset_that_is_not_reported_is_zero_only_in_a_complete_report(complete: bool) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for at in (300, 600, 900):
        rows = [
            {"asset": asset, "total": f"{total:f}"} for asset, total in firm.held(HOT, at).items() if asset != "XRP"
        ]
        firm.snapshot(HOT, at, rows=rows, complete=complete)
    firm.until(1_000)
    verdict = examine(firm)
    if complete:
        assert verdict.one("position_drift").scope["asset"] == "XRP"
    else:
        verdict.quiet()


@pytest.mark.parametrize("kind", ["virtual", "pledged"])
def test_holdings_that_mirror_or_secure_others_are_never_compared_with_what_is_actually_there(kind: str) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for at in (300, 600, 900):
        firm.snapshot(VENUE, at)
        firm.snapshot(VENUE, at + 1, {"BTC": "7", "USDC": "12"}, holding_kind=kind, snapshot_id=f"{kind}-{at}")
    firm.until(1_000)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(VENUE, "BTC") == 20


def test_a_part_of_an_account_is_no_total() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for at in (300, 600, 900):
        parts = [("main", "15"), ("sub-1", "3"), ("sub-2", "2")]
        rows = [{"asset": "BTC", "total": total, "account_id": part} for part, total in parts]
        firm.snapshot(VENUE, at, rows=[*rows, {"asset": "USDC", "total": "1000000"}])
    firm.until(1_000)
    examine(firm).quiet()


def test_rows_in_an_alias_count_for_the_asset() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for at in (300, 600):
        firm.snapshot(VENUE, at, rows=[{"asset": "XBT", "total": "20"}, {"asset": "USDC", "total": "1000000.0"}])
    firm.until(700)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.positions[VENUE, "BTC"]["reported"] == "20"


def test_totals_are_compared_with_totals() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for at in (300, 600):
        facts: dict[str, Any] = {"asset": "BTC", "total": "20", "available": "5", "held": "12", "staked": "3"}
        firm.snapshot(VENUE, at, rows=[facts, {"asset": "USDC", "total": "1000000", "available": "0"}])
    firm.until(700)
    examine(firm).quiet()


def test_a_closed_place_is_not_waited_for() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.know("location", 200, location=VENUE, role="venue", active=False)
    polls(firm, 5_000, (HOT, COLD, BANK))
    examine(firm).quiet()


def test_a_restated_report_takes_the_place_of_the_first() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    polls(firm, 1_200)
    firm.snapshot(COLD, 1_000, {"ETH": "1999.5"}, snapshot_id="s", seen=1_002)
    firm.snapshot(COLD, 1_000, snapshot_id="s", seen=1_010, revision=1)
    firm.until(1_300)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.positions[COLD, "ETH"]["drift"] == "0"


def test_the_same_body_three_times_while_flows_settle_is_stale_and_no_drift() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    body = [{"asset": asset, "total": f"{total:f}"} for asset, total in firm.held(HOT, 300).items()]
    for number in range(6):
        firm.deposit(f"in-{number}", "alice", "ETH", f"1.{number}", 320 + 290 * number)
        firm.withdraw(f"w-{number}", "bob", "ETH", f"0.{number + 1}", 330 + 290 * number)
        firm.snapshot(HOT, 300 + 300 * number, rows=body)
        for place in (COLD, VENUE, BANK):
            firm.snapshot(place, 300 + 300 * number)
    firm.until(1_830)
    verdict = examine(firm)
    story = verdict.one("stale_snapshot")
    assert story.severity == "P3"
    assert 900 <= story.opened <= 1_210
    assert story.scope["location"] == HOT
    assert not verdict.all("position_drift"), verdict.stories


def test_a_quiet_place_may_report_the_same_for_hours() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    polls(firm, 7_200)
    examine(firm).quiet()


def test_flows_that_cancel_each_other_leave_a_report_as_it_was() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    for number in range(5):
        firm.deposit(f"in-{number}", "alice", "ETH", "1.5", 320 + 300 * number)
        firm.withdraw(f"w-{number}", "bob", "ETH", "1.5", 380 + 300 * number, ids={"client_ref": f"r{number}"})
    polls(firm, 1_800)
    examine(firm).quiet()
