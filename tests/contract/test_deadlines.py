"""What takes longer than was promised: requests, transits, settlements; and the pauses that stop the clock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.broker import busy
from tests.contract.firm import Firm
from tests.contract.names import COLD, HOT, VENUE
from tests.contract.verdicts import Story, examine
from tests.contract.ways import Ways, side, stamp

VARIED = [Ways(), Ways(group="all"), Ways(heartbeat_s=60), Ways(transfer_ids=False), Ways(prices=False, accounts=False)]
END = 3_600.0
# Routes are promised in 600 s, with a p99 of 300 s: late after 900 s, and worse after twice that.
LATE, WORSE = 900, 1_800


def assert_late(story: Story, start: float, slack_s: float = 0.0) -> None:
    assert story.severity == "P3"
    assert start + LATE <= story.opened <= start + LATE + slack_s
    worse = story.reached("P2")
    assert worse is not None
    assert start + WORSE <= worse <= start + WORSE + slack_s
    assert any(part.isdigit() for part in story.records[0]["explanation"])


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_request_that_is_never_sent_breaches_its_sla(ways: Ways) -> None:
    firm = busy(Firm(ways).told())
    it = firm.wanted("w", "alice", "ETH", "2")
    asked = it("requested", 400, "oms")
    it("approved", 410, "oms")
    firm.debit(it, "alice", "2", 401, END + 100)
    verdict = examine(firm)
    story = verdict.one("sla_breach")
    assert_late(story, 400, 60 if ways.heartbeat_s else 0)
    assert asked in story.evidence
    assert story.scope.get("transfer_id") == "w"
    assert [one.kind for one in verdict.loud()] == ["sla_breach"]


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_value_that_does_not_arrive_is_overdue(ways: Ways) -> None:
    firm = busy(Firm(ways).told())
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    sent = it("broadcast", 405)
    firm.value(405, HOT, "ETH", "-20")
    verdict = examine(firm)
    story = verdict.one("in_transit_overdue")
    assert_late(story, 400, 5 + (60 if ways.heartbeat_s else 0))
    assert sent in story.evidence
    assert story.scope.get("transfer_id") == "m"
    assert story.scope["asset"] == "ETH"
    assert [one.kind for one in verdict.loud()] == ["in_transit_overdue"]


def test_a_completion_that_a_third_party_refused_is_no_arrival() -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 405)
    it("completed", 450, sub_status="completed_but_3rd_party_failed")
    firm.value(405, HOT, "ETH", "-20")
    story = examine(firm).one("in_transit_overdue")
    assert story.opened <= 405 + LATE + 60
    assert story.worst == "P2"


@pytest.mark.parametrize("op", ["settlement", "collateral"])
@pytest.mark.parametrize("ways", VARIED[:2], ids=str)
def test_a_settlement_that_does_not_come_is_overdue(ways: Ways, op: str) -> None:
    firm = Firm(ways).told()
    firm.know("location", location="okx:oes", role="counterparty", recon_group=ways.group, active=True)
    firm.snapshot("okx:oes", 0, {"BTC": "0", "ETH": "0", "USDC": "0"})
    firm.know("route", asset="USDC", from_role="venue", to_role="counterparty", sla_s=600, p99_s=300)
    busy(firm)
    it = firm.movement("s", op, side(VENUE), side("okx:oes"), "USDC", "20000")
    asked = it("requested", 400, "treasury")
    verdict = examine(firm)
    story = verdict.one("settlement_overdue")
    assert_late(story, 400, 60 if ways.heartbeat_s else 0)
    assert asked in story.evidence


def test_an_unmet_margin_call_is_overdue_when_its_plan_has_ended() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    call = {"op_type": "collateral", "from": HOT, "to": VENUE, "asset": "USDC", "amount": "20000"}
    firm.steer("plan", 300, plan_id="call", not_before=stamp(300), not_after=stamp(1_200), **call)
    busy(firm)
    story = examine(firm).one("settlement_overdue")
    assert 1_200 <= story.opened <= 1_260


def test_a_margin_call_that_is_met_early_is_quiet() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    call = {"op_type": "collateral", "from": HOT, "to": VENUE, "asset": "USDC", "amount": "20000"}
    firm.steer("plan", 300, plan_id="call", not_before=stamp(300), not_after=stamp(1_200), **call)
    firm.move("top-up", HOT, VENUE, "USDC", "20000", 500, op="collateral", plan_id="call")
    busy(firm)
    examine(firm).quiet()


@pytest.mark.parametrize("done_s", [890, 1_000])
def test_what_arrives_in_time_is_quiet_and_what_arrives_late_closes(done_s: float) -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    it = firm.own("m", HOT, COLD, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 402)
    it("completed", 400 + done_s)
    firm.value(402, HOT, "ETH", "-20")
    firm.value(400 + done_s, COLD, "ETH", "20")
    verdict = examine(firm)
    if done_s < LATE:
        verdict.quiet()
    else:
        assert verdict.one("in_transit_overdue").over
        assert verdict.one("in_transit_overdue").worst == "P3"


@pytest.mark.parametrize("ending", ["failed", "returned", "cancelled", "expired"])
def test_what_comes_to_nothing_is_no_longer_waited_for(ending: str) -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    it = firm.own("m", HOT, COLD, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 402)
    it(ending, 700)
    firm.value(402, HOT, "ETH", "-20")
    firm.value(700, HOT, "ETH", "20")
    examine(firm).quiet()


@pytest.mark.parametrize(("sla_s", "p99_s", "late_s"), [(600, None, 600), (600, 100, 600), (100, 250, 750)])
def test_late_is_the_longer_of_the_promise_and_three_times_what_is_usual(
    sla_s: int, p99_s: int | None, late_s: int
) -> None:
    firm = Firm(routes=False).told()
    firm.promise(("ETH",), sla_s, p99_s)
    busy(firm)
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 401)
    firm.value(401, HOT, "ETH", "-20")
    assert 400 + late_s <= examine(firm).one("in_transit_overdue").opened <= 401 + late_s


def test_a_route_for_a_network_goes_before_one_for_all() -> None:
    firm = Firm(routes=False).told()
    firm.promise(("ETH",), 3_000, None)
    firm.know("route", asset="ETH", network="eip155:1", from_role="hot", to_role="venue", sla_s=300)
    busy(firm)
    it = firm.own("m", HOT, VENUE, "ETH", "20")
    it("requested", 400, "treasury")
    it("broadcast", 401)
    firm.value(401, HOT, "ETH", "-20")
    assert 700 <= examine(firm).one("in_transit_overdue").opened <= 701


def test_where_nothing_was_promised_an_honest_hour_is_quiet() -> None:
    firm = busy(Firm(Ways(heartbeat_s=60), routes=False).told())
    examine(firm).quiet()


@pytest.mark.parametrize("why", ["on_hold", "pending_approval", "screening"])
def test_a_request_that_waits_for_people_is_late_as_well(why: str) -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    facts: dict[str, Any] = {"control": {"origin": "manual", "initiator": "ann", "approvers": ["ben"]}}
    it = firm.wanted("w", "alice", "ETH", "2", **facts)
    it("requested", 400, "oms")
    it(why, 420, "oms")
    firm.debit(it, "alice", "2", 401, END + 100)
    assert examine(firm).one("sla_breach").opened <= 1_360


@pytest.mark.parametrize(("op", "kind"), [("withdrawal", "sla_breach"), ("settlement", "settlement_overdue")])
@pytest.mark.parametrize("ending", ["completed", "cancelled"])
def test_what_is_late_closes_when_it_ends(op: str, kind: str, ending: str) -> None:
    firm = busy(Firm(Ways(heartbeat_s=60)).told())
    if op == "withdrawal":
        it = firm.wanted("w", "alice", "ETH", "2")
    else:
        it = firm.movement("w", op, side(VENUE), side(HOT), "USDC", "2000")
    it("requested", 400, "oms" if op == "withdrawal" else "treasury")
    it(ending, 1_500)
    if ending == "completed":
        firm.value(1_500, HOT, "ETH" if op == "withdrawal" else "USDC", "-2" if op == "withdrawal" else "2000")
        firm.value(1_500, VENUE, "USDC", "0" if op == "withdrawal" else "-2000")
        if op == "withdrawal":
            firm.debit(it, "alice", "2", 401, 1_502)
    verdict = examine(firm)
    assert verdict.one(kind).over
    verdict.quiet(but=(kind,))
