"""Credits without money, money without credits, and money of nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import ETHEREUM, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import USUAL_WAYS, Ways, side
from tests.contract.worlds import Movement

VARIED = [
    *USUAL_WAYS,
    Ways(client_named=False),
    Ways(single_completed=True),
]
CHAIN = "chain:eip155:1"


def gift(firm: Firm, at: float, amount: str = "3", **more: Any) -> list[str]:
    """Credit a client for a deposit that is not there."""
    legs = (("client:alice", "ETH", amount), ("world:w", "ETH", f"-{amount}"))
    return firm.journal(at, "deposit", *legs, **{"origin": "auto", **more})


@pytest.mark.parametrize("named", [None, "never-seen"])
@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_credit_without_an_inflow_is_a_phantom_after_a_minute(ways: Ways, named: str | None) -> None:
    firm = Firm(ways).told()
    legs = gift(firm, 400, transfer_id=named)
    firm.until(700)
    verdict = examine(firm)
    story = verdict.one("phantom_credit")
    assert story.severity == "P1"
    assert 460 <= story.opened <= 460 + (60 if ways.heartbeat_s else 0)
    assert legs[0] in story.evidence
    assert story.scope["asset"] == "ETH"
    assert story.scope.get("client_id") == "alice" or story.scope.get("account_id") == "client:alice"
    assert "3" in story.records[0]["explanation"]
    assert [one.kind for one in verdict.loud()] == ["phantom_credit"]


@pytest.mark.parametrize("end", ["failed", "returned", "rejected", "expired", "cancelled"])
def test_a_credit_for_a_deposit_that_came_to_nothing_is_a_phantom(end: str) -> None:
    firm = Firm().told()
    it = firm.coming("in", "alice", "ETH", "3")
    it("confirming", 390, CHAIN)
    gift(firm, 400, transfer_id="in")
    it(end, 420, CHAIN)
    firm.until(700)
    verdict = examine(firm)
    assert verdict.one("phantom_credit").severity == "P1"
    assert 400 <= verdict.one("phantom_credit").opened <= 480


@pytest.mark.parametrize("late_s", [5, 30, 55])
@pytest.mark.parametrize("ways", [Ways(), Ways(transfer_ids=False), Ways(client_named=False)], ids=str)
def test_a_credit_shortly_before_its_inflow_is_a_race(ways: Ways, late_s: float) -> None:
    firm = Firm(ways).told()
    it = firm.coming("in", "alice", "ETH", "3")
    it("completed", 400 + late_s, CHAIN)
    firm.value(400 + late_s, HOT, "ETH", "3")
    gift(firm, 400, transfer_id="in")
    polls(firm, 900)
    examine(firm).quiet()


def test_an_inflow_that_comes_after_all_closes_the_phantom() -> None:
    firm = Firm().told()
    it = firm.coming("in", "alice", "ETH", "3")
    it("completed", 390, CHAIN, seen=600)
    gift(firm, 400, transfer_id="in")
    firm.until(700)
    story = examine(firm).one("phantom_credit")
    assert story.opened == 460
    assert story.over


def test_a_credit_that_is_taken_back_closes_the_phantom() -> None:
    firm = Firm().told()
    gift(firm, 400, journal_id="slip")
    legs = (("client:alice", "ETH", "-3"), ("world:w", "ETH", "3"))
    firm.journal(600, "reversal", *legs, reverses="slip", origin="manual", maker="ann", checker="ben")
    firm.until(700)
    assert examine(firm).one("phantom_credit").over


@pytest.mark.parametrize("op", ["interest", "rebate", "reward", "adjustment", "funding"])
@pytest.mark.parametrize("counter", ["pnl:main", "house:main", "fee:main"])
def test_a_credit_at_the_expense_of_the_firm_needs_no_inflow(op: str, counter: str) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    hands = {"origin": "manual", "maker": "ann", "checker": "ben"} if op == "adjustment" else {"origin": "auto"}
    firm.journal(400, op, ("client:alice", "USDC", "12.5"), (counter, "USDC", "-12.5"), **hands)
    firm.until(900)
    examine(firm).quiet()


def stray(firm: Firm, amount: str = "3", at: float = 400) -> Movement:
    """Let ether come to an address of nobody."""
    to = side(HOT, address="0x" + "5" * 40, network=ETHEREUM)
    it = firm.movement("stray", "deposit", side("external"), to, "ETH", amount, network=ETHEREUM)
    it("completed", at, CHAIN)
    firm.value(at, HOT, "ETH", amount)
    return it


@pytest.mark.parametrize("ways", [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(prices=False)], ids=str)
def test_an_inflow_of_nobody_is_raised_after_a_minute(ways: Ways) -> None:
    firm = Firm(ways).told()
    stray(firm)
    firm.until(560)
    story = examine(firm).one("unmatched_inflow")
    assert story.severity == "P3"
    assert 460 <= story.opened <= 460 + (60 if ways.heartbeat_s else 0)
    assert story.scope["location"] == HOT
    assert story.scope["asset"] == "ETH"


@pytest.mark.parametrize("account", ["suspense:main", "client:alice"])
def test_an_inflow_of_nobody_that_is_booked_in_time_is_quiet(account: str) -> None:
    firm = Firm().told()
    stray(firm)
    firm.journal(440, "deposit", (account, "ETH", "3"), ("world:w", "ETH", "-3"), transfer_id="stray")
    polls(firm, 900)
    examine(firm).quiet(but=("unregistered_address",))


def test_an_inflow_of_nobody_that_is_booked_later_is_closed() -> None:
    firm = Firm().told()
    stray(firm)
    firm.journal(900, "deposit", ("suspense:main", "ETH", "3"), ("world:w", "ETH", "-3"), transfer_id="stray")
    firm.until(1_000)
    assert examine(firm).one("unmatched_inflow").over


def test_dust_of_nobody_disturbs_nobody() -> None:
    firm = Firm().told()
    stray(firm, "0.00005")
    polls(firm, 900)
    examine(firm).quiet()
