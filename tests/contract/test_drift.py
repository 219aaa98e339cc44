"""What a place reports against what it should hold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, ETHEREUM, HOT, VENUE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side

VARIED = [
    Ways(),
    Ways(group="all"),
    Ways(heartbeat_s=60),
    Ways(late_by_s=4),
    Ways(accounts=False),
    Ways(seq_everywhere=True),
]
CHAIN = "chain:eip155:1"


def gone(firm: Firm, at: float, amount: str, asset: str = "ETH", place: str = HOT) -> None:
    """Let value vanish from a place with no movement told."""
    firm.value(at, place, asset, f"-{amount}")


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_small_drift_is_raised_with_the_second_report(ways: Ways) -> None:
    firm = Firm(ways).told()
    gone(firm, 450, "0.2")
    polls(firm, 1_200)
    verdict = examine(firm)
    story = verdict.one("position_drift")
    assert 900 <= story.opened <= 910, "with the report of 900 s, not with that of 600 s"
    assert story.severity == "P2"
    assert (story.scope["location"], story.scope["asset"]) == (HOT, "ETH")
    assert Decimal(str(story.records[0]["difference"])) == Decimal("-0.2")
    assert any(event.startswith("balances") for event in story.evidence)
    assert "0.2" in story.records[0]["explanation"]
    assert verdict.loud() == [story]


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_huge_drift_is_raised_with_the_first_report(ways: Ways) -> None:
    firm = Firm(ways).told()
    gone(firm, 450, "400", place=COLD)
    polls(firm, 1_200)
    story = examine(firm).one("position_drift")
    assert 600 <= story.opened <= 610
    assert story.severity == "P1"


def test_without_a_price_a_drift_is_raised_with_the_second_report() -> None:
    firm = Firm(Ways(prices=False)).told()
    gone(firm, 450, "400", place=COLD)
    polls(firm, 1_200)
    story = examine(firm).one("position_drift")
    assert 900 <= story.opened <= 910
    assert story.severity == "P2"


@pytest.mark.parametrize("how", ["comes back", "is told after all"])
def test_a_drift_closes_when_it_is_gone(how: str) -> None:
    firm = Firm().told()
    gone(firm, 450, "0.2")
    if how == "comes back":
        firm.value(1_000, HOT, "ETH", "0.2")
    else:
        it = firm.wanted("late", "alice", "ETH", "0.2")
        for status, at, source in (("requested", 440, "oms"), ("broadcast", 450, CHAIN), ("completed", 480, CHAIN)):
            it(status, at, source, seen=1_000)
        firm.debit(it, "alice", "0.2", 1_001, 1_002)
    polls(firm, 1_500)
    assert examine(firm).one("position_drift").over


def test_a_drift_of_one_report_is_nothing() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    gone(firm, 550, "0.2")
    firm.value(650, HOT, "ETH", "0.2")
    polls(firm, 1_500)
    examine(firm).quiet()


@pytest.mark.parametrize("amount", ["0.0001", "-0.0001", "0.00005"])
def test_dust_is_no_drift(amount: str) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.value(450, HOT, "ETH", amount)
    polls(firm, 1_800)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(HOT, "ETH") == firm.held(HOT, 2_000)["ETH"] - Decimal(amount), "never reset"
    assert Decimal(verdict.positions[HOT, "ETH"]["drift"]) == Decimal(amount)
    assert Decimal(verdict.positions[HOT, "ETH"]["dust_absorbed"]) == Decimal(amount)


def test_a_report_of_before_a_movement_that_is_seen_after_it_agrees() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.withdraw("w", "alice", "ETH", "5", 590)
    firm.snapshot(HOT, 599, seen=640)
    firm.snapshot(HOT, 600, seen=641)
    firm.snapshot(HOT, 601, seen=642)
    firm.snapshot(HOT, 700, seen=702)
    firm.until(900)
    examine(firm).quiet()


def test_a_movement_that_is_told_a_little_after_the_report_that_holds_it_is_no_drift() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.own("w", HOT, COLD, "ETH", "200")
    it("requested", 580, "treasury")
    it("broadcast", 598, CHAIN, seen=612)
    it("completed", 620, CHAIN, seen=632)
    firm.value(598, HOT, "ETH", "-200")
    firm.value(620, COLD, "ETH", "200")
    firm.snapshot(HOT, 600, seen=603)
    firm.snapshot(HOT, 660, seen=663)
    firm.until(900)
    examine(firm).quiet()


def test_a_fork_that_rebases_an_asset_is_no_drift() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.know("asset", -1, asset="STETH", decimals=18, dust="0.0001", rebasing=True, aliases=[], networks=[ETHEREUM])
    firm.value(-1, HOT, "STETH", "100")
    for at in (280, 580, 880, 1_180):
        firm.value(at, HOT, "STETH", "0.01")
    polls(firm, 1_500)
    examine(firm).quiet()


def test_a_location_that_is_told_in_movements_of_another_source_is_one_place() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.movement("v", "rebalance", side(VENUE), side(HOT), "USDC", "5000")
    it("requested", 300, "treasury")
    it("broadcast", 310, "binance:main")
    it("completed", 340, CHAIN)
    it("completed", 345, "fireblocks")
    it("completed", 350, "binance:main")
    firm.value(310, VENUE, "USDC", "-5000")
    firm.value(340, HOT, "USDC", "5000")
    polls(firm, 900)
    verdict = examine(firm)
    verdict.quiet()
    assert verdict.expected(HOT, "USDC") == 505_000
