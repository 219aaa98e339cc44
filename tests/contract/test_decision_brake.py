"""What is known must be of now, and the books must be clear (R11, R12): the brake, and verdicts that follow verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.counter import AT, ask, counter, only, own_move
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, ETHEREUM, HOT, VENUE
from tests.contract.rulings import Rulings, decide, decided_at, failed
from tests.contract.ways import Ways, seconds, side, stamp
from tests.contract.worlds import Line

LONG = 5_400.0


# R11 fresh


@pytest.mark.parametrize(
    ("reach", "passes"),
    [
        ({"location": HOT}, False),
        ({"network": ETHEREUM}, False),
        ({"of_source": "fireblocks"}, False),
        ({"location": COLD}, True),
        ({"network": "eip155:10"}, True),
        ({"of_source": "binance:main"}, True),
    ],
    ids=repr,
)
@pytest.mark.parametrize("what", ["snapshots", "transfers", "all"])
def test_nothing_passes_where_there_is_maintenance(reach: dict[str, str], what: str, passes: bool) -> None:
    firm = counter()
    window = {"from": stamp(AT - 100), "until": stamp(AT + 100), "what": what}
    firm.steer("maintenance", 400, **window, **reach)
    ask(firm)
    assert decide(firm).failed("w") == only("R11", if_not=not passes)


@pytest.mark.parametrize(("start", "end"), [(-100, -1), (1, 100)])
def test_maintenance_before_and_after_is_of_no_concern(start: float, end: float) -> None:
    firm = counter()
    firm.steer("maintenance", 400, location=HOT, what="all", **{"from": stamp(AT + start), "until": stamp(AT + end)})
    ask(firm)
    assert decide(firm).failed("w") == []


def test_maintenance_at_the_place_that_receives_counts_as_well() -> None:
    firm = counter()
    window = {"from": stamp(AT - 100), "until": stamp(AT + 100), "what": "all"}
    firm.steer("maintenance", 400, location=VENUE, **window)
    own_move(firm, "w", "internal", HOT, VENUE)
    assert decide(firm).failed("w") == ["R11"]


def silent(source: str, since: float) -> Any:
    """Let nothing of a source arrive from a moment on."""

    def keep(line: Line) -> bool:
        return not (line[3]["source"] == source and line[0] > since)

    return keep


def test_nothing_passes_while_a_source_of_the_place_is_silent() -> None:
    firm = counter(until=LONG)
    ask(firm, "before", "1", 1_200)
    ask(firm, "at once", "2", 4_000)
    ask(firm, "elsewhere", "3", 4_001, client="carol", asset="USD")
    rulings = decide(firm, silent("fireblocks", 1_500))
    opened = [record for record in rulings.alerts if record["type"] == "source_silent" and record["seq"] == 0]
    assert [record["scope"]["source"] for record in opened] == ["fireblocks"], rulings.alerts
    assert opened[0]["opened_at"] < stamp(4_000)
    assert "R11" not in rulings.failed("before")
    assert "R11" in rulings.failed("at once")
    assert "R11" not in rulings.failed("elsewhere")


def test_who_reports_what_a_place_holds_is_a_source_of_it() -> None:
    firm = counter(until=LONG)
    own_move(firm, "before", "internal", VENUE, HOT, 1_200)
    own_move(firm, "from there", "internal", VENUE, HOT, 4_000, amount="2")
    own_move(firm, "to there", "internal", HOT, VENUE, 4_001, amount="3")
    rulings = decide(firm, silent("binance:main", 1_500))
    assert rulings.alert("source_silent")["opened_at"] < stamp(4_000)
    assert [rulings.failed(name) for name in ("before", "from there", "to there")] == [[], ["R11"], ["R11"]]


def test_nothing_passes_while_the_reports_of_the_place_are_stale() -> None:
    firm = counter(until=1_000)
    old = {asset: format(total, "f") for asset, total in firm.held(HOT, 1_000).items()}
    for number in range(6):  # five movements settle, and every report repeats the one of 1000 s
        firm.withdraw(f"out-{number}", "bob", "BTC", f"0.{number + 1}", 1_050 + 300 * number)
        firm.snapshot(HOT, 1_200 + 300 * number, old)
    ask(firm, at=2_600)
    rulings = decide(firm)
    opened = [record for record in rulings.alerts if record["type"] == "stale_snapshot"]
    assert opened, rulings.alerts
    assert opened[0]["opened_at"] < stamp(2_600)
    assert "R11" in rulings.failed("w")


# R12 books clear


def drifted(until: float = 3_000.0, *, ways: Ways | None = None) -> Firm:
    """Return a firm whose hot wallet has lost three ether at 1000 s, by a withdrawal of which nobody has told yet."""
    firm = counter(ways=ways, until=300)
    firm.value(1_000, HOT, "ETH", "-3")
    for place in (HOT, COLD, VENUE, BANK):
        for at in range(600, int(until), 300):
            firm.snapshot(place, at, seen=at + 2)
    return firm


def explain(firm: Firm, at: float) -> None:
    """Tell late of the withdrawal that has made the difference."""
    it = firm.wanted("late", "bob", "ETH", "3")
    for status, happened, source in (
        ("requested", 990, "oms"),
        ("broadcast", 1_000, "fireblocks"),
        ("completed", 1_040, "fireblocks"),
    ):
        it(status, happened, source, seen=at)
    firm.debit(it, "bob", "3", at, at)


def engaged(rulings: Rulings) -> dict[str, Any]:
    drift = rulings.alert("position_drift")
    assert (drift["scope"]["location"], drift["scope"]["asset"]) == (HOT, "ETH")
    assert drift["opened_at"] < stamp(2_100)
    return drift


def test_a_drift_holds_and_a_late_event_that_explains_it_lets_all_three_go() -> None:
    firm = drifted()
    for number in range(3):
        ask(firm, f"w{number}", f"1.{number}", 2_100 + number)
    explain(firm, 2_400)
    rulings = decide(firm)
    drift = engaged(rulings)
    for number in range(3):
        held, released = rulings.of(f"w{number}")
        assert (held["action"], failed(held), held["seq"]) == ("hold", ["R12"], 0)
        assert drift["alert_id"] in held["failed_rules"][0]["why"]
        assert (released["class"], released["action"], released["seq"]) == ("risk_free", "auto_approve", 1)
        assert decided_at(released) == 2_400


def test_what_was_free_and_is_not_approved_yet_is_held_when_the_brake_engages() -> None:
    firm = drifted()
    ask(firm, "waiting", "1", 950)
    passed = ask(firm, "passed", "2", 951)
    passed("approved", 953, "oms")
    passed("broadcast", 960)
    firm.value(960, HOT, "ETH", "-2")
    explain(firm, 2_400)
    rulings = decide(firm)
    drift = engaged(rulings)
    free, held, released = rulings.of("waiting")
    assert [record["action"] for record in (free, held, released)] == ["auto_approve", "hold", "auto_approve"]
    assert failed(held) == ["R12"]
    assert decided_at(held) == seconds(drift["opened_at"])
    assert decided_at(released) == 2_400
    assert [record["action"] for record in rulings.of("passed")] == ["auto_approve"]


def test_what_touches_neither_the_place_nor_the_asset_goes_on() -> None:
    firm = drifted()
    own_move(firm, "elsewhere", "rebalance", VENUE, BANK, 2_101, asset="USDC", amount="7", plan_id="p")
    firm.steer("plan", 300, plan_id="p", scope="p", op_type="rebalance", **{"from": VENUE}, to=BANK, asset="USDC",
               amount="7", not_before=stamp(0), not_after=stamp(9_000))  # fmt: skip
    ask(firm, "there", "1", 2_102)
    rulings = decide(firm)
    engaged(rulings)
    assert rulings.failed("elsewhere") == []
    assert rulings.failed("there") == ["R12"]


def test_an_acknowledged_alert_still_holds_and_one_that_is_closed_does_not() -> None:
    firm = drifted()
    first = decide(firm).alert("position_drift")["alert_id"]
    firm.steer("acknowledge", 2_000, alert_id=first, actor="ann")
    ask(firm, "w", "1", 2_100)
    firm.steer("close", 2_200, alert_id=first, actor="ann", verdict="expected", reason="seen")
    ask(firm, "later", "1.5", 2_250)
    rulings = decide(firm)
    assert rulings.failed("w") == ["R12"]
    assert rulings.last("w")["action"] == "auto_approve"
    assert decided_at(rulings.last("w")) == 2_200
    assert rulings.failed("later") == []


def test_a_client_with_a_phantom_credit_is_held_and_others_are_not() -> None:
    firm = counter()
    legs = ("client:alice", "ETH", "3"), ("world:w", "ETH", "-3")
    firm.journal(500, "deposit", *legs, origin="auto")
    ask(firm, "alice", "1", 1_000)
    ask(firm, "bob", "1", 1_001, client="bob")
    rulings = decide(firm)
    phantom = rulings.alert("phantom_credit")
    assert phantom["opened_at"] < stamp(1_000)
    assert rulings.failed("alice") == ["R12"]
    assert phantom["alert_id"] in rulings.first("alice")["failed_rules"][0]["why"]
    assert rulings.failed("bob") == []


def test_a_way_on_which_a_transfer_is_long_overdue_is_held_and_other_ways_are_not() -> None:
    firm = counter(until=LONG)
    stuck = own_move(firm, "stuck", "internal", HOT, VENUE, 300)
    stuck("broadcast", 310)
    firm.value(310, HOT, "BTC", "-1")
    own_move(firm, "while it is late", "internal", HOT, VENUE, 1_500, amount="1.1")
    own_move(firm, "the same way", "internal", HOT, VENUE, 3_000, amount="1.2")
    own_move(firm, "the way back", "internal", VENUE, HOT, 3_001, amount="1.3")
    own_move(firm, "another asset", "internal", HOT, VENUE, 3_002, asset="USDC", amount="7")
    rulings = decide(firm)
    reached = [
        record["updated_at"]
        for record in rulings.alerts
        if record["type"] == "in_transit_overdue" and record["severity"] == "P2"
    ]
    assert stamp(1_500) < reached[0] < stamp(3_000)
    assert rulings.failed("while it is late") == []
    assert rulings.failed("the same way") == ["R12"]
    assert rulings.failed("the way back") == []
    assert rulings.failed("another asset") == []


def test_an_asset_of_which_more_is_owed_than_held_is_held() -> None:
    firm = counter(ways=Ways(heartbeat_s=60, group="all"))
    legs = ("client:carol", "ETH", "9000"), ("world:w", "ETH", "-9000")
    firm.journal(700, "deposit", *legs, origin="auto")
    ask(firm, "in it", "1", 900)
    ask(firm, "in another", "5", 901, client="bob", asset="USDC")
    rulings = decide(firm)
    assert rulings.alert("liabilities_exceed_holdings")["opened_at"] < stamp(900)
    assert rulings.failed("in it") == ["R12"]
    assert rulings.failed("in another") == []


# Verdicts that follow verdicts


def test_a_request_that_is_restated_before_it_passed_is_judged_again() -> None:
    firm = counter({"single": "50"})
    it = ask(firm, amount="60")
    it("requested", AT, "oms", seen=AT + 30, revision=1, amount="40")
    rulings = decide(firm)
    first, second = rulings.of("w")
    assert (failed(first), decided_at(first)) == (["R5"], AT)
    assert (failed(second), decided_at(second), second["seq"]) == ([], AT + 30, 1)


def test_approvals_that_are_heard_before_it_passed_are_judged() -> None:
    firm = counter({"quorum": 2})
    control = {"origin": "manual", "initiator": "ann"}
    it = ask(firm, control=control)
    it("pending_approval", AT + 20, "oms", control={**control, "approvers": ["ben"]})
    it("pending_approval", AT + 40, "oms", revision=1, control={**control, "approvers": ["ben", "cid"]})
    rulings = decide(firm)
    assert failed(rulings.first("w")) == ["R10"]
    assert failed(rulings.last("w")) == []
    assert decided_at(rulings.last("w")) == AT + 40


def test_a_verdict_that_would_say_the_same_is_not_repeated() -> None:
    firm = counter()
    it = ask(firm)
    it("requested", AT, "fireblocks", seen=AT + 3, name="again")
    it("approved", AT + 20, "oms")
    it("broadcast", AT + 30)
    it("completed", AT + 60)
    firm.debit(it, "alice", "2", AT + 10, AT + 62)
    assert [record["seq"] for record in decide(firm).of("w")] == [0]


def test_a_verdict_is_of_what_had_been_observed_and_not_of_what_came_after() -> None:
    firm = counter()
    firm.register("0xnew", ETHEREUM, "alice", "client", at=AT + 1)
    ask(firm, address="0xnew")
    assert decide(firm).failed("w") == ["R2", "R3"]


def test_movements_told_in_an_asset_that_is_not_known_yet_are_decided_when_it_is() -> None:
    firm = counter()
    it = firm.movement("w", "withdrawal", side(HOT, client_id="alice"), side("external"), "DOGE", "5")
    it("requested", AT, "oms")
    firm.know("asset", AT + 60, asset="DOGE", decimals=8, dust="0.1")
    assert decided_at(decide(firm).first("w")) == AT + 60
