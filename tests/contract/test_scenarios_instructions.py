"""The incidents of the field, in a broker that is otherwise honest: instructions, destinations, fees and policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.broker import background
from tests.contract.firm import Firm
from tests.contract.names import BANK, COLD, ETHEREUM, HOT, RIPPLE, VENUE, address_of
from tests.contract.verdicts import examine
from tests.contract.ways import DAY, Ways, side, stamp

AT = 4_000.0
CHAIN = "chain:eip155:1"
PEOPLE: dict[str, Any] = {"origin": "manual", "initiator": "ann", "approvers": ["ben", "cid"]}
TARGET = address_of("alice", ETHEREUM)


def ask(firm: Firm, **more: Any) -> None:
    """Ask for two ether for alice, approve it, and let it be stopped a minute later."""
    it = firm.wanted("bad", "alice", more.pop("asset", "ETH"), more.pop("amount", "2"), control=PEOPLE, **more)
    it("requested", AT, "oms")
    it("approved", AT + 2, "oms")
    it("cancelled", AT + 60, "oms")


def planned(firm: Firm, **more: Any) -> None:
    plan: dict[str, Any] = {"plan_id": "p", "op_type": "rebalance", "asset": "ETH", "from": COLD, "amount": "1600"}
    firm.steer("plan", AT - 100, not_before=stamp(AT - 200), not_after=stamp(AT + 3_000), **{**plan, **more})


def s01(firm: Firm, honest: bool) -> None:
    planned(firm, to_role="venue" if honest else "cold")
    firm.value(-1, VENUE, "ETH", "0")
    it = firm.own("gate", COLD, VENUE, "ETH", "1600", plan_id="p", control=PEOPLE)
    for status, wait_s in (("requested", 0), ("approved", 3), ("broadcast", 60), ("completed", 120)):
        it(status, AT + wait_s, "treasury" if wait_s < 60 else CHAIN)
    firm.value(AT + 60, COLD, "ETH", "-1600")
    firm.value(AT + 120, VENUE, "ETH", "1600")


def s02(firm: Firm, honest: bool) -> None:
    paid = firm.movement("paid", "deposit", side("external"), side(BANK, client_id="carol"), "USD", "100")
    paid("completed", AT - 600, "bank:acme-usd")
    firm.value(AT - 600, BANK, "USD", "100")
    firm.credit(paid, "carol", "100", AT - 590)
    start, end = side(BANK, client_id="carol", account_id="client:carol"), side("external", client_id="carol")
    amount = "60" if honest else "10474143"
    it = firm.movement("bad", "refund", start, end, "USD", amount, ids={"refers_to": "paid"}, control=PEOPLE)
    it("requested", AT, "oms")
    it("cancelled", AT + 60, "oms")


def s05(firm: Firm, honest: bool) -> None:
    for number in range(2):
        at = AT + 240 * number
        ids = {"client_ref": f"r{number}"} if honest else None
        firm.withdraw(f"pay-{number}", "alice", "ETH", "2.5", at, ids=ids)


def s14(firm: Firm, honest: bool) -> None:
    planned(firm, to=HOT, amount="300")
    it = firm.own("warm", COLD, HOT, "ETH", "300", plan_id="p", control=PEOPLE, fee_asset="ETH", fee_payer="sender")
    it("requested", AT - 60, "treasury", fee_amount="0.002")
    if honest:
        it("broadcast", AT, CHAIN, fee_amount="0.0031")
        it("completed", AT + 30, CHAIN, fee_amount="0.0031")
        firm.value(AT, COLD, "ETH", "-300.0031")
        firm.value(AT + 30, HOT, "ETH", "300")
        firm.journal(AT + 31, "fee", ("house:main", "ETH", "-0.0031"), ("world:w", "ETH", "0.0031"), transfer_id="warm")
    else:
        to = side("external", address="0x" + "7" * 40, network=ETHEREUM)
        it("broadcast", AT, CHAIN, to=to, amount="401.346", fee_amount="0.0031")


def s16(firm: Firm, honest: bool) -> None:
    fees = [("0.002", AT + 20 * number) for number in range(8)] if honest else [("19.82", AT)]
    for number, (fee, at) in enumerate(fees):
        firm.withdraw(f"fee-{number}", "bob", "BTC", f"0.07{number + 1}", at, (fee, "BTC", "sender"))


def s17(firm: Firm, honest: bool) -> None:
    if honest:
        firm.register(TARGET, "eip155:10", "alice", "client")
    ask(firm, asset="USDC", network="eip155:10", address=TARGET)


def s17_tag(firm: Firm, honest: bool) -> None:
    firm.register("rAlice", RIPPLE, "alice", "client", tag="77")
    ask(firm, asset="XRP", amount="500", network=RIPPLE, address="rAlice", tag="77" if honest else None)


def s18(firm: Firm, honest: bool) -> None:
    twin = TARGET[:8] + "0" * (len(TARGET) - 14) + TARGET[-6:]
    to = side(HOT, client_id="alice", address=address_of("alice", ETHEREUM, "in"), network=ETHEREUM)
    bait = firm.movement("bait", "deposit", side("external", address=twin), to, "ETH", "0.00001", network=ETHEREUM)
    bait("completed", AT - 500, CHAIN)
    firm.value(AT - 500, HOT, "ETH", "0.00001")
    if not honest:
        ask(firm, address=twin)


def s20(firm: Firm, honest: bool) -> None:
    fresh, proof = "0x" + "8" * 40, {"control_proved_at": stamp(AT - 400)} if honest else {}
    firm.register(fresh, ETHEREUM, "alice", "hot", at=AT - 300, location=HOT, **proof)
    it = firm.coming("in-fresh", "alice", "ETH", "3")
    it.fields["to"]["address"] = fresh
    firm.arrive(it, AT)
    firm.value(AT + 30, HOT, "ETH", "3")
    firm.credit(it, "alice", "3", AT + 40)


def s29(firm: Firm, honest: bool) -> None:
    fresh = "0x" + "4" * 40
    firm.know("limit", 5, limit_id="l", scope={"op_type": "withdrawal"}, single="50", address_hold_s=86_400)
    firm.register(fresh, ETHEREUM, "alice", "client", at=AT - 7_200 + 1, added_at=stamp(AT - 7_200))
    machine = {"origin": "auto", "declared_class": "risk_free", "initiator": "alice"}
    it = firm.wanted("bad", "alice", "ETH", "2", address=fresh, control=PEOPLE if honest else machine)
    firm.leave(it, AT)
    firm.value(AT + 10, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", AT + 1, AT + 42)


Scene = Callable[[Firm, bool], None]
SCENES: dict[str, tuple[Scene, tuple[str, ...], str, float]] = {
    "S01 a wrong own place": (s01, ("unexpected_destination",), "P1", AT + 5),
    "S02 an account number as an amount": (s02, ("unit_or_decimal_error", "amount_mismatch"), "P1", AT + 5),
    "S05 a payout twice": (s05, ("duplicate_payment",), "P1", AT + 240 + 7),
    "S14 another payload": (s14, ("unexpected_destination", "amount_mismatch"), "P1", AT + 5),
    "S16 a fee beyond measure": (s16, ("fee_outlier",), "P1", AT + 15),
    "S17 a wrong network": (s17, ("wrong_network",), "P1", AT + 5),
    "S17 a missing tag": (s17_tag, ("missing_tag",), "P2", AT + 5),
    "S18 a lookalike": (s18, ("lookalike_address",), "P1", AT + 5),
    "S20 an address without proof": (s20, ("unproved_address",), "P2", AT + 35),
    "S29 a machine that should not have": (s29, ("policy_violation",), "P2", AT + 5),
}


@pytest.mark.parametrize("group", [None, "all"])
@pytest.mark.parametrize("name", SCENES)
def test_the_incident_is_told_in_time_and_nothing_else_is(name: str, group: str | None) -> None:
    scene, kinds, severity, by = SCENES[name]
    firm = background(Ways(heartbeat_s=60, group=group))
    scene(firm, False)
    verdict = examine(firm)
    verdict.first(*kinds, severity=severity, since=AT, by=by)
    if name != "S14 another payload":  # that one goes on to change what is held
        verdict.quiet(but=kinds)


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(), Ways(heartbeat_s=60, transfer_ids=False)], ids=str)
@pytest.mark.parametrize("name", SCENES)
def test_what_only_looks_like_the_incident_is_quiet(name: str, ways: Ways) -> None:
    firm = background(ways)
    SCENES[name][0](firm, True)
    assert max(line[0] for line in firm.lines) < DAY
    examine(firm).quiet()
