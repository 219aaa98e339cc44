"""Consistent books never break a chain, however they come; a posting that is missing always does until it comes."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE
from ledger.books.account import Account, Item, loose_links
from ledger.books.chain import GAPS_MAX, TAIL_MAX, add, conclude, loose_from_us, restate
from tests.ledger.books.desk import Desk
from tests.ledger.wire import Sent

BROKEN, MENDED = {"balance_chain_broken P3 open"}, {"balance_chain_broken P3 explained"}
changes = st.integers(-9, 9).filter(bool)  # few amounts, so that some cancel each other


def items(amounts: list[int], opening: int = 0) -> list[Item]:
    """Return the postings of an account, one a second."""
    balances = accumulate(amounts, initial=opening)
    next(balances)
    return [
        Item(str(number), units, after, number * 1_000_000, f"p{number}")
        for number, (units, after) in enumerate(zip(amounts, balances, strict=True))
    ]


def account() -> Account:
    return Account("client", "acme", "desk", "ledger", tail=[], gaps=[])


def now(left: Item, right: Item) -> bool:
    return True


@given(st.lists(changes, min_size=1, max_size=25), st.integers(-50, 50), st.data())
def test_the_balance_is_that_of_the_highest_number_in_any_order(amounts: list[int], opening: int, data: Any) -> None:
    told, row = items(amounts, opening), account()
    for item in data.draw(st.permutations(told)):
        add(row, item)
    assert row.balance == opening + sum(amounts)
    assert loose_from_us(row, loose_links(row.tail)) is None
    assert conclude(row, loose_links(row.tail), now) == []


@given(st.lists(changes, min_size=1, max_size=25), st.data())
def test_amounts_with_few_balances_or_none_add_up_to_the_same(amounts: list[int], data: Any) -> None:
    told, row = items(amounts), account()
    for item in told:
        if data.draw(st.booleans()):
            item.after = None
    for item in data.draw(st.permutations(told)):
        add(row, item)
    assert row.balance == sum(amounts)
    assert conclude(row, loose_links(row.tail), now) == []


@given(st.lists(changes, min_size=3, max_size=25), st.data())
def test_postings_that_are_missing_are_a_gap_until_all_of_them_have_come(amounts: list[int], data: Any) -> None:
    told, row = items(amounts), account()
    inner = range(1, len(told) - 1)
    missing = data.draw(st.sets(st.sampled_from(inner), min_size=1))
    for number, item in enumerate(told):
        if number not in missing:
            add(row, item)
    runs = {number for number in missing if number - 1 not in missing}
    sums = [sum(amounts[number] for number in run) for run in _runs(sorted(missing))]
    conclude(row, loose_links(row.tail), now)
    assert sorted(gap.units for gap in row.gaps) == sorted(units for units in sums if units)
    assert len(row.gaps) <= len(runs)
    for number in data.draw(st.permutations(sorted(missing))):
        add(row, told[number])
    assert row.gaps == []
    assert conclude(row, loose_links(row.tail), now) == []


def _runs(numbers: list[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


@given(st.lists(changes, min_size=2, max_size=12), st.data())
def test_a_restatement_that_the_books_take_over_breaks_no_chain(amounts: list[int], data: Any) -> None:
    told, row = items(amounts), account()
    place = data.draw(st.integers(0, len(told) - 1))
    heard = data.draw(st.integers(place + 1, len(told)))
    for item in told[:heard]:
        add(row, item)
    change = data.draw(changes)
    old = told[place]
    after = None if old.after is None else old.after + change
    restate(row, Item(old.seq, old.units + change, after, 10**9, old.posting_id, restated=True), change)
    assert row.balance == sum(amounts[:heard]) + change
    for item in told[heard:]:
        assert item.after is not None
        item.after += change
        add(row, item)
    assert row.balance == sum(amounts) + change
    assert conclude(row, loose_links(row.tail), now) == []


def test_a_correction_with_a_number_of_its_own_moves_the_balance_by_the_difference() -> None:
    row = account()
    for item in items([5, 5]):
        add(row, item)
    restate(row, Item("2", 3, 8, 10, "p0"), -2)
    assert row.balance == 8
    assert conclude(row, loose_links(row.tail), now) == []
    assert add(row, Item("3", 1, 9, 10, "p3"))


def test_what_is_kept_is_bounded_and_old_postings_are_let_go() -> None:
    row = account()
    for item in items([1] * (TAIL_MAX + 50)):
        add(row, item)
    assert len(row.tail) == TAIL_MAX
    assert row.pruned
    add(row, Item("99999", 1, 99_999, 10**12, "late"))
    conclude(row, loose_links(row.tail), now)
    assert len(row.gaps) == 1
    add(row, Item("100000", 1, 100_000, 2 * 10**12, "later"))
    assert len(row.tail) == 2
    for number in range(100):
        add(row, Item(str(200_000 + number), 1, 7 * number, 2 * 10**12, f"wild{number}"))
    conclude(row, loose_links(row.tail), now)
    assert len(row.gaps) == GAPS_MAX


def test_a_posting_whose_link_is_in_question_is_kept_however_old_it_is() -> None:
    row, told = account(), items([1] * 10)
    for item in (*told[:3], *told[4:]):
        item.heard_us = 0 if item.after is not None and item.after < 8 else 10**12
        add(row, item)
    assert [item.seq for item in row.tail] == ["2", "4", "5", "6", "7", "8", "9"]
    assert [(gap.left, gap.right) for gap in conclude(row, loose_links(row.tail), now)] == [("2", "4")]


# --- as the desk hears of it ----------------------------------------------------------------------------------------
def chain(desk: Desk, *amounts: str) -> list[list[Sent]]:
    """Return a journal for each amount that a client gets from the house, of which no balance is told."""
    journals = [desk.legs(("acme", amount), ("house", str(-int(amount)))) for amount in amounts]
    return [[client, (topic, {**house, "balance_after": None})] for client, (topic, house) in journals]


def hear(desk: Desk, journal: list[Sent]) -> set[str]:
    told = [(topic, {name: value for name, value in leg.items() if value is not None}) for topic, leg in journal]
    return {said for leg in told for said in desk.hear(leg)}


def test_a_missing_posting_is_told_after_five_seconds_and_its_backfill_explains_it() -> None:
    desk = Desk(restarts=True)
    first, lost, second, third = chain(desk, "10", "-3", "5", "1")
    hear(desk, first)
    assert hear(desk, second) == set()
    assert desk.wait(4.9) == set()
    assert desk.wait(0.2) == BROKEN
    (alert,) = desk.of("balance_chain_broken")
    assert (alert.expected, alert.observed, alert.difference) == ("15", "12", "-3")
    assert (alert.scope.account_id, alert.scope.asset) == ("acme", "USD")
    assert alert.evidence[0] == second[0][1]["event_id"]
    assert hear(desk, third) == set()
    assert desk.books.balance("acme", "USD") == 13 * ONE
    desk.wait(600)
    assert hear(desk, lost) == MENDED
    assert desk.books.balance("acme", "USD") == 13 * ONE


def test_each_break_of_an_account_is_told_in_its_own_time() -> None:
    desk = Desk(restarts=True)
    first, lost, second, gone, third = chain(desk, "10", "-3", "5", "-1", "7")
    hear(desk, first)
    hear(desk, second)
    assert desk.wait(3) == set()
    hear(desk, third)
    assert desk.wait(2.1) == BROKEN
    assert desk.alerts[-1].difference == "-3"
    assert desk.wait(2.8) == set()
    assert desk.wait(0.2) == BROKEN
    assert desk.alerts[-1].difference == "-1"
    assert hear(desk, lost) == set()
    assert hear(desk, gone) == MENDED


def test_a_posting_may_be_late_for_as_long_as_the_source_has_not_delivered_its_time() -> None:
    desk = Desk(restarts=True)
    desk.beat()
    first, lost, second = chain(desk, "10", "-3", "5")
    hear(desk, first)
    hear(desk, second)
    assert desk.wait(599) == set()
    assert desk.beat(up_to=desk.now - 597) == set()
    assert hear(desk, lost) == set()
    assert desk.beat() == set()


def test_where_no_number_is_missing_nothing_can_be_late() -> None:
    desk = Desk(restarts=True)
    for number in range(1, 15):
        for topic, leg in desk.legs(("acme", "1"), ("house", "-1")):
            assert desk.hear((topic, {**leg, "source_seq": str(2 * number + leg["leg_no"])})) == set()
    (topic, wrong), (_, right) = desk.legs(("acme", "1"), ("house", "-1"))
    assert desk.hear((topic, {**wrong, "source_seq": "31", "balance_after": "77"})) == BROKEN
    assert desk.hear((topic, {**right, "source_seq": "32"})) == set()


def test_a_break_older_than_the_horizon_is_watched_no_more() -> None:
    desk = Desk()
    first, _, second = chain(desk, "10", "-3", "5")
    hear(desk, first)
    hear(desk, second)
    assert desk.wait(6) == BROKEN
    assert {said for _ in range(37) for said in desk.wait(86_400)} == {"balance_chain_broken P3 resolved"}
    assert desk.books.table.rows["acme", "USD"].gaps == []
