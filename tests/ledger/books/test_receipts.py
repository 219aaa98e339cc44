"""The open items of a suspense account add up, in order, and are bounded; growth is against a day ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.books.receipts import DAY_HOURS, ITEMS_MAX, USUAL_HOURS_MAX, Receipt, Suspense, add, note, pass_hours, take


@given(st.lists(st.integers(-9, 9).filter(bool), max_size=40))
def test_the_items_add_up_to_what_came_less_what_left_and_are_in_order(changes: list[int]) -> None:
    row, left = Suspense("desk", 0, 0), 0
    for at_us, change in enumerate(changes):
        if change > 0:
            add(row, Receipt(change, at_us, f"e{at_us}"))
        else:
            take(row, -change)
        left = max(left + change, 0)
        assert sum(item.units for item in row.items) == left
        assert [item.at_us for item in row.items] == sorted(item.at_us for item in row.items)


def test_what_leaves_is_the_receipt_of_that_amount_else_the_oldest() -> None:
    row = Suspense("desk", 0, 0)
    for at_us, units in enumerate((5, 7, 5, 9)):
        add(row, Receipt(units, at_us, ""))
    take(row, 9)
    take(row, 6)
    assert [(item.units, item.at_us) for item in row.items] == [(6, 1), (5, 2)]
    add(row, Receipt(1, 0, "late"))
    assert row.items[0].event_id == "late"


def test_items_are_bounded_and_what_is_beyond_joins_the_last() -> None:
    row = Suspense("desk", 0, 0)
    for at_us in range(ITEMS_MAX + 10):
        add(row, Receipt(1, at_us, ""))
    assert len(row.items) == ITEMS_MAX
    assert sum(item.units for item in row.items) == ITEMS_MAX + 10


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-9, 9)), min_size=1, max_size=40))
def test_growth_is_against_a_day_ago_and_the_usual_is_what_came_before_that(steps: list[tuple[int, int]]) -> None:
    row, told, hour, balance = Suspense("desk", 99, 0), [], 100, 0
    for pause, change in steps:
        hour, balance = hour + pause, balance + change
        told.append((hour, balance, max(change, 0)))
        pass_hours(row, hour)
        note(row, *told[-1])
    before = [entry for entry in told if entry[0] <= hour - DAY_HOURS]
    assert row.base == (before[-1][1] if before else 0)
    assert len(row.hours) <= DAY_HOURS
    if hour - DAY_HOURS - 99 <= USUAL_HOURS_MAX:
        assert row.usual_units == sum(inflow for _, _, inflow in before)
        assert row.usual_hours == max(hour - DAY_HOURS - 99, 0)
    assert (row.usual_day is None) == (hour - DAY_HOURS - 99 < DAY_HOURS)


def test_what_came_long_ago_fades() -> None:
    row = Suspense("desk", 0, 0)
    note(row, 1, 0, 14_000)
    pass_hours(row, DAY_HOURS + USUAL_HOURS_MAX)
    assert row.usual_day == 1_000
    pass_hours(row, DAY_HOURS + 2 * USUAL_HOURS_MAX)
    assert row.usual_day == 500
