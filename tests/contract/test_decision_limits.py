"""Limits, scores and approvals, asked at the counter: rules R5, R6, R8, R9 and R10."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.counter import AT, DAY_S, MACHINE, ask, counter, only
from tests.contract.names import COLD, ETHEREUM, HOT, address_of
from tests.contract.rulings import decide
from tests.contract.ways import side, stamp

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


@pytest.mark.parametrize("start", [{"client_id": "alice"}, {"account_id": "client:alice"}], ids=repr)
def test_a_limit_on_a_client_binds_him_whether_he_is_named_or_his_account(start: dict[str, str]) -> None:
    firm = counter({"single": "1", "scope": {"client_id": "alice"}})
    end = side("external", address=address_of("alice", ETHEREUM), network=ETHEREUM)
    firm.movement("w", "withdrawal", side(HOT, **start), end, "ETH", "2", network=ETHEREUM)("requested", AT, "oms")
    assert decide(firm).failed("w") == ["R5"]


@pytest.mark.parametrize(("client", "binds"), [("alice", True), ("bob", False)])
def test_a_limit_on_a_client_binds_what_he_sends_and_not_what_he_is_sent(client: str, binds: bool) -> None:
    firm = counter({"single": "1", "scope": {"client_id": client}})
    ends = side(HOT, client_id="alice", account_id="client:alice"), side(HOT, client_id="bob", account_id="client:bob")
    firm.movement("w", "internal", *ends, "ETH", "2")("requested", AT, "oms")
    assert decide(firm).failed("w") == (["R3", "R5"] if binds else ["R3"])


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


def test_what_was_seen_under_way_before_anybody_told_its_request_is_the_same_too() -> None:
    firm = counter()
    ask(firm, "a", seen=AT + 500)("approved", AT + 1, "oms")
    ask(firm, "b", at=AT + 60)
    assert decide(firm).failed("b") == ["R8"]


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
