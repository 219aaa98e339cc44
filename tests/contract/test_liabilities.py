"""More is owed to clients than is held: at once outside the band of racing feeds, else after a minute."""

from __future__ import annotations

import pytest

from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side
from tests.contract.worlds import World

GROUPS = [None, "all"]


def tight(group: str | None = None) -> World:
    """Return a place that holds exactly the 10 bitcoin that one client is owed."""
    world = World(Ways(group=group))
    world.know("asset", asset="BTC", decimals=8, dust="0.0001", rebasing=False, aliases=["XBT"])
    world.know("location", location=HOT, role="hot", recon_group=group, active=True)
    world.know("account", account_id="client:alice", account_class="client", client_id="alice", recon_group=group)
    world.value(0, HOT, "BTC", "10")
    world.snapshot(HOT, 0)
    world.journal(1, "opening", ("client:alice", "BTC", "10"), ("world:w", "BTC", "-10"))
    return world


@pytest.mark.parametrize("group", GROUPS)
def test_a_credit_with_nothing_behind_it_is_more_than_is_held(group: str | None) -> None:
    world = tight(group)
    legs = world.journal(300, "adjustment", ("client:alice", "BTC", "2000"), ("pnl:main", "BTC", "-2000"))
    world.until(400)
    story = examine(world).one("liabilities_exceed_holdings")
    assert story.severity == "P1"
    assert 300 <= story.opened <= 360
    assert legs[0] in story.evidence
    assert story.scope["asset"] == "BTC"
    assert "2000" in story.records[0]["explanation"] or "2010" in story.records[0]["explanation"]


def test_it_closes_when_the_credit_is_taken_back() -> None:
    world = tight()
    world.journal(300, "adjustment", ("client:alice", "BTC", "2000"), ("pnl:main", "BTC", "-2000"), journal_id="slip")
    legs = (("client:alice", "BTC", "-2000"), ("pnl:main", "BTC", "2000"))
    world.journal(500, "reversal", *legs, reverses="slip")
    world.until(600)
    assert examine(world).one("liabilities_exceed_holdings").over


def paid_in(world: World, completed_at: float, credited_at: float) -> None:
    to = side(HOT, client_id="alice")
    it = world.movement("in", "deposit", side("external"), to, "BTC", "1")
    it("completed", completed_at)
    world.value(completed_at, HOT, "BTC", "1")
    legs = (("client:alice", "BTC", "1"), ("world:w", "BTC", "-1"))
    world.journal(credited_at, "deposit", *legs, transfer_id="in")


@pytest.mark.parametrize("lead_s", [-20, 2, 5])
def test_a_credit_that_races_its_deposit_is_nothing(lead_s: float) -> None:
    world = tight()
    paid_in(world, 300 + lead_s, 300)
    world.snapshot(HOT, 600)
    world.until(700)
    examine(world).quiet()


def test_value_between_own_places_is_still_held() -> None:
    world = tight()
    world.know("location", location=COLD, role="cold", active=True)
    world.snapshot(COLD, 0, {"BTC": "0"})
    it = world.movement("move", "rebalance", side(HOT), side(COLD), "BTC", "9")
    for status, at in (("requested", 290), ("broadcast", 300), ("completed", 390)):
        it(status, at, "fireblocks")
    world.until(800)
    examine(world).quiet()


def test_what_has_left_the_firm_is_no_longer_held() -> None:
    world = tight()
    paid_in(world, 100, 110)
    out = world.movement("gone", "rebalance", side(HOT), side("external"), "BTC", "9")
    for status, at in (("requested", 290), ("broadcast", 300), ("completed", 330)):
        out(status, at, "fireblocks")
    world.until(800)
    story = examine(world).one("liabilities_exceed_holdings")
    assert 300 <= story.opened <= 390


@pytest.mark.parametrize("kind", ["virtual", "pledged"])
def test_a_virtual_holding_is_never_added(kind: str) -> None:
    world = tight()
    world.know("location", location="okx:main", role="venue", active=True)
    world.snapshot("okx:main", 2, {"BTC": "0"})
    if kind == "virtual":
        world.snapshot("okx:main", 3, {"BTC": "500"}, holding_kind=kind)
    legs = (("client:alice", "BTC", "100"), ("pnl:main", "BTC", "-100"))
    world.journal(300, "adjustment", *legs)
    world.until(400)
    assert examine(world).one("liabilities_exceed_holdings").severity == "P1"


def test_a_debt_of_one_client_does_not_pay_another() -> None:
    world = tight()
    line = {"account_class": "client", "client_id": "bob", "credit_line": {"BTC": "50"}}
    world.know("account", 5, account_id="client:bob", active=True, **line)
    legs = (("client:alice", "BTC", "40"), ("client:bob", "BTC", "-40"))
    world.journal(300, "internal", *legs)
    world.until(400)
    assert examine(world).one("liabilities_exceed_holdings").severity == "P1"


def test_houses_suspense_and_fees_are_owed_to_nobody() -> None:
    world = tight()
    for at, account in ((300, "house:main"), (310, "fee:main"), (320, "suspense:main")):
        world.journal(at, "adjustment", (account, "BTC", "900"), ("pnl:main", "BTC", "-900"))
    world.until(400)
    examine(world).quiet(but=("suspense_growth",))


def test_books_in_an_alias_are_books_in_the_asset() -> None:
    world = tight()
    world.journal(300, "interest", ("client:alice", "XBT", "-4"), ("pnl:main", "XBT", "4"))
    for line in world.lines:  # balances follow the account, under whatever name
        if line[2] == "ledger" and line[3]["asset"] == "XBT":
            line[3]["balance_after"] = {"client:alice": "6"}.get(line[3]["account_id"], "4")
    world.snapshot(HOT, 400)
    world.until(500)
    verdict = examine(world)
    verdict.quiet()
    assert (HOT, "XBT") not in verdict.positions


def test_cash_that_was_credited_with_too_many_zeros_is_raised_within_a_minute() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    hands = {"origin": "manual", "maker": "ann", "checker": "ben"}
    legs = (("client:alice", "USD", "81000000000000"), ("house:main", "USD", "-81000000000000"))
    firm.journal(600, "adjustment", *legs, **hands)
    firm.until(700)
    verdict = examine(firm)
    assert verdict.positions[BANK, "USD"]["expected"] == "2000000"
    story = verdict.one("liabilities_exceed_holdings")
    assert story.opened <= 660
