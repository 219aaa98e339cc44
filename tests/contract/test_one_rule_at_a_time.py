"""One request, and for each rule one thing that spoils it: what is changed for a rule changes the verdict of that rule alone."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.broker import polls
from tests.contract.counter import AT, MACHINE
from tests.contract.firm import Firm
from tests.contract.names import ETHEREUM, HOT
from tests.contract.rulings import Record, decide
from tests.contract.ways import Ways, side, stamp

RULES = [f"R{number}" for number in range(1, 13)]
OPTIMISM = "eip155:10"


def spoilt(rules: frozenset[str]) -> Firm:
    """Return a firm in which alice asks for 250,000 of the 200,000 USDC that she has, by her line, on another network."""
    firm = Firm(Ways(heartbeat_s=60)).told()
    networks = [ETHEREUM] if "R4" in rules else [ETHEREUM, OPTIMISM]
    firm.know("asset", 5, asset="USDC", decimals=6, dust="0.01", networks=networks)
    state, owner = "pending" if "R2" in rules else "active", "bob" if "R3" in rules else "alice"
    firm.register("0xthere", OPTIMISM, owner, "client", state=state, at=5)
    limits = {
        "single": "249999" if "R5" in rules else "250000",
        "window_count": 2 if "R6" in rules else 3,
        "kyt_max": 0.05 if "R9" in rules else 0.1,
        "quorum": 2 if "R10" in rules else 1,
    }
    firm.know("limit", 5, limit_id="all", scope={"asset": "USDC"}, window_s=300, **limits)
    line = {} if "R7" in rules else {"credit_line": {"USDC": "50000"}}
    facts = {"account_id": "client:alice", "account_class": "client", "client_id": "alice", "active": True}
    firm.know("account", 5, **facts, **line)
    earlier(firm, "same", "alice", "0xthere", "250000", "ref-w" if "R8" in rules else "ref-same")
    earlier(firm, "other", "bob", "0xbob", "10", "ref-other")
    if "R11" in rules:
        window = {"from": stamp(AT - 60), "until": stamp(AT + 60), "what": "all"}
        firm.steer("maintenance", 800, location=HOT, **window)
    if "R12" in rules:
        firm.journal(700, "deposit", ("client:alice", "ETH", "3"), ("world:w", "ETH", "-3"), origin="auto")
    polls(firm, 1_200)
    request(firm, "w", "alice", "0xthere", "250000", AT, "ref-w", "rebalance" if "R1" in rules else "withdrawal")
    return firm


def request(firm: Firm, name: str, client: str, address: str, amount: str, at: float, ref: str, op: str) -> None:
    start = side(HOT, client_id=client, account_id=f"client:{client}")
    end = side("external", address=address, network=OPTIMISM)
    facts = {"network": OPTIMISM, "ids": {"client_ref": ref}, "control": {**MACHINE, "approvers": ["ben"]}}
    firm.movement(name, op, start, end, "USDC", amount, **facts)("requested", at, "oms")


def earlier(firm: Firm, name: str, client: str, address: str, amount: str, ref: str) -> None:
    """Ask, a minute before, for something that is given up at once."""
    request(firm, name, client, address, amount, AT - 60, ref, "withdrawal")
    start, end = (
        side(HOT, client_id=client, account_id=f"client:{client}"),
        side("external", address=address, network=OPTIMISM),
    )
    firm.movement(name, "withdrawal", start, end, "USDC", amount, network=OPTIMISM)("cancelled", AT - 50, "oms")


@cache
def verdict(rules: frozenset[str]) -> Record:
    return decide(spoilt(rules)).first("w")


def failing(rules: frozenset[str]) -> set[str]:
    return {failure["rule"] for failure in verdict(rules)["failed_rules"]}


def test_with_nothing_spoilt_the_request_is_free_of_risk() -> None:
    assert verdict(frozenset())["class"] == "risk_free"


@pytest.mark.parametrize("rule", RULES)
def test_what_spoils_one_rule_fails_that_rule_and_no_other(rule: str) -> None:
    assert failing(frozenset([rule])) == {rule}


@settings(max_examples=40, deadline=None)
@given(st.frozensets(st.sampled_from(RULES)), st.sampled_from(RULES))
def test_putting_one_thing_right_changes_one_rule_and_frees_only_what_failed_by_it_alone(
    rules: frozenset[str], rule: str
) -> None:
    before, after = rules | {rule}, rules - {rule}
    assert failing(before) - failing(after) == {rule}
    assert failing(after) <= failing(before)
    assert (verdict(after)["class"] == "risk_free") == (failing(before) == {rule})
    assert failing(before) == before


@settings(max_examples=20, deadline=None)
@given(st.frozensets(st.sampled_from(RULES), min_size=1))
def test_all_that_fail_are_listed_in_the_order_of_the_policy(rules: frozenset[str]) -> None:
    told = [failure["rule"] for failure in verdict(rules)["failed_rules"]]
    assert told == [rule for rule in RULES if rule in rules]
    assert verdict(rules)["action"] == ("hold" if rules & {"R7", "R12"} else "review")
