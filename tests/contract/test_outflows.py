"""Money that leaves with no instruction, money that leaves with no debit, and the bursts of a thief."""

from __future__ import annotations

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, HOT
from tests.contract.thefts import stolen
from tests.contract.verdicts import examine
from tests.contract.ways import USUAL_WAYS, Ways, side

CHAIN = "chain:eip155:1"
VARIED = USUAL_WAYS


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_an_outflow_that_nobody_asked_for_is_raised_within_a_minute(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = stolen(firm)
    seen = it("broadcast", 400, CHAIN)
    it("completed", 430, CHAIN)
    firm.until(700)
    verdict = examine(firm)
    story = verdict.one("unmatched_outflow")
    late_s = 60 if ways.heartbeat_s else 0
    assert 400 <= story.opened <= 460 + late_s
    assert story.severity == "P1"
    assert story.scope["location"] == HOT
    assert story.scope["asset"] == "ETH"
    assert seen in story.evidence
    assert "40" in story.records[0]["explanation"]


def test_an_outflow_that_is_not_final_waits_the_whole_minute() -> None:
    firm = Firm().told()
    stolen(firm)("broadcast", 400, CHAIN)
    firm.until(700)
    assert examine(firm).one("unmatched_outflow").opened == 460


def test_it_is_raised_whatever_kind_of_movement_the_chain_calls_it() -> None:
    firm = Firm().told()
    stolen(firm, "a", op="internal")("broadcast", 400, CHAIN)
    stolen(firm, "b", op="settlement")("broadcast", 401, CHAIN)
    stolen(firm, "c", op="fee")("broadcast", 402, CHAIN)
    firm.until(700)
    assert len(examine(firm).all("unmatched_outflow")) == 3


@pytest.mark.parametrize("late_s", [1, 5, 50])
def test_a_request_that_comes_a_little_after_its_outflow_is_a_race(late_s: float) -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("broadcast", 400, CHAIN)
    it("requested", 395, "oms", seen=400 + late_s)
    it("completed", 460, CHAIN)
    firm.debit(it, "alice", "2", 401, 462)
    firm.until(700)
    examine(firm).quiet()


def test_a_request_that_comes_after_all_closes_it() -> None:
    firm = Firm().told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("broadcast", 400, CHAIN)
    it("completed", 430, CHAIN)
    it("requested", 390, "oms", seen=600)
    firm.debit(it, "alice", "2", 601, 602)
    firm.until(700)
    story = examine(firm).one("unmatched_outflow")
    assert 400 <= story.opened <= 460
    assert story.over


def test_an_outflow_that_failed_took_nothing() -> None:
    firm = Firm().told()
    it = stolen(firm)
    it("broadcast", 400, CHAIN)
    it("failed", 420, CHAIN)
    firm.until(700)
    examine(firm).quiet(but=("unregistered_address",))


@pytest.mark.parametrize("op", ["sweep", "internal"])
def test_a_consolidation_to_an_own_registered_address_is_no_outflow(op: str) -> None:
    firm = Firm().told()
    it = firm.own("consolidate", HOT, COLD, "ETH", "200", op)
    it("broadcast", 400, CHAIN)
    it("completed", 430, CHAIN)
    firm.value(400, HOT, "ETH", "-200")
    firm.value(430, COLD, "ETH", "200")
    polls(firm, 900)
    examine(firm).quiet()


@pytest.mark.parametrize("op", ["fee", "funding", "interest", "settlement"])
def test_small_kinds_are_matched_by_a_ledger_leg_within_a_minute(op: str) -> None:
    firm = Firm().told()
    it = firm.movement("small", op, side(HOT), side("external"), "USDC", "25")
    it("completed", 400)
    firm.value(400, HOT, "USDC", "-25")
    firm.journal(455, op, ("house:main", "USDC", "-25"), ("world:w", "USDC", "25"), transfer_id="small")
    polls(firm, 900)
    examine(firm).quiet()


def test_nothing_is_missing_where_no_request_was_ever_heard() -> None:
    firm = Firm()
    it = stolen(firm)
    it("broadcast", 400, CHAIN)
    it("completed", 430, CHAIN)
    firm.until(700)
    assert not examine(firm).all("unmatched_outflow")


def test_the_requests_of_a_source_that_lags_are_waited_for() -> None:
    firm = Firm(Ways(heartbeat_s=30, heartbeat_lag_s=200)).told()
    it = firm.wanted("w", "alice", "ETH", "2")
    it("broadcast", 400, CHAIN)
    it("completed", 430, CHAIN)
    it("requested", 390, "oms", seen=550)
    firm.debit(it, "alice", "2", 551, 552)
    firm.until(900)
    examine(firm).quiet()


@pytest.mark.parametrize("ways", [Ways(), Ways(transfer_ids=False), Ways(heartbeat_s=60)], ids=str)
def test_a_withdrawal_that_the_books_never_debit_is_raised_after_a_quarter_of_an_hour(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2")
    for number in range(8):  # other flows keep the feeds alive
        firm.deposit(f"in-{number}", "alice", "BTC", f"0.{number + 1}", 300 + 150 * number)
        firm.withdraw(f"out-{number}", "bob", "BTC", f"0.{number + 1}1", 330 + 150 * number)
    polls(firm, 1_500)
    verdict = examine(firm)
    story = verdict.one("missing_debit")
    assert 410 + 900 <= story.opened <= 440 + 900 + (60 if ways.heartbeat_s else 0)
    assert story.severity == "P3"
    assert story.scope.get("transfer_id") == "w"
    assert all(one.kind == "missing_debit" for one in verdict.loud()), verdict.stories


@pytest.mark.parametrize(("debit_s", "raised"), [(800, False), (1_000, True)])
def test_a_debit_within_a_quarter_of_an_hour_is_in_time_and_a_later_one_closes(debit_s: float, raised: bool) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", 400 + debit_s, 401 + debit_s)
    polls(firm, 1_800)
    verdict = examine(firm)
    if raised:
        assert verdict.one("missing_debit").over
    else:
        verdict.quiet()
