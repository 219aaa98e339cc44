"""The incidents of the field, in a broker that is otherwise honest: what is credited against what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.broker import background
from tests.contract.firm import Firm
from tests.contract.names import HOT, RIPPLE
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side

AT = 4_000.0
CHAIN = "chain:eip155:1"
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}


def s06(firm: Firm, honest: bool) -> None:
    ids = [{"tx_hash": "0xabc", "tx_index": index} for index in range(2)]
    it = firm.deposit("out-0", "alice", "ETH", "3", AT - 50, ids=ids[0])
    if honest:
        firm.deposit("out-1", "bob", "ETH", "3", AT - 50, ids=ids[1])
    else:
        firm.credit(it, "alice", "3", AT + 10)


def s07(firm: Firm, honest: bool) -> None:
    it = firm.coming("in", "alice", "ETH", "3")
    it("confirming", AT - 30, CHAIN, confirmations=1, confirmations_required=30)
    if honest:
        it("confirming", AT + 2_000, CHAIN, confirmations=29, confirmations_required=30)
        it("completed", AT + 2_100, CHAIN)
        firm.value(AT + 2_100, HOT, "ETH", "3")
        firm.credit(it, "alice", "3", AT + 2_130)
        for start in ("hot", "client"):
            firm.know("route", 1, asset="ETH", from_role="external", to_role=start, sla_s=600, p99_s=1_500)
    else:
        it("completed", AT, CHAIN)
        firm.value(AT, HOT, "ETH", "3")


def s08(firm: Firm, honest: bool) -> None:
    it = firm.coming("in", "alice", "ETH", "3")
    firm.credit(it, "alice", "3", AT)
    if honest:
        it("completed", AT + 5, CHAIN)
        firm.value(AT + 5, HOT, "ETH", "3")
    else:
        it("failed", AT - 5, CHAIN, seen=AT + 5)


def s09(firm: Firm, honest: bool) -> None:
    to = side(HOT, client_id="alice", address="rFirm", tag="1", network=RIPPLE)
    it = firm.movement("xrp", "deposit", side("external"), to, "XRP", "10000", amount_delivered="0.01", network=RIPPLE)
    it("completed", AT - 20, "chain:xrpl:0")
    firm.value(AT - 20, HOT, "XRP", "0.01")
    firm.credit(it, "alice", "0.01" if honest else "10000", AT)


def s10(firm: Firm, honest: bool) -> None:
    for number in range(3):
        it = firm.coming(f"in-{number}", "alice", "ETH", f"1{number}")
        it("confirming", AT - 300, CHAIN, confirmations=1, confirmations_required=12)
        if honest:
            it("reorged", AT, CHAIN)
            it("confirming", AT + 12, CHAIN, confirmations=1, confirmations_required=12)
            it("completed", AT + 150, CHAIN)
            firm.value(AT + 150, HOT, "ETH", f"1{number}")
            firm.credit(it, "alice", f"1{number}", AT + 160)
        else:
            it("completed", AT - 200, CHAIN)
            firm.credit(it, "alice", f"1{number}", AT - 180)
            it("reorged", AT + number, CHAIN)
            firm.value(AT - 200, HOT, "ETH", f"1{number}")
            firm.value(AT + number, HOT, "ETH", f"-1{number}")


def s27(firm: Firm, honest: bool) -> None:
    it = firm.coming("in", "alice", "ETH", "10")
    it("completed", AT - 3_500, CHAIN)
    firm.value(AT - 3_500, HOT, "ETH", "10")
    firm.credit(it, "alice", "10", AT - 3_490)
    for number in range(2 if honest else 1):
        it("completed", AT + 5 * number, CHAIN, revision=1 + number, amount="10" if honest else "1")
    if not honest:
        firm.value(AT, HOT, "ETH", "-9")


def s28(firm: Firm, honest: bool) -> None:
    it = firm.coming("in", "alice", "ETH", "3")
    it("completed", AT - 10, CHAIN)
    firm.value(AT - 10, HOT, "ETH", "3")
    firm.credit(it, "alice" if honest else "bob", "3", AT)
    if honest:
        firm.journal(AT + 300, "internal", ("client:alice", "ETH", "-3"), ("client:bob", "ETH", "3"), **HANDS)


Scene = Callable[[Firm, bool], None]
SCENES: dict[str, tuple[Scene, tuple[str, ...], str, float]] = {
    "S06 a credit twice": (s06, ("double_credit",), "P1", AT + 15),
    "S07 a missing credit": (s07, ("missing_credit",), "P2", AT + 660),
    "S08 a credit for nothing": (s08, ("phantom_credit",), "P1", AT + 120),
    "S09 a partial payment": (s09, ("amount_mismatch", "unit_or_decimal_error"), "P1", AT + 5),
    "S10 a deep reorg": (s10, ("reorged_credit",), "P1", AT + 5),
    "S27 a restatement": (s27, ("restatement",), "P3", AT + 5),
    "S28 a wrong account": (s28, ("wrong_account",), "P2", AT + 120),
}
CONSEQUENCES = {"S27": ("amount_mismatch",)}


@pytest.mark.parametrize("group", [None, "all"])
@pytest.mark.parametrize("name", SCENES)
def test_the_incident_is_told_in_time_and_nothing_else_is(name: str, group: str | None) -> None:
    scene, kinds, severity, by = SCENES[name]
    firm = background(Ways(heartbeat_s=60, group=group))
    scene(firm, False)
    verdict = examine(firm)
    verdict.first(*kinds, severity=severity, since=AT, by=by)
    verdict.quiet(but=(*kinds, *CONSEQUENCES.get(name[:3], ())))


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(), Ways(heartbeat_s=60, transfer_ids=False)], ids=str)
@pytest.mark.parametrize("name", SCENES)
def test_what_only_looks_like_the_incident_is_quiet(name: str, ways: Ways) -> None:
    firm = background(ways)
    SCENES[name][0](firm, True)
    examine(firm).quiet()
