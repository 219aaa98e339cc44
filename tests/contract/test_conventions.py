"""Plausible ways to tell honest things that the contract leaves open: none of them disturbs anybody."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, ETHEREUM, HELD, HOT, RIPPLE, VENUE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import DAY, Leg, Ways, side, stamp

CHAIN = "chain:eip155:1"
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}
Scene = Callable[[Firm], None]


def a_deposit_address_is_a_vault_that_is_swept(firm: Firm) -> None:
    vault = "fireblocks:vault-alice"
    firm.know("location", location=vault, role="hot", recon_group=firm.ways.group, active=True)
    firm.snapshot(vault, 0, {"ETH": "0"})
    firm.deposit("in", "alice", "ETH", "3", 370, place=vault)
    firm.move("sweep", vault, HOT, "ETH", "3", 500, op="sweep")
    firm.snapshot(vault, 900, seen=906)


def a_deposit_address_is_a_vault_of_which_nothing_is_known(firm: Firm) -> None:
    vault = "fireblocks:vault-alice"
    firm.deposit("in", "alice", "ETH", "3", 370, place=vault)
    firm.move("sweep", vault, HOT, "ETH", "3", 500, op="sweep")


def a_deposit_is_known_by_its_tag(firm: Firm) -> None:
    proof: dict[str, Any] = {"location": HOT, "control_proved_at": stamp(-DAY)}
    for tag, client in (("101", "alice"), ("102", "bob")):
        firm.register("rFirm", RIPPLE, client, firm.ways.deposit_role, tag=tag, **proof)
    for tag, client in (("101", "alice"), ("102", "bob")):
        to = side(HOT, address="rFirm", tag=tag, network=RIPPLE)
        it = firm.movement(f"in-{tag}", "deposit", side("external"), to, "XRP", "55", network=RIPPLE)
        it("completed", 400, "chain:xrpl:0")
        firm.value(400, HOT, "XRP", "55")
        firm.credit(it, client, "55", 420)


def interest_is_told_as_a_movement(firm: Firm) -> None:
    for op, at in (("interest", 400), ("reward", 430), ("rebate", 460), ("funding", 490)):
        it = firm.movement(op, op, side("external"), side(VENUE), "USDC", "2.5")
        it("completed", at, "binance:main")
        firm.value(at, VENUE, "USDC", "2.5")
        firm.journal(at + 20, op, ("client:alice", "USDC", "2.5"), ("world:w", "USDC", "-2.5"), transfer_id=op)


def interest_is_booked_before_it_comes(firm: Firm) -> None:
    it = firm.movement("interest", "interest", side("external"), side(VENUE), "USDC", "2.5")
    firm.journal(400, "interest", ("house:main", "USDC", "2.5"), ("world:w", "USDC", "-2.5"), transfer_id="interest")
    it("completed", 430, "binance:main")
    firm.value(430, VENUE, "USDC", "2.5")


def gas_is_topped_up(firm: Firm) -> None:
    firm.know("location", location="fireblocks:gas", role="gas", recon_group=firm.ways.group, active=True)
    firm.snapshot("fireblocks:gas", 0, {"ETH": "1"})
    firm.value(-1, "fireblocks:gas", "ETH", "1")
    for number in range(4):
        firm.move(f"gas-{number}", HOT, "fireblocks:gas", "ETH", "0.5", 300 + 100 * number, op="internal")


def a_plan_recurs(firm: Firm) -> None:
    plan: dict[str, Any] = {"op_type": "rebalance", "from": HOT, "to": COLD, "asset": "ETH", "amount": "5"}
    firm.steer("plan", 200, plan_id="p", not_before=stamp(200), not_after=stamp(400), recurring_s=300, **plan)
    for number in range(3):
        firm.move(f"m-{number}", HOT, COLD, "ETH", "5", 250 + 300 * number, plan_id="p")


def a_posting_is_restated_with_both_its_legs(firm: Firm) -> None:
    legs = firm.journal(400, "fee", ("client:alice", "USDC", "-5"), ("fee:main", "USDC", "5"), journal_id="f")
    assert legs
    for number, (account, amount) in enumerate((("client:alice", "-6"), ("fee:main", "6")), start=1):
        parts = {"posting_id": f"f-{number}", "journal_id": "f", "leg_no": number, "legs_total": 2}
        told = firm.leg(account, "USDC", amount, 460, op_type="fee", revision=1, **parts)
        firm.lines[-1][3]["balance_after"] = "199994" if number == 1 else "6"
        assert told


def a_client_comes_on_board(firm: Firm) -> None:
    who: dict[str, Any] = {"account_class": "client", "client_id": "eve", "recon_group": firm.ways.group}
    firm.know("account", 300, account_id="client:eve", active=True, **who)
    firm.register(
        address_of("eve", ETHEREUM, "in"), ETHEREUM, "eve", "client", at=300, location=HOT, control_proved_at=stamp(250)
    )
    firm.register(address_of("eve", ETHEREUM), ETHEREUM, "eve", "client", at=300)
    firm.deposit("test", "eve", "ETH", "0.01", 350)
    firm.deposit("real", "eve", "ETH", "250", 450)
    firm.withdraw("out", "eve", "ETH", "1", 700)


def a_margin_place_reports_debt(firm: Firm) -> None:
    rows = [{"asset": "BTC", "total": "20", "debt": "3"}, {"asset": "USDC", "total": "1000000", "debt": "0"}]
    for at in (350, 650):
        firm.snapshot(VENUE, at, rows=rows)


def a_trade_is_booked_under_its_parent(firm: Firm) -> None:
    market = side("external")
    sold = firm.movement("t-a", "settlement", side(VENUE), market, "BTC", "0.5", parent_id="t")
    bought = firm.movement("t-b", "settlement", market, side(VENUE), "USDC", "30000", parent_id="t")
    for leg in (sold, bought):
        leg("completed", 400, "binance:main")
    firm.value(400, VENUE, "BTC", "-0.5")
    firm.value(400, VENUE, "USDC", "30000")
    gave: tuple[Leg, Leg] = ("client:alice", "BTC", "-0.5"), ("world:w", "BTC", "0.5")
    got: tuple[Leg, Leg] = ("client:alice", "USDC", "30000"), ("world:w", "USDC", "-30000")
    firm.journal(410, "settlement", *gave, *got, transfer_id="t")


def a_bank_writes_its_own_words(firm: Firm) -> None:
    it = firm.wanted("w", "bob", "USD", "900.00", raw_status="ACSC", value_date="2026-03-04")
    ids = {"end_to_end_id": "E2E-1"}
    it("requested", 400, "oms", ids=ids)
    it("completed", 520, "bank:acme-usd", ids=ids, sub_status="BOOK")
    firm.value(520, BANK, "USD", "-900")
    firm.debit(it, "bob", "900.00", 401, 522)


def moments_have_offsets_and_no_fractions(firm: Firm) -> None:
    firm.deposit("in", "alice", "ETH", "3.000000000000000000", 370)
    firm.lines = [
        (seen, number, topic, value | {"observed_at": value["observed_at"].replace(".000000Z", "+00:00")})
        for seen, number, topic, value in firm.lines
    ]


def two_ledgers_count_on_their_own(firm: Firm) -> None:
    for number in range(6):
        firm.journal(300 + 20 * number, "fee", ("client:bob", "USDC", "-1"), ("fee:main", "USDC", "1"))
    for line in firm.lines:
        if line[2] == "ledger" and line[3]["account_id"].startswith(("fee", "house", "pnl")):
            line[3]["source"] = "ledger:house"


SCENES = {
    scene.__name__.replace("_", " "): scene
    for scene in (
        a_deposit_address_is_a_vault_that_is_swept,
        a_deposit_address_is_a_vault_of_which_nothing_is_known,
        a_deposit_is_known_by_its_tag,
        interest_is_told_as_a_movement,
        interest_is_booked_before_it_comes,
        gas_is_topped_up,
        a_plan_recurs,
        a_posting_is_restated_with_both_its_legs,
        a_client_comes_on_board,
        a_margin_place_reports_debt,
        a_trade_is_booked_under_its_parent,
        a_bank_writes_its_own_words,
        moments_have_offsets_and_no_fractions,
        two_ledgers_count_on_their_own,
    )
}
WAYS = [Ways(heartbeat_s=60), Ways(), Ways(heartbeat_s=60, transfer_ids=False), Ways(group="all", told_twice=True)]


@pytest.mark.parametrize("ways", WAYS, ids=str)
@pytest.mark.parametrize("name", SCENES)
def test_an_honest_thing_is_quiet_in_whatever_way_it_is_told(name: str, ways: Ways) -> None:
    firm = Firm(ways).told()
    SCENES[name](firm)
    polls(firm, 1_800)
    verdict = examine(firm)
    verdict.quiet()
    for place in HELD:
        for asset, total in firm.held(place, DAY).items():
            assert verdict.expected(place, asset) == total, (place, asset)
            assert Decimal(verdict.positions[place, asset]["drift"]) == 0
