"""Bookings and their money are paired by movement, whichever is first; what is paired is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE
from ledger.books.racing import RACES_MAX
from tests.ledger.books.desk import Desk

KEY = ("desk", "USD")


def races(desk: Desk) -> dict[tuple[str, ...], int]:
    return {key: race.ahead // ONE for key, race in desk.totals.racing.table.rows.items()}


@given(st.lists(st.sampled_from(["credit", "arrival"]), min_size=1, max_size=8))
def test_what_is_ahead_is_what_was_booked_beyond_what_came(order: list[str]) -> None:
    desk = Desk().opened("1000", "9000")
    ahead, credited, arrived = 0, 0, 0
    for step in order:
        if step == "credit":
            credited += 1
            desk.book(("out", "-5"), ("acme", "5"), op_type="deposit", transfer_id="D1")
        elif not arrived:  # a movement arrives once
            arrived += 1
            desk.move("D1", "completed", "external>bank", "5")
        else:
            continue
        ahead = 5 * (credited - arrived)
    assert sum(units for units in races(desk).values()) == ahead


def test_a_credit_that_its_money_caught_up_with_widens_the_band_and_the_band_narrows_slowly() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.book(("out", "-70"), ("acme", "70"), op_type="deposit", transfer_id="D1")
    desk.move("D1", "completed", "external>bank", "70")
    assert desk.totals.bands.table.rows[KEY].units == 70 * ONE
    assert races(desk) == {}
    desk.wait(86_400)
    assert desk.totals.bands.table.rows[KEY].units == 70 * ONE * 7 // 8


def test_within_the_band_an_excess_waits_a_minute_and_beyond_it_does_not() -> None:
    desk = Desk(restarts=True).opened("1000", "1000")
    desk.book(("out", "-70"), ("acme", "70"), op_type="deposit", transfer_id="D1")
    desk.move("D1", "completed", "external>bank", "70")
    by_hand: dict[str, Any] = {"op_type": "adjustment", "origin": "manual"}
    assert desk.book(("pnl", "-70"), ("acme", "70"), **by_hand) == set()
    assert desk.wait(59) == set()
    assert desk.book(("pnl", "70"), ("acme", "-70"), **by_hand) == set()
    assert desk.totals.bands.table.rows[KEY].units == 140 * ONE, "twice what went away by itself"
    assert desk.book(("pnl", "-141"), ("acme", "141"), **by_hand) == {"liabilities_exceed_holdings P1 open"}
    assert desk.alerts[-1].rule == "beyond_band"


def test_races_are_bounded_and_those_of_yesterday_forgotten() -> None:
    desk = Desk().opened("1000", "1000")
    racing = desk.totals.racing
    for number in range(RACES_MAX + 10):
        racing._take((f"T{number}", *KEY), 1, 0, f"j{number}", automatic=True)
    assert len(racing.table) <= RACES_MAX
    assert len(racing._ahead) == len(racing.table)
    desk.wait(2 * 86_400)
    desk.wait(1)
    assert len(racing.table) == 0
    assert not racing._ahead
    assert not racing._of_name
    assert not racing._of_journal
