"""Who has what a request takes: the client with his line and his earlier requests, and the place that pays (R7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.counter import AT, ask, counter, own_move, plan
from tests.contract.firm import Firm
from tests.contract.names import BITCOIN, ETHEREUM, HOT, VENUE
from tests.contract.rulings import Rulings, decide, decided_at, failed
from tests.contract.ways import side


def spare(firm: Firm, amount: str, asset: str = "BTC") -> None:
    """Let a new client, dave, have this much and no more."""
    firm.know("account", 5, account_id="client:dave", account_class="client", client_id="dave", active=True)
    grant(firm, 300, "client:dave", amount, asset)
    firm.register("bc1qdave", BITCOIN, "dave", "client")
    firm.register("0xdave", ETHEREUM, "dave", "client")


def grant(firm: Firm, at: float, account: str, amount: str, asset: str = "BTC") -> None:
    """Let the house give an account something, by two people's hands."""
    hands = {"origin": "manual", "maker": "ann", "checker": "ben", "reason": "granted"}
    firm.journal(at, "adjustment", (account, asset, amount), ("house:main", asset, f"-{amount}"), **hands)


def want(firm: Firm, name: str, amount: str, at: float = AT, **more: object) -> None:
    address = "bc1qdave" if more.get("asset", "BTC") == "BTC" else "0xdave"
    ask(firm, name, amount, at, **{"client": "dave", "asset": "BTC", "address": address, **more})


def verdict(rulings: Rulings, name: str) -> tuple[str, list[str]]:
    return rulings.first(name)["action"], rulings.failed(name)


FREE, HELD = ("auto_approve", list[str]()), ("hold", ["R7"])


@pytest.mark.parametrize(
    ("amount", "passes"), [("9.99999999", True), ("10", True), ("10.00000001", False), ("12", False)]
)
def test_a_client_may_take_all_that_he_has_and_what_is_more_is_held(amount: str, passes: bool) -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "w", amount)
    assert verdict(decide(firm), "w") == (FREE if passes else HELD)


@pytest.mark.parametrize(
    ("payer", "fee_asset", "passes"),
    [
        ("sender", "BTC", False), (None, "BTC", False), ("sender", None, False), ("deducted", "BTC", True),
        ("third_party", "BTC", True), ("sender", "ETH", True),
    ],
)  # fmt: skip
def test_the_fee_that_the_sender_pays_must_be_there_too(payer: str | None, fee_asset: str | None, passes: bool) -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "w", "10", fee_amount="0.0001", fee_asset=fee_asset, fee_payer=payer)
    assert verdict(decide(firm), "w") == (FREE if passes else HELD)


def test_two_open_requests_count_together() -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "first", "6")
    want(firm, "second", "5.5", AT + 1)
    want(firm, "third", "4", AT + 2)
    rulings = decide(firm)
    assert verdict(rulings, "first") == FREE
    assert verdict(rulings, "second") == HELD
    assert verdict(rulings, "third") == HELD  # 6 and 5.5 are asked for before it: a hold is not a refusal


def test_the_order_of_arrival_says_which_request_is_earlier() -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "told first", "6", AT + 1, seen=AT + 2)
    want(firm, "made first", "5", AT, seen=AT + 3)
    rulings = decide(firm)
    assert verdict(rulings, "told first") == FREE
    assert verdict(rulings, "made first") == HELD


def test_a_request_that_is_undone_or_debited_no_longer_counts_beside_the_balance() -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "undone", "6")
    firm.movement("undone", "withdrawal", *_sides(), "BTC", "6")("cancelled", AT + 5, "oms")
    want(firm, "debited", "7", AT + 10)
    paid = ("client:dave", "BTC", "-7"), ("transit:main", "BTC", "7")
    firm.journal(AT + 11, "withdrawal", *paid, transfer_id="debited")
    want(firm, "third", "3", AT + 20)
    want(firm, "fourth", "0.00000001", AT + 30)
    rulings = decide(firm)
    assert [verdict(rulings, name) for name in ("undone", "debited", "third", "fourth")] == [FREE, FREE, FREE, HELD]


