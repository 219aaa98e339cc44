"""Every rule of section 7, asked at the counter: what passes, what fails by that rule alone, its border, and the unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.counter import AT, MACHINE, TAG, ask, counter, own_move, plan
from tests.contract.names import BANK, BITCOIN, COLD, ETHEREUM, HOT, RIPPLE, VENUE, address_of
from tests.contract.rulings import decide
from tests.contract.ways import side, stamp

OPTIMISM = "eip155:10"
DAY_S = 86_400


def only(rule: str, *, if_not: bool) -> list[str]:
    return [rule] if if_not else []


# R1 operation


def test_a_withdrawal_of_which_all_is_known_and_well_is_free_of_risk() -> None:
    firm = counter({"single": "50", "share_of_balance": "0.5", "address_hold_s": DAY_S, "kyt_max": 0.5})
    ask(firm)
    (record,) = decide(firm).of("w")
    assert record == {
        "transfer_id": "w", "class": "risk_free", "action": "auto_approve", "failed_rules": [],
        "policy_version": "driftline-1", "decided_at": stamp(AT), "seq": 0,
    }  # fmt: skip


@pytest.mark.parametrize("op", ["adjustment", "refund", "reversal", "mint", "burn"])
def test_what_is_never_automatic_is_for_review_by_the_first_rule(op: str) -> None:
    firm = counter()
    ask(firm, op_type=op) if False else firm.movement(
        "w", op, side(HOT, client_id="alice"), side("external", address=address_of("alice", ETHEREUM)), "ETH", "2"
    )("requested", AT, "oms")
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
    assert (record["class"], record["action"], record["decided_at"]) == ("risky", "review", stamp(AT))
    assert [failure["rule"] for failure in record["failed_rules"]] == ["R1"]


@pytest.mark.parametrize("op", ["withdrawal", "internal", "rebalance", "sweep"])
def test_what_nobody_has_requested_is_not_decided(op: str) -> None:
    firm = counter()
    it = firm.movement("w", op, side(HOT, client_id="alice"), side(COLD), "ETH", "2")
    it("approved", AT, "oms")
    it("broadcast", AT + 5, "fireblocks")
    assert not decide(firm).of("w")


def test_a_rebalance_passes_with_its_plan_and_not_without() -> None:
    firm = counter()
    plan(firm, "refill", to=COLD)
    own_move(firm, "planned", "rebalance", HOT, COLD, plan_id="refill")
    own_move(firm, "unplanned", "rebalance", HOT, COLD)
    own_move(firm, "unknown", "rebalance", HOT, COLD, plan_id="nobody knows")
    there = side("external", address=address_of("alice", BITCOIN), network=BITCOIN)
    firm.movement("to a client", "rebalance", side(HOT, client_id="alice"), there, "BTC", "1")("requested", AT, "oms")
    rulings = decide(firm)
    assert rulings.failed("planned") == []
    assert rulings.failed("unplanned") == ["R1", "R3"]
    assert "R3" in rulings.failed("unknown")
    assert rulings.failed("to a client") == ["R1"]


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
    [{"address": "0xnobody"}, {"address": address_of("alice", ETHEREUM).upper()}, {"tag": "1"}, {"address": ""}],
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
        firm, "with its own", "internal", HOT, VENUE, end={"address": address_of(VENUE, BITCOIN), "network": BITCOIN}
    )
    own_move(
        firm, "with another's", "internal", HOT, VENUE, end={"address": address_of(COLD, BITCOIN), "network": BITCOIN}
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
    ("op", "start", "end", "passes"),
    [
        ("sweep", HOT, COLD, True),
        ("sweep", VENUE, HOT, True),
        ("sweep", HOT, VENUE, False),
        ("internal", HOT, VENUE, True),
        ("internal", VENUE, HOT, True),
        ("internal", HOT, BANK, True),
        ("internal", HOT, COLD, False),
        ("withdrawal", HOT, COLD, False),
    ],
)
def test_an_unplanned_move_goes_where_such_moves_go(op: str, start: str, end: str, passes: bool) -> None:
    firm = counter()
    own_move(firm, "w", op, start, end)
    assert decide(firm).failed("w") == only("R3", if_not=not passes)


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


# R5 amount


@pytest.mark.parametrize(("amount", "passes"), [("49.999", True), ("50", True), ("50.000000000000000001", False)])
def test_a_single_limit_is_inclusive(amount: str, passes: bool) -> None:
    firm = counter({"single": "50"}, {"single": "80"})
    ask(firm, amount=amount)
    assert decide(firm).failed("w") == only("R5", if_not=not passes)


@pytest.mark.parametrize(("amount", "passes"), [("5.005", True), ("5.0051", False)])
def test_a_share_is_of_what_the_place_should_hold(amount: str, passes: bool) -> None:
    firm = counter({"share_of_balance": "0.01"})  # 500 ether, 1.25 in and 0.75 out
    ask(firm, amount=amount)
    assert decide(firm).failed("w") == only("R5", if_not=not passes)


@pytest.mark.parametrize(
    ("scope", "fits"),
    [
        ({}, True),
        ({"client_id": "alice", "asset": "ETH", "op_type": "withdrawal", "location": HOT}, True),
        ({"client_id": "bob"}, False),
        ({"asset": "BTC"}, False),
        ({"op_type": "sweep"}, False),
        ({"location": COLD}, False),
    ],
    ids=repr,
)
def test_a_limit_binds_what_its_scope_fits(scope: dict[str, str], fits: bool) -> None:
    firm = counter({"single": "1", "scope": scope})
    ask(firm)
    assert decide(firm).failed("w") == only("R5", if_not=fits)


def test_the_latest_limit_that_had_arrived_holds() -> None:
    firm = counter({"single": "1"})
    firm.know("limit", AT + 30, limit_id="limit-0", scope={"op_type": "withdrawal"}, single="2")
    ask(firm, "before")
    ask(firm, "after", "1.9", AT + 60)
    rulings = decide(firm)
    assert rulings.failed("before") == ["R5"]
    assert rulings.failed("after") == []


# R6 velocity


def test_the_sixth_of_five_is_too_many_and_undone_requests_count() -> None:
    firm = counter({"window_s": 3_600, "window_count": 5, "scope": {"client_id": "alice"}})
    for number in range(6):
        it = ask(firm, f"w{number}", f"1.{number + 1}", AT + number)
        if number == 2:
            it("cancelled", AT + number + 0.5, "oms")
    rulings = decide(firm)
    assert [rulings.failed(f"w{number}") for number in range(6)] == [[], [], [], [], [], ["R6"]]


def test_a_limit_without_a_client_counts_all_of_them() -> None:
    firm = counter({"window_s": 600, "window_count": 2})
    ask(firm, "a")
    ask(firm, "b", "1", AT + 1, client="bob", asset="BTC")
    ask(firm, "c", "3", AT + 2)
    rulings = decide(firm)
    assert [rulings.failed(name) for name in "abc"] == [[], [], ["R6"]]


@pytest.mark.parametrize(("amount", "passes"), [("6", True), ("6.1", False)])
def test_a_window_adds_up_one_asset_inclusively(amount: str, passes: bool) -> None:
    firm = counter({"window_s": 600, "window_sum": "10", "scope": {"client_id": "alice"}})
    ask(firm, "a", "4")
    ask(firm, "b", "9", AT + 1, asset="BTC")
    ask(firm, "c", amount, AT + 2)
    rulings = decide(firm)
    assert [rulings.failed(name) for name in "ab"] == [[], []]
    assert rulings.failed("c") == only("R6", if_not=not passes)


@pytest.mark.parametrize(("later_s", "passes"), [(600, False), (601, True)])
def test_a_window_reaches_back_to_its_first_moment(later_s: int, passes: bool) -> None:
    firm = counter({"window_s": 600, "window_count": 1, "scope": {"client_id": "alice", "asset": "USDC"}})
    ask(firm, "a", "100", AT, asset="USDC")
    ask(firm, "b", "200", AT + later_s, asset="USDC")
    assert decide(firm).failed("b") == only("R6", if_not=not passes)


# R8 unique


@pytest.mark.parametrize(
    ("refs", "passes"),
    [((None, None), False), (("one", None), False), (("one", "one"), False), (("one", "two"), True)],
)
def test_the_same_again_needs_a_reference_of_its_own(refs: tuple[str | None, str | None], passes: bool) -> None:
    firm = counter()
    for name, ref, at in zip("ab", refs, (AT, AT + 240), strict=True):
        ask(firm, name, at=at, ids={"client_ref": ref} if ref else None)
    rulings = decide(firm)
    assert rulings.failed("a") == []
    assert rulings.failed("b") == only("R8", if_not=not passes)


@pytest.mark.parametrize(
    "change",
    [{"amount": "2.1"}, {"address": "0xsecond"}, {"client": "bob", "address": None}, {"asset": "USDC"}],
    ids=repr,
)  # fmt: skip
def test_what_differs_is_not_the_same(change: dict[str, Any]) -> None:
    firm = counter()
    firm.register("0xsecond", ETHEREUM, "alice", "client")
    ask(firm, "a")
    changed = {name: part for name, part in change.items() if part is not None}
    ask(firm, "b", at=AT + 5, **changed)
    assert decide(firm).failed("b") == []


@pytest.mark.parametrize(("later_s", "passes"), [(DAY_S, False), (DAY_S + 1, True)])
def test_a_day_later_it_may_be_asked_for_again(later_s: int, passes: bool) -> None:
    firm = counter(ways=None)
    ask(firm, "a", at=AT)("failed", AT + 9, "oms")
    ask(firm, "b", at=AT + later_s)
    failed = decide(firm).failed("b")
    assert ("R8" in failed) == (not passes), failed


def test_a_redelivery_is_the_same_request_and_not_another() -> None:
    firm = counter()
    ask(firm)
    line = firm.lines[-1]
    firm.lines.append((AT + 20, len(firm.lines), line[2], {**line[3], "observed_at": stamp(AT + 20)}))
    (record,) = decide(firm).of("w")
    assert record["failed_rules"] == []


# R9 compliance


@pytest.mark.parametrize(("score", "passes"), [(0.0, True), (0.5, True), (0.51, False), (None, False)])
def test_a_score_is_at_most_the_least_that_applies(score: float | None, passes: bool) -> None:
    firm = counter({"kyt_max": 0.5}, {"kyt_max": 0.9}, {"kyt_max": 0.1, "scope": {"client_id": "bob"}})
    ask(firm, control={name: part for name, part in {**MACHINE, "kyt_score": score}.items() if part is not None})
    assert decide(firm).failed("w") == only("R9", if_not=not passes)


def test_where_no_score_applies_none_is_needed() -> None:
    firm = counter({"single": "50"})
    ask(firm, control={"origin": "auto", "initiator": "alice"})
    assert decide(firm).failed("w") == []


# R10 approval


@pytest.mark.parametrize(
    ("control", "passes"),
    [
        ({"initiator": "ann", "approvers": ["ben", "cid"]}, True),
        ({"initiator": "ann", "approvers": ["ben"]}, False),
        ({"initiator": "ann", "approvers": ["ben", "ben"]}, False),
        ({"initiator": "ann", "approvers": []}, False),
        ({"initiator": "ann", "approvers": ["ann", "ben", "cid"]}, False),
        ({"approvers": ["ben", "cid"]}, False),
        ({}, False),
    ],
    ids=repr,
)
def test_a_quorum_of_two_is_two_others(control: dict[str, Any], passes: bool) -> None:
    firm = counter({"quorum": 2}, {"quorum": 1})
    ask(firm, control={"origin": "manual", "kyt_score": 0.1, **control})
    assert decide(firm).failed("w") == only("R10", if_not=not passes)


@pytest.mark.parametrize(
    ("control", "passes"),
    [
        ({"initiator": "ann"}, True),
        ({"initiator": "ann", "approvers": ["ben"]}, True),
        ({"initiator": "ann", "approvers": ["ann"]}, False),
        ({"approvers": ["ben"]}, False),
        ({}, True),
    ],
    ids=repr,
)
def test_nobody_approves_what_he_has_started_even_where_no_quorum_applies(
    control: dict[str, Any], passes: bool
) -> None:
    firm = counter()
    ask(firm, control={"origin": "manual", **control})
    assert decide(firm).failed("w") == only("R10", if_not=not passes)


@pytest.mark.parametrize(
    ("hours", "passes"),
    [  # it is 09:15
        ("09:00-17:00", True),
        ("09:15-17:00", True),
        ("09:16-17:00", False),
        ("08:00-09:15", True),
        ("08:00-09:14", False),
        ("22:00-09:15", True),
        ("22:00-09:14", False),
        ("09:16-06:00", False),
        ("09:15-06:00", True),
    ],
)
def test_hours_are_inclusive_and_may_go_past_midnight(hours: str, passes: bool) -> None:
    firm = counter({"hours": hours})
    ask(firm)
    assert decide(firm).failed("w") == only("R10", if_not=not passes)
