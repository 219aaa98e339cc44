"""Money that is nobody's: how old the oldest of it is, and whether it grows beyond what is usual."""

from __future__ import annotations

from tests.ledger.books.desk import Desk

HOUR, DAY = 3_600.0, 86_400.0
TOLD, WORSE, OVER = "suspense_growth P3 open", "suspense_growth P2 open", "suspense_growth P3 resolved"


def put(desk: Desk, amount: str) -> set[str]:
    other = amount[1:] if amount.startswith("-") else f"-{amount}"
    return desk.book(("lost", amount), ("house", other))


def test_a_receipt_that_is_three_days_old_is_told_until_it_is_placed() -> None:
    desk = Desk(restarts=True)
    put(desk, "40")
    desk.wait(DAY)
    put(desk, "70")
    assert desk.wait(2 * DAY - 1) == set()
    assert desk.wait(2) == {TOLD}
    (alert,) = desk.alerts
    assert (alert.observed, alert.scope.account_id, alert.rule) == ("110", "lost", "age")
    assert "the oldest 40 since 2026-01-05T01:00:00Z (3 days)" in alert.explanation
    assert put(desk, "-40") == {OVER}
    assert desk.wait(DAY) == {TOLD}


def test_a_placement_that_its_source_has_yet_to_deliver_is_in_time() -> None:
    desk = Desk(restarts=True)
    put(desk, "40")
    for _ in range(3 * 24):
        assert desk.beat(after=HOUR - 1) == set()
    assert desk.wait(300) == set()
    assert put(desk, "-40") == set()
    assert desk.beat() == set()


def usual(desk: Desk, days: int) -> None:
    """Let 6,000 a day come, each of them placed at once."""
    for _ in range(days):
        put(desk, "6000")
        put(desk, "-6000")
        desk.wait(DAY)


def test_growth_beyond_three_usual_days_is_told_when_nobody_has_placed_it_for_hours() -> None:
    desk = Desk(restarts=True)
    usual(desk, 5)
    assert put(desk, "17000") == set()
    assert desk.wait(5 * HOUR) == set(), "less than three usual days"
    put(desk, "6000")
    assert desk.wait(4 * HOUR - 1) == set()
    assert desk.wait(2) == {TOLD}
    assert "grown by 23000 within a day, where 6792.45 come on a usual day" in desk.alerts[-1].explanation
    assert put(desk, "-17000") == {OVER}
    put(desk, "17000")
    put(desk, "-17000")
    assert desk.wait(5 * HOUR) == set()


def test_growth_is_over_when_it_is_a_day_old_and_worse_when_something_is_old_as_well() -> None:
    desk = Desk(restarts=True)
    usual(desk, 5)
    put(desk, "100")
    desk.wait(2.5 * DAY)
    put(desk, "19000")
    assert desk.wait(5 * HOUR) == {TOLD}
    assert desk.wait(0.5 * DAY) == {WORSE}, "the hundred are three days old"
    assert desk.wait(DAY) == set()
    assert put(desk, "-100") == {"suspense_growth P2 resolved"}


def test_small_growth_and_growth_before_a_day_is_known_are_nothing() -> None:
    desk = Desk(restarts=True)
    put(desk, "900000")
    assert desk.wait(23 * HOUR) == set()
    put(desk, "-900000")
    desk.wait(3 * DAY)
    put(desk, "9999")
    assert desk.wait(5 * HOUR) == set()