@pytest.mark.parametrize(("amount", "passes"), [("4", True), ("4.1", False)])
def test_what_is_debited_in_part_is_still_asked_for_in_part(amount: str, passes: bool) -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "first", "6")
    paid = ("client:dave", "BTC", "-2"), ("transit:main", "BTC", "2")
    firm.journal(AT + 5, "withdrawal", *paid, transfer_id="first")
    want(firm, "second", amount, AT + 40)
    assert verdict(decide(firm), "second") == (FREE if passes else HELD)


def _sides() -> tuple[dict[str, object], dict[str, object]]:
    start = side(HOT, client_id="dave", account_id="client:dave")
    return start, side("external", address="bc1qdave", network=BITCOIN)


def test_an_own_debit_that_was_heard_before_the_request_does_not_count_against_it() -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "w", "10", AT, seen=AT + 5)
    firm.journal(AT + 1, "withdrawal", ("client:dave", "BTC", "-10"), ("transit:main", "BTC", "10"), transfer_id="w")
    assert verdict(decide(firm), "w") == FREE


@pytest.mark.parametrize(("line", "passes"), [("2", True), ("1.99999999", False)])
def test_a_credit_line_covers(line: str, passes: bool) -> None:
    firm = counter()
    spare(firm, "10")
    facts = {"account_class": "client", "client_id": "dave", "active": True}
    firm.know("account", 400, account_id="client:dave", credit_line={"BTC": line}, **facts)
    want(firm, "w", "12")
    assert verdict(decide(firm), "w") == (FREE if passes else HELD)


def test_without_an_account_all_accounts_of_the_client_count() -> None:
    firm = counter()
    spare(firm, "10")
    firm.know("account", 6, account_id="client:dave/2", account_class="client", client_id="dave", active=True)
    grant(firm, 301, "client:dave/2", "3")
    for name, start, at in (("one", {"account_id": "client:dave"}, AT), ("all", {}, AT + 100)):
        end = side("external", address="bc1qdave", network=BITCOIN)
        it = firm.movement(
            name,
            "withdrawal",
            side(HOT, client_id="dave", **start),
            end,
            "BTC",
            "13",
            network=BITCOIN,
            ids={"client_ref": name},
        )
        it("requested", at, "oms")
        it("cancelled", at + 50, "oms")
    rulings = decide(firm)
    assert verdict(rulings, "one") == HELD
    assert verdict(rulings, "all") == FREE


def test_an_account_that_is_named_must_cover_by_itself() -> None:
    firm = counter()
    spare(firm, "10")
    firm.know("account", 6, account_id="client:dave/2", account_class="client", client_id="dave", active=True)
    end = side("external", address="bc1qdave", network=BITCOIN)
    start = side(HOT, client_id="dave", account_id="client:dave/2")
    firm.movement("w", "withdrawal", start, end, "BTC", "1", network=BITCOIN)("requested", AT, "oms")
    assert verdict(decide(firm), "w") == HELD


@pytest.mark.parametrize(("later_s", "passes"), [(5, False), (800, False), (1_500, True)])
def test_what_was_paid_and_is_not_debited_counts_until_its_debit_is_missing(later_s: float, passes: bool) -> None:
    firm = counter(until=3_000)
    spare(firm, "10")
    want(firm, "paid", "6")
    it = firm.movement("paid", "withdrawal", *_sides(), "BTC", "6")
    it("broadcast", AT + 10)
    it("completed", AT + 40)
    firm.value(AT + 10, HOT, "BTC", "-6")
    want(firm, "w", "5", AT + 40 + later_s)
    assert verdict(decide(firm), "w") == (FREE if passes else HELD)


