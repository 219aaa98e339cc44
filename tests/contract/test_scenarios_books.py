"""The incidents of the field, in a broker that is otherwise honest: credits, debits, and what stands behind them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.broker import background
from tests.contract.firm import Firm
from tests.contract.names import ETHEREUM, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import Ways, side, stamp

AT = 4_000.0
CHAIN = "chain:eip155:1"
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}


def client(firm: Firm, name: str, at: float = 0.0, **more: Any) -> str:
    who: dict[str, Any] = {"account_class": "client", "client_id": name, "recon_group": firm.ways.group, **more}
    firm.know("account", at, account_id=f"client:{name}", active=True, **who)
    return f"client:{name}"


def s03(firm: Firm, honest: bool) -> None:
    """Pay a bonus to sixty clients: 120 dollars in the books, or as many bitcoin."""
    asset, each = ("USDC", "120") if honest else ("BTC", "12")
    band = {"amount_min": "100", "amount_max": "150"}
    when = {"not_before": stamp(AT - 60), "not_after": stamp(AT + 600)}
    firm.steer("plan", AT - 60, plan_id="bonus", op_type="reward", asset="USDC", **{"from": HOT}, **band, **when)
    for number in range(60):
        account = client(firm, f"n{number}")
        firm.journal(AT + number, "reward", (account, asset, each), ("house:main", asset, f"-{each}"), **HANDS)


def s04(firm: Firm, honest: bool) -> None:
    for name, amount in (("alice", "17.31"), ("bob", "9.04"), ("carol", "4.4" if honest else "81000000000000")):
        legs = ((f"client:{name}", "USD", amount), ("pnl:main", "USD", f"-{amount}"))
        firm.journal(AT, "interest" if honest else "adjustment", *legs, **HANDS)


def s15(firm: Firm, honest: bool) -> None:
    """Let one client ask for all that he has twenty times in a tenth of a second."""
    account = client(firm, "dan", credit_line={"USDC": "100000"} if honest else None)
    firm.register("0x" + "d" * 40, ETHEREUM, "dan", "client")
    firm.journal(0, "opening", (account, "USDC", "4000"), ("world:w", "USDC", "-4000"))
    for number in range(20):
        it = firm.wanted(f"d-{number}", "dan", "USDC", f"39{number + 10}", address="0x" + "d" * 40)
        it("requested", AT + number / 200, "oms")
        firm.debit(it, "dan", f"39{number + 10}", AT + 0.2 + number / 200, AT + 60)
        it("broadcast", AT + 20 + number)
        it("completed", AT + 50 + number)
        firm.value(AT + 20 + number, HOT, "USDC", f"-39{number + 10}")


def s19(firm: Firm, honest: bool) -> None:
    """Move eighty thousand dollars out of one account, a little at a time, beyond its line of fifty."""
    account = client(firm, "misc", credit_line={"USD": "50000"})
    if honest:
        client(firm, "misc", AT - 10, credit_line={"USD": "100000"})
    for number in range(40):
        legs = ((account, "USD", "-2000"), ("house:main", "USD", "2000"))
        firm.journal(AT + 10 * number, "adjustment", *legs, **HANDS)


def s21(firm: Firm, honest: bool) -> None:
    minted = "500" if honest else "50000"
    more: dict[str, Any] = {"parent_id": "swap"}
    legs = (
        firm.movement("leg-a", "burn", side(HOT), side("external"), "USDC", "500", network=ETHEREUM, **more),
        firm.movement("leg-b", "mint", side("external"), side(HOT), "USDC", minted, network="eip155:10", **more),
    )
    for it in legs:
        it("requested", AT, "treasury")
        it("completed", AT + 3)
        sign = "" if it.fields["transfer_id"] == "leg-b" else "-"
        amount, back = f"{sign}{it.fields['amount']}", f"{'' if sign else '-'}{it.fields['amount']}"
        firm.journal(
            AT + 4,
            "mint",
            ("house:main", "USDC", amount),
            ("world:w", "USDC", back),
            transfer_id=it.fields["transfer_id"],
        )
    firm.value(AT + 3, HOT, "USDC", str(int(minted) - 500))


Scene = Callable[[Firm, bool], None]
SCENES: dict[str, tuple[Scene, tuple[str, ...], str, float]] = {
    "S03 a bonus in the wrong unit": (s03, ("liabilities_exceed_holdings", "unit_or_decimal_error"), "P1", AT + 23),
    "S04 too many zeros": (s04, ("liabilities_exceed_holdings", "unit_or_decimal_error"), "P1", AT + 5),
    "S15 a race of withdrawals": (s15, ("negative_balance",), "P1", AT + 2.2),
    "S19 a hidden liability": (s19, ("credit_line_breach",), "P1", AT + 255),
    "S21 other decimals": (s21, ("unit_or_decimal_error",), "P1", AT + 8),
}


@pytest.mark.parametrize("group", [None, "all"])
@pytest.mark.parametrize("name", SCENES)
def test_the_incident_is_told_in_time_and_nothing_else_is(name: str, group: str | None) -> None:
    scene, kinds, severity, by = SCENES[name]
    firm = background(Ways(heartbeat_s=60, group=group))
    scene(firm, False)
    verdict = examine(firm)
    verdict.first(*kinds, severity=severity, since=AT, by=by)
    verdict.quiet(but=kinds)


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(), Ways(heartbeat_s=60, transfer_ids=False)], ids=str)
@pytest.mark.parametrize("name", SCENES)
def test_what_only_looks_like_the_incident_is_quiet(name: str, ways: Ways) -> None:
    firm = background(ways)
    SCENES[name][0](firm, True)
    examine(firm).quiet()


def test_a_batch_in_the_wrong_unit_is_one_incident() -> None:
    firm = background(Ways(heartbeat_s=60))
    s03(firm, False)
    pages = [story for story in examine(firm).loud() if story.worst == "P1"]
    assert len({story.records[0]["incident_id"] for story in pages}) == 1
    assert len(pages) <= 5, "one grouped page, never a flood"
