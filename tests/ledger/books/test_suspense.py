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


def test_growth_beyond_three_usual_days_is_told_and_with_age_it_is_worse() -> None:
    desk = Desk(restarts=True)
    for _ in range(5):
        put(desk, "6000")
        put(desk, "-6000")
        desk.wait(DAY)
    put(desk, "100")
    desk.wait(2.5 * DAY)
    assert put(desk, "9000") == set(), "below 10,000 dollars"
    assert put(desk, "9000") == {TOLD}
    assert "grown by 18000 within a day, where 4820 come on a usual day" in desk.alerts[-1].explanation
    assert put(desk, "-9000") == {OVER}
    assert put(desk, "9000") == {TOLD}
    assert desk.wait(0.4 * DAY) == set()
    assert desk.wait(0.1 * DAY + 1) == {WORSE}, "and the hundred are three days old"


def test_before_three_days_nobody_knows_what_is_usual() -> None:
    desk = Desk(restarts=True)
    put(desk, "1")
    desk.wait(2 * DAY)
    assert put(desk, "900000") == set()
