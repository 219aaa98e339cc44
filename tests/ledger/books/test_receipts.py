"""The open items of a suspense account add up, in order, and are bounded; growth is against a day ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.receipts import (
    DAYS_KEPT,
    HOURS,
    ITEMS_MAX,
    Receipt,
    Suspense,
    add,
    gained,
    note,
    pass_days,
    take,
)


@given(st.lists(st.integers(-9, 9).filter(bool), max_size=40))
def test_the_items_add_up_to_what_came_less_what_left_and_are_in_order(changes: list[int]) -> None:
    row, left = Suspense("desk", 0), 0
    for at_us, change in enumerate(changes):
        if change > 0:
            add(row, Receipt(change, at_us, f"e{at_us}"))
        else:
            take(row, -change)
        left = max(left + change, 0)
        assert sum(item.units for item in row.items) == left
        assert [item.at_us for item in row.items] == sorted(item.at_us for item in row.items)


def test_what_leaves_is_the_receipt_of_that_amount_else_the_oldest() -> None:
    row = Suspense("desk", 0)
    for at_us, units in enumerate((5, 7, 5, 9)):
        add(row, Receipt(units, at_us, ""))
    take(row, 9)
    take(row, 6)
    assert [(item.units, item.at_us) for item in row.items] == [(6, 1), (5, 2)]
    add(row, Receipt(1, 0, "late"))
    assert row.items[0].event_id == "late"


def test_items_are_bounded_and_what_is_beyond_joins_the_last() -> None:
    row = Suspense("desk", 0)
    for at_us in range(ITEMS_MAX + 10):
        add(row, Receipt(1, at_us, ""))
    assert len(row.items) == ITEMS_MAX
    assert sum(item.units for item in row.items) == ITEMS_MAX + 10


def test_days_on_which_nothing_came_count_and_the_first_part_of_a_day_does_not() -> None:
    row = Suspense("desk", 10)
    add(row, Receipt(99, 0, ""))
    pass_days(row, 11)
    add(row, Receipt(5, 0, ""))
    pass_days(row, 14)
    assert (row.days, row.inflow) == ([5, 0, 0], 0)
    pass_days(row, 1_000)
    assert row.days == [0] * DAYS_KEPT


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=30))
def test_growth_is_against_the_balance_of_a_day_ago(steps: list[tuple[int, int]]) -> None:
    hours: list[tuple[int, int]] = []
    hour, told = 0, []
    for pause, balance in steps:
        hour += pause
        note(hours, hour, balance)
        told.append((hour, balance))
    before = [balance for at, balance in told if at <= hour - HOURS]
    assert gained(hours, hour, 100) == (100 - before[-1] if before else 0)
    assert len(hours) <= HOURS + 1