def test_of_a_client_whose_books_nobody_has_told_nothing_is_covered() -> None:
    firm = counter()
    spare(firm, "10", "ETH")
    want(firm, "w", "0.1")
    assert verdict(decide(firm), "w") == HELD


@pytest.mark.parametrize(("amount", "passes"), [("20", True), ("20.00000001", False)])
def test_a_place_must_have_what_it_pays(amount: str, passes: bool) -> None:
    firm = counter()
    own_move(firm, "w", "internal", VENUE, HOT, amount=amount)
    assert verdict(decide(firm), "w") == (FREE if passes else HELD)


def test_what_has_left_a_place_is_no_longer_there_and_what_is_asked_for_still_is() -> None:
    firm = counter()
    own_move(firm, "asked", "internal", VENUE, HOT, AT, amount="15")
    it = own_move(firm, "left", "internal", VENUE, HOT, AT + 1, amount="16")
    it("broadcast", AT + 2)
    own_move(firm, "w", "internal", VENUE, HOT, AT + 3, amount="4.5")
    rulings = decide(firm)
    assert verdict(rulings, "asked") == FREE
    assert verdict(rulings, "left") == FREE
    assert verdict(rulings, "w") == HELD


def test_a_fee_in_another_asset_must_be_at_the_place() -> None:
    firm = counter()
    for name, start, end in (("there", HOT, VENUE), ("not there", VENUE, HOT)):
        own_move(firm, name, "internal", start, end, fee_amount="0.01", fee_asset="ETH", fee_payer="sender")
    rulings = decide(firm)
    assert verdict(rulings, "there") == FREE
    assert verdict(rulings, "not there") == HELD


def test_of_a_place_that_never_reported_nothing_is_covered() -> None:
    firm = counter({"share_of_balance": "0.5", "scope": {"op_type": "rebalance"}})
    firm.know("location", 5, location="okx:main", role="venue", active=True)
    facts: dict[str, Any] = {"from": "okx:main", "to": HOT}
    plan(firm, "back", **facts)
    own_move(firm, "internal", "internal", "okx:main", HOT, amount="0.1")
    own_move(firm, "rebalance", "rebalance", "okx:main", HOT, amount="0.1", plan_id="back")
    rulings = decide(firm)
    assert rulings.failed("internal") == ["R7"]
    assert rulings.failed("rebalance") == ["R5", "R7"]


def twenty(firm: Firm, amount: str) -> list[str]:
    """Ask for twenty payments within 100 ms and return what becomes of each."""
    for number in range(20):
        want(firm, f"w{number}", amount, AT + number * 0.005, ids={"client_ref": f"ref-{number}"})
    rulings = decide(firm)
    assert all(rulings.failed(f"w{number}") in ([], ["R7"]) for number in range(20))
    return [rulings.first(f"w{number}")["action"] for number in range(20)]


def test_of_twenty_at_once_that_come_to_ten_times_the_balance_those_beyond_it_are_held() -> None:
    firm = counter()
    spare(firm, "10")
    assert twenty(firm, "5") == ["auto_approve"] * 2 + ["hold"] * 18


def test_with_a_line_that_covers_twenty_at_once_all_pass() -> None:
    firm = counter()
    spare(firm, "10")
    facts = {"account_class": "client", "client_id": "dave", "active": True}
    firm.know("account", 400, account_id="client:dave", credit_line={"BTC": "30"}, **facts)
    assert twenty(firm, "2") == ["auto_approve"] * 20


def test_a_hold_is_lifted_when_the_money_is_there() -> None:
    firm = counter()
    spare(firm, "10")
    want(firm, "w", "12")
    grant(firm, AT + 60, "client:dave", "1")
    grant(firm, AT + 90, "client:dave", "1")
    rulings = decide(firm)
    before, after = rulings.of("w")
    assert (before["action"], failed(before), before["seq"]) == ("hold", ["R7"], 0)
    assert (after["action"], failed(after), after["seq"]) == ("auto_approve", [], 1)
    assert decided_at(after) == AT + 90
