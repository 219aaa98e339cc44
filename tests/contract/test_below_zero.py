"""Clients and places may not be below zero, beyond the credit line that a client has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contract.firm import Firm
from tests.contract.names import COLD, HELD, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side


def test_a_client_below_zero_is_raised_at_once() -> None:
    world = Firm()
    legs = world.journal(300, "fee", ("client:carol", "BTC", "-10.5"), ("fee:main", "BTC", "10.5"))
    story = examine(world).one("negative_balance")
    assert (story.opened, story.severity) == (300, "P1")
    assert story.scope["account_id"] == "client:carol"
    assert story.scope["asset"] == "BTC"
    assert legs[0] in story.evidence
    assert "0.5" in story.records[0]["explanation"]


def test_a_client_who_is_lifted_again_closes_it() -> None:
    world = Firm()
    world.journal(300, "fee", ("client:carol", "BTC", "-10.5"), ("fee:main", "BTC", "10.5"))
    world.journal(360, "reversal", ("client:carol", "BTC", "10.5"), ("fee:main", "BTC", "-10.5"))
    assert examine(world).one("negative_balance").over


@pytest.mark.parametrize("amount", ["-10", "-9.99999999"])
def test_a_client_at_zero_is_not_below_it(amount: str) -> None:
    world = Firm()
    world.journal(300, "fee", ("client:carol", "BTC", amount), ("fee:main", "BTC", amount[1:]))
    examine(world).quiet()


@pytest.mark.parametrize("account", ["world:w", "pnl:main", "house:fresh", "transit:main"])
def test_only_clients_and_places_may_not_be_below_zero(account: str) -> None:
    world = Firm()
    world.journal(300, "adjustment", (account, "USDC", "-7"), ("house:main", "USDC", "7"))
    world.until(320)
    examine(world).quiet()


def test_a_client_whose_books_were_opened_before_the_file_is_not_below_zero() -> None:
    world = Firm(Ways(balance_after=True))
    world.journal(300, "fee", ("client:dan", "USDC", "-7"), ("fee:main", "USDC", "7"))
    for line in world.lines:
        if line[2] == "ledger" and line[3]["account_id"] == "client:dan":
            line[3]["balance_after"] = "93"
    world.until(320)
    examine(world).quiet()


@pytest.mark.parametrize(("amount", "raised"), [("-350000", False), ("-400000", False), ("-400000.01", True)])
def test_a_credit_line_is_breached_beyond_it(amount: str, raised: bool) -> None:
    world = Firm()
    line = {"account_class": "client", "client_id": "alice", "credit_line": {"USD": "100000"}}
    world.know("account", 5, account_id="client:alice", active=True, **line)
    told = world.journal(300, "fee", ("client:alice", "USD", amount), ("house:main", "USD", amount[1:]))
    verdict = examine(world)
    if not raised:
        verdict.quiet()
        return
    story = verdict.one("credit_line_breach")
    assert (story.opened, story.severity) == (300, "P1")
    assert told[0] in story.evidence
    assert not verdict.all("negative_balance")


SILENT_BALANCES = Ways(balance_after=False, heartbeat_s=60)


@pytest.mark.parametrize(
    "ways", [Ways(), Ways(balance_after=False), SILENT_BALANCES, replace(SILENT_BALANCES, heartbeat_lag_s=5)], ids=str
)
@pytest.mark.parametrize(("line", "kind"), [("50000", "credit_line_breach"), (None, "negative_balance")])
def test_an_account_that_sinks_a_little_every_ten_seconds_is_raised_when_it_passes_its_line(
    ways: Ways, line: str | None, kind: str
) -> None:
    firm = Firm(ways)
    who: dict[str, Any] = {"account_class": "client", "client_id": "misc", "active": True}
    firm.know("account", 1, account_id="client:misc", credit_line={"USD": line} if line else None, **who)
    firm.journal(2, "opening", ("client:misc", "USD", "0"), ("world:w", "USD", "0"))
    for number in range(60):
        legs = (("client:misc", "USD", "-2500"), ("house:main", "USD", "2500"))
        firm.journal(300 + 10 * number, "adjustment", *legs, origin="manual", maker="ann", checker="ben")
    firm.until(1_000)
    story = examine(firm).one(kind)
    passed_at = 300 + 10 * (20 if line else 0)
    assert passed_at <= story.opened <= passed_at + (120 if ways.heartbeat_s else 0)


@pytest.mark.parametrize("how", ["paid back", "raised"])
def test_a_breach_closes_when_it_is_paid_back_or_the_line_is_raised(how: str) -> None:
    firm = Firm()
    who: dict[str, Any] = {"account_class": "client", "client_id": "alice", "active": True}
    firm.know("account", 5, account_id="client:alice", credit_line={"USD": "1000"}, **who)
    firm.journal(300, "fee", ("client:alice", "USD", "-305000"), ("house:main", "USD", "305000"))
    if how == "raised":
        firm.know("account", 400, account_id="client:alice", credit_line={"USD": "100000"}, **who)
    else:
        firm.journal(400, "rebate", ("client:alice", "USD", "4500"), ("house:main", "USD", "-4500"))
    firm.journal(500, "rebate", ("client:alice", "USD", "1"), ("house:main", "USD", "-1"))
    firm.until(600)
    assert examine(firm).one("credit_line_breach").over


def test_a_line_that_is_raised_in_time_covers_what_follows() -> None:
    world = Firm()
    who: dict[str, Any] = {"account_class": "client", "client_id": "alice", "active": True}
    world.know("account", 5, account_id="client:alice", credit_line={"USD": "1000"}, **who)
    world.know("account", 200, account_id="client:alice", credit_line={"USD": "100000"}, **who)
    world.journal(300, "fee", ("client:alice", "USD", "-350000"), ("house:main", "USD", "350000"))
    examine(world).quiet()


def test_a_place_from_which_more_goes_than_it_has_is_below_zero() -> None:
    world = Firm().told()
    world.move("too-much", HOT, COLD, "ETH", "501", 400)
    story = examine(world).one("negative_balance", location=HOT)
    assert (story.opened, story.severity, story.scope["asset"]) == (410, "P1", "ETH")


@pytest.mark.parametrize("lag_s", [0, 5, 30])
def test_a_busy_place_is_below_zero_before_it_is_quiet_again(lag_s: float) -> None:
    firm = Firm(Ways(heartbeat_s=60, heartbeat_lag_s=lag_s)).told()
    firm.move("big", HOT, COLD, "USDC", "450000", 500)
    for number in range(80):  # fifty thousand are left: less than the last thirty ask for
        firm.withdraw(f"w-{number}", "alice", "USDC", f"{1_000 + number}", 500 + 10 * number)
    firm.until(1_700)
    passed_at = next(at / 10 for at in range(5_000, 16_000) if firm.held(HOT, at / 10)["USDC"] < 0)
    assert passed_at <= examine(firm).one("negative_balance", location=HOT).opened <= passed_at + 120


def test_a_place_that_never_reported_is_not_below_zero() -> None:
    world = Firm().told()
    world.know("location", location="okx:sub", role="venue", active=True)
    it = world.movement("w-okx", "rebalance", side("okx:sub"), side(HOT), "USDC", "5000")
    for status, at in (("requested", 300), ("broadcast", 310), ("completed", 350)):
        it(status, at, "treasury")
    world.value(350, HOT, "USDC", "5000")
    for place in HELD:
        world.snapshot(place, 400)
    examine(world).quiet()
