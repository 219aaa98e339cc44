"""The incidents of the field, in a broker that is otherwise honest: thieves, lost pages, stuck moves, and storms."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.broker import background, polls
from tests.contract.firm import Firm
from tests.contract.names import COLD, ETHEREUM, HOT, VENUE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, seconds, side, stamp

AT = 4_000.0
BITCOIN_CHAIN = "chain:bip122:000000000019d6689c085ae165831e93"
CHAIN = "chain:eip155:1"
BEATS = Ways(heartbeat_s=60)


@pytest.mark.parametrize("honest", [False, True])
def test_s11_a_silent_outflow(honest: bool) -> None:
    firm = background(BEATS)
    for number in range(3):
        at = AT + 700 * number
        own = side(COLD, address=address_of(COLD, firm_network()), network=firm_network())
        thief = side("external", address="bc1qthief", network=firm_network())
        op = "sweep" if honest else "withdrawal"
        it = firm.movement(f"x-{number}", op, side(HOT), own if honest else thief, "BTC", "5", network=firm_network())
        it("broadcast", at, BITCOIN_CHAIN)
        it("completed", at + 20, BITCOIN_CHAIN)
        firm.value(at, HOT, "BTC", "-5")
        if honest:
            firm.value(at + 20, COLD, "BTC", "5")
    verdict = examine(firm)
    if honest:
        verdict.quiet()
        return
    for number in range(3):
        story = verdict.one("unmatched_outflow", transfer_id=f"x-{number}")
        assert AT + 700 * number <= story.opened <= AT + 700 * number + 120
        assert story.severity == "P1"
    pages = [story for story in verdict.loud() if story.kind == "unmatched_outflow"]
    assert len({story.records[0]["incident_id"] for story in pages}) == 1


def firm_network() -> str:
    return BITCOIN_CHAIN.removeprefix("chain:")


def test_s11_a_theft_that_no_chain_tells_shows_in_the_reports() -> None:
    firm = background(BEATS)
    for number in range(3):
        firm.value(AT + 700 * number, COLD, "BTC", "-5")
    story = examine(firm).first("position_drift", severity="P1", since=AT, by=AT + 610)
    assert story.scope["location"] == COLD


@pytest.mark.parametrize("honest", [False, True])
def test_s12_salami_shows_as_a_trend_within_a_day(honest: bool) -> None:
    firm = Firm(BEATS).told()
    dice = random.Random(12)
    for number in range(280):
        amount = Decimal(dice.randint(20, 60)) / 1_000_000
        sign = dice.choice((-1, 1)) if honest else -1
        firm.value(310 + 300 * number, HOT, "BTC", f"{sign * amount:f}")
    polls(firm, 300 * 281, (HOT,))
    firm.lost |= {line[3]["event_id"] for line in firm.lines if line[2] == "balances" and line[3]["location"] != HOT}
    verdict = examine(firm)
    if honest:
        assert not verdict.all("drift_trend"), verdict.stories
        assert not verdict.all("position_drift"), verdict.stories
    else:
        story = verdict.one("drift_trend")
        assert story.severity == "P3"
        assert story.scope["asset"] == "BTC"


def assets(firm: Firm) -> list[str]:
    names = [f"T{number}" for number in range(24)]
    for asset in names:
        firm.know("asset", -1, asset=asset, decimals=6, dust="0.01", rebasing=False, aliases=[], networks=[ETHEREUM])
        firm.value(-1, HOT, asset, "1000")
        firm.value(-1, COLD, asset, "0")
    return names


@pytest.mark.parametrize("group", [None, "all"])
@pytest.mark.parametrize("honest", [False, True])
def test_s13_a_drain_of_the_hot_wallet_is_one_incident(honest: bool, group: str | None) -> None:
    firm = background(Ways(heartbeat_s=60, group=group))
    for number, asset in enumerate(assets(firm) * 3):
        at = AT + 4 * number
        own = side(COLD, address=address_of(COLD, ETHEREUM), network=ETHEREUM)
        thief = side("external", address=f"0x{number % 5}" + "e" * 39, network=ETHEREUM)
        op = "sweep" if honest else "withdrawal"
        it = firm.movement(f"x-{number}", op, side(HOT), own if honest else thief, asset, "300", network=ETHEREUM)
        if honest:
            it("requested", at - 5, "treasury")
        it("broadcast", at, CHAIN)
        it("completed", at + 20, CHAIN)
        firm.value(at, HOT, asset, "-300")
        if honest:
            firm.value(at + 20, COLD, asset, "300")
    verdict = examine(firm)
    if honest:
        verdict.quiet()
        return
    story = verdict.first("multi_asset_drain", severity="P1", since=AT, by=AT + 13)
    pages = [one for one in verdict.loud() if one.worst == "P1"]
    assert {one.records[0]["incident_id"] for one in pages} == {story.records[0]["incident_id"]}


@pytest.mark.parametrize("backfilled", [False, True])
@pytest.mark.parametrize("shift_s", [7, 0], ids=["in order", "after a report that came seconds late"])
def test_s22_a_lost_page_of_bills_is_a_gap_and_no_break(shift_s: float, backfilled: bool) -> None:
    firm = background(Ways(heartbeat_s=60, seq_everywhere=True))
    start = AT - 400 + shift_s
    for number in range(12):
        at, name = start + 30 * number, f"bill-{number}"
        it = firm.movement(name, "funding", side("external"), side(VENUE), "USDC", f"1{number}")
        lost = 5 <= number < 9
        it("completed", at, "binance:main", seen=AT + 900 if lost and backfilled else at, name=name)
        firm.value(at, VENUE, "USDC", f"1{number}")
        legs = (("house:main", "USDC", f"1{number}"), ("world:w", "USDC", f"-1{number}"))
        firm.journal(at + 2, "funding", *legs, transfer_id=name)
        if lost and not backfilled:
            firm.lost.add(name)
    verdict = examine(firm)
    story = verdict.one("source_gap")
    assert start + 270 <= story.opened <= start + 330
    assert story.over is backfilled
    verdict.quiet(but=("source_gap",))


def test_s23_a_stale_report_is_told_and_breaks_nothing() -> None:
    firm = background(BEATS)
    body = [{"asset": asset, "total": f"{total:f}"} for asset, total in firm.held(HOT, 3_900).items()]
    for line in firm.lines:
        if line[2] == "balances" and line[3]["location"] == HOT and 3_900 < seconds(line[3]["as_of"]) <= 5_700:
            line[3]["rows"] = body
    verdict = examine(firm)
    story = verdict.one("stale_snapshot")
    assert story.severity == "P3"
    assert 4_500 <= story.opened <= 4_810
    assert story.over, "the reports after it are fresh"
    verdict.quiet(but=("stale_snapshot",))


@pytest.mark.parametrize("ending", ["nothing", "refused", "maintenance", "in time"])
def test_s25_a_stuck_rebalance(ending: str) -> None:
    firm = background(BEATS)
    it = firm.own("stuck", HOT, VENUE, "USDC", "40000")
    it("requested", AT, "treasury")
    it("broadcast", AT + 4)
    firm.value(AT + 4, HOT, "USDC", "-40000")
    if ending == "refused":
        it("completed", AT + 60, sub_status="completed_but_3rd_party_failed")
    if ending == "maintenance":
        window = {"from": stamp(AT + 100), "until": stamp(AT + 2_600), "what": "transfers"}
        firm.steer("maintenance", AT, location=VENUE, **window)
    if ending in ("maintenance", "in time"):
        arrived = AT + (2_500 if ending == "maintenance" else 880)
        it("completed", arrived)
        firm.value(arrived, VENUE, "USDC", "40000")
        examine(firm).quiet()
        return
    verdict = examine(firm)
    story = verdict.first("in_transit_overdue", severity="P2", since=AT, by=AT + 964)
    assert story.opened <= AT + 964
    verdict.quiet(but=("in_transit_overdue",))


@pytest.mark.parametrize("met", [False, True])
def test_s26_a_margin_call(met: bool) -> None:
    firm = background(BEATS)
    call: dict[str, Any] = {"op_type": "collateral", "from": HOT, "to": VENUE, "asset": "USDC", "amount": "20000"}
    firm.steer("plan", AT, plan_id="call", not_before=stamp(AT), not_after=stamp(AT + 1_200), **call)
    if met:
        firm.move("top-up", HOT, VENUE, "USDC", "20000", AT + 300, op="collateral", plan_id="call")
        examine(firm).quiet()
    else:
        examine(firm).first("settlement_overdue", severity="P2", since=AT + 1_200, by=AT + 1_320)
