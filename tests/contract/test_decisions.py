"""Rules R1 to R4, asked at the counter: what passes, what fails by that rule alone, its border, and the unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.counter import AT, DAY_S, MACHINE, TAG, ask, counter, only, own_move, plan
from tests.contract.names import BANK, BITCOIN, COLD, ETHEREUM, HOT, RIPPLE, VENUE, address_of
from tests.contract.rulings import decide, decided_at
from tests.contract.ways import side, stamp

OPTIMISM = "eip155:10"


# R1 operation


def test_a_withdrawal_of_which_all_is_known_and_well_is_free_of_risk() -> None:
    firm = counter({"single": "50", "share_of_balance": "0.5", "address_hold_s": DAY_S, "kyt_max": 0.5})
    ask(firm)
    (record,) = decide(firm).of("w")
    assert decided_at(record) == AT
    facts = {"transfer_id": "w", "class": "risk_free", "action": "auto_approve", "failed_rules": []}
    assert record == {**facts, "policy_version": "driftline-1", "decided_at": record["decided_at"], "seq": 0}


@pytest.mark.parametrize("op", ["adjustment", "refund", "reversal", "mint", "burn"])
def test_what_is_never_automatic_is_for_review_by_the_first_rule(op: str) -> None:
    firm = counter()
    end = side("external", address=address_of("alice", ETHEREUM), network=ETHEREUM)
    firm.movement("w", op, side(HOT, client_id="alice"), end, "ETH", "2")("requested", AT, "oms")
    record = decide(firm).first("w")
    assert (record["class"], record["action"]) == ("risky", "review")
    assert [failure["rule"] for failure in record["failed_rules"]] == ["R1"]


@pytest.mark.parametrize(
    "op", ["deposit", "fee", "funding", "interest", "settlement", "collateral", "rebate", "reward"]
)
def test_others_are_classed_once_when_they_are_first_seen(op: str) -> None:
    firm = counter()
    it = firm.movement("w", op, side("external"), side(HOT), "ETH", "2")
    it("confirming", AT, "fireblocks")
    it("completed", AT + 60, "fireblocks")
    (record,) = decide(firm).of("w")
    assert (record["class"], record["action"], decided_at(record)) == ("risky", "review", AT)
    assert [failure["rule"] for failure in record["failed_rules"]] == ["R1"]


@pytest.mark.parametrize("op", ["withdrawal", "internal", "rebalance", "sweep"])
def test_what_nobody_has_requested_is_not_decided(op: str) -> None:
    firm = counter()
    it = firm.movement("w", op, side(HOT, client_id="alice"), side(COLD), "ETH", "2")
    it("approved", AT, "oms")
    it("broadcast", AT + 5, "fireblocks")
    assert not decide(firm).of("w")


def test_a_rebalance_passes_with_its_plan() -> None:
    firm = counter()
    plan(firm, "refill", to=COLD)
    own_move(firm, "w", "rebalance", HOT, COLD, plan_id="refill")
    assert decide(firm).failed("w") == []


def test_a_rebalance_that_names_no_plan_passes_by_one_that_asks_for_it() -> None:
    firm = counter()
    plan(firm, "refill", to=COLD)
    own_move(firm, "wanted", "rebalance", HOT, COLD)
    own_move(firm, "elsewhere", "rebalance", HOT, VENUE)
    rulings = decide(firm)
    assert rulings.failed("wanted") == []
    assert rulings.failed("elsewhere") == ["R1", "R3"]


def test_two_plans_of_which_each_asks_for_a_part_of_it_are_no_plan_for_it() -> None:
    firm = counter()
    plan(firm, "over", to=COLD, not_after=stamp(AT - 60))
    plan(firm, "elsewhere", to=VENUE)
    own_move(firm, "w", "rebalance", HOT, COLD)
    assert "R1" in decide(firm).failed("w")


def test_a_rebalance_without_a_plan_fails_and_so_does_one_whose_plan_is_not_on_record() -> None:
    firm = counter()
    own_move(firm, "unplanned", "rebalance", HOT, COLD)
    own_move(firm, "unknown", "rebalance", HOT, COLD, plan_id="nobody knows")
    there = side("external", address=address_of("alice", BITCOIN), network=BITCOIN)
    firm.movement("to a client", "rebalance", side(HOT, client_id="alice"), there, "BTC", "1")("requested", AT, "oms")
    rulings = decide(firm)
    assert rulings.failed("unplanned") == ["R1", "R3"]
    assert rulings.failed("unknown") == ["R1", "R3"]
    assert rulings.failed("to a client") == ["R1"]


@pytest.mark.parametrize(
    ("facts", "failing"),
    [
        ({}, []),
        ({"amount_min": "1", "amount_max": "1"}, []),
        ({"amount_max": "0.5"}, ["R1"]),
        ({"asset": "ETH"}, ["R1"]),
        ({"from": VENUE}, ["R1"]),
        ({"op_type": "collateral"}, ["R1"]),
        ({"to": None}, ["R3"]),
        ({"not_after": stamp(AT)}, []),
        ({"not_after": stamp(AT - 1)}, ["R1"]),
        ({"not_before": stamp(AT + 1)}, ["R1"]),
    ],
    ids=repr,
)
def test_a_plan_for_something_else_is_not_its_plan(facts: dict[str, Any], failing: list[str]) -> None:
    firm = counter()
    plan(firm, "p", **{"to": COLD, **facts})
    own_move(firm, "w", "rebalance", HOT, COLD, plan_id="p")
    assert decide(firm).failed("w") == failing


# R2 destination


@pytest.mark.parametrize(("age_s", "is_young"), [(DAY_S + 1, False), (DAY_S, False), (DAY_S - 1, True), (7_200, True)])
def test_an_address_rests_for_the_longest_hold_that_fits(age_s: int, is_young: bool) -> None:
    firm = counter(
        {"address_hold_s": DAY_S}, {"address_hold_s": 60}, {"address_hold_s": 9 * DAY_S, "scope": {"client_id": "bob"}}
    )
    firm.register("0xnew", ETHEREUM, "alice", "client", added_at=stamp(AT - age_s))
    ask(firm, address="0xnew", control={**MACHINE, "address_added_at": stamp(0)})
    assert decide(firm).failed("w") == only("R2", if_not=is_young)


def test_without_a_hold_a_young_address_will_do() -> None:
    firm = counter({"single": "50"})
    firm.register("0xnew", ETHEREUM, "alice", "client", added_at=stamp(AT - 1))
    ask(firm, address="0xnew")
    assert decide(firm).failed("w") == []


@pytest.mark.parametrize("state", ["pending", "revoked"])
def test_an_address_must_be_active(state: str) -> None:
    firm = counter()
    firm.register("0xnew", ETHEREUM, "alice", "client", state=state)
    ask(firm, address="0xnew")
    assert decide(firm).failed("w") == ["R2"]


def test_the_latest_word_on_an_address_that_had_arrived_holds() -> None:
    firm = counter()
    firm.register("0xnew", ETHEREUM, "alice", "client")
    firm.register("0xnew", ETHEREUM, "alice", "client", state="revoked", at=AT + 60)
    ask(firm, "before", "2", address="0xnew")
    ask(firm, "after", "3", AT + 90, address="0xnew")
    rulings = decide(firm)
    assert rulings.failed("before") == []
    assert rulings.failed("after") == ["R2"]


def test_a_look_alike_is_not_the_address_that_is_on_record() -> None:
    known = address_of("alice", ETHEREUM)
    firm = counter()
    ask(firm, address=known[:8] + "0" * (len(known) - 14) + known[-6:])
    assert decide(firm).failed("w") == ["R2", "R3"]


@pytest.mark.parametrize(
    "facts",
    [{"address": "0xnobody"}, {"tag": "1"}, {"address": ""}],
    ids=repr,
)  # fmt: skip
def test_an_address_on_record_is_exact_with_its_tag(facts: dict[str, Any]) -> None:
    firm = counter()
    ask(firm, **facts)
    assert decide(firm).failed("w")[:2] == ["R2", "R3"]


def test_own_places_need_no_address_but_must_be_known_and_one_that_is_given_must_be_theirs() -> None:
    firm = counter()
    own_move(firm, "bare", "internal", HOT, VENUE)
    own_move(
        firm, "with its own", "internal", HOT, VENUE, there={"address": address_of(VENUE, BITCOIN), "network": BITCOIN}
    )
    own_move(
        firm, "with another's", "internal", HOT, VENUE, there={"address": address_of(COLD, BITCOIN), "network": BITCOIN}
    )
    own_move(firm, "to nowhere", "internal", HOT, "okx:main")
    rulings = decide(firm)
    assert rulings.failed("bare") == []
    assert rulings.failed("with its own") == []
    assert rulings.failed("with another's") == ["R2"]
    assert rulings.failed("to nowhere") == ["R2", "R3"]


# R3 role


def test_a_client_is_paid_at_his_own_address_only() -> None:
    firm = counter()
    ask(firm, address=address_of("bob", ETHEREUM))
    assert decide(firm).failed("w") == ["R3"]


def test_a_planned_move_goes_where_its_plan_says() -> None:
    firm = counter()
    plan(firm, "by role", to_role="cold")
    plan(firm, "by place", to=COLD)
    plan(firm, "by both", to=COLD, to_role="cold")
    for name in ("by role", "by place", "by both"):
        own_move(firm, f"{name}, there", "rebalance", HOT, COLD, plan_id=name)
        own_move(firm, f"{name}, elsewhere", "rebalance", HOT, VENUE, plan_id=name)
    rulings = decide(firm)
    for name in ("by role", "by place", "by both"):
        assert rulings.failed(f"{name}, there") == []
        assert rulings.failed(f"{name}, elsewhere") == ["R3"]


@pytest.mark.parametrize(
    ("op", "start", "end", "failing"),
    [
        ("sweep", HOT, COLD, []),
        ("sweep", VENUE, HOT, []),
        ("sweep", HOT, VENUE, ["R3"]),
        ("internal", HOT, VENUE, []),
        ("internal", VENUE, HOT, []),
        ("internal", HOT, BANK, []),
        ("internal", HOT, COLD, ["R3"]),
        ("withdrawal", HOT, COLD, ["R3", "R7", "R8"]),
    ],
)
def test_an_unplanned_move_goes_where_such_moves_go(op: str, start: str, end: str, failing: list[str]) -> None:
    firm = counter()
    own_move(firm, "w", op, start, end)  # a withdrawal of nobody has no client whose balance could cover it
    assert decide(firm).failed("w") == failing


def test_value_moves_in_the_books_between_accounts_of_one_client() -> None:
    firm = counter()
    for account, client in (("client:alice/2", "alice"), ("client:bob", "bob")):
        firm.know("account", 5, account_id=account, account_class="client", client_id=client, active=True)
        end = side(HOT, account_id=account)
        it = firm.movement(
            f"to {client}", "internal", side(HOT, client_id="alice", account_id="client:alice"), end, "ETH", "2"
        )
        it("requested", AT, "oms")
    rulings = decide(firm)
    assert rulings.failed("to alice") == []
    assert rulings.failed("to bob") == ["R3"]


# R4 chain


@pytest.mark.parametrize(("asset", "passes"), [("USDC", True), ("ETH", False)])
def test_an_asset_must_be_on_the_network(asset: str, passes: bool) -> None:
    firm = counter()
    firm.register("0xthere", OPTIMISM, "alice", "client")
    ask(firm, asset=asset, network=OPTIMISM, address="0xthere")
    assert decide(firm).failed("w") == only("R4", if_not=not passes)


def test_an_asset_whose_networks_nobody_has_told_is_on_none() -> None:
    firm = counter()
    firm.register("DE02", "iban", "alice", "client")
    ask(firm, asset="USD", network="iban", address="DE02")
    assert decide(firm).failed("w") == ["R4"]


def test_a_tag_is_there_where_it_is_required_and_is_the_registered_one() -> None:
    firm = counter()
    firm.register(address_of("alice", RIPPLE), RIPPLE, "alice", "client")
    ask(firm, "with", "20", asset="XRP")
    ask(firm, "without", "30", asset="XRP", tag=None)
    ask(firm, "another", "40", asset="XRP", tag="7002")
    rulings = decide(firm)
    assert rulings.failed("with") == []
    assert rulings.failed("without") == ["R4"]
    assert rulings.failed("another") == ["R2", "R3", "R4"]
    assert TAG != "7002"
