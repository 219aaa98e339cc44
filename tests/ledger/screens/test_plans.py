"""Plans on record: when they are open, who claims them, what fits them, and that they are forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.dossiers import Dossier
from ledger.screens import plans
from ledger.screens.plans import Intention, Plans
from ledger.times import DAY_US, SECOND_US, to_us
from tests.ledger.screens.desk import PAYOUT, Desk
from tests.ledger.wire import DAY, START, stamp

HOUR_US = 3_600 * SECOND_US


def table(desk: Desk) -> Plans:
    return desk.story.monitor.state.reconciliation.context.plans


def dossier(desk: Desk, transfer_id: str) -> Dossier:
    return desk.story.monitor.state.reconciliation.context.dossiers.rows[transfer_id]


def plan(from_us: int, until_us: int, every_us: int) -> Intention:
    return Intention(plan_id="P", op_type="settlement", origin="hot", asset="ETH", from_us=from_us, until_us=until_us,
                     every_us=every_us)  # fmt: skip


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**8))
def test_a_window_that_repeats_holds_or_follows_every_moment(begin: int, length: int, gap: int, at: int) -> None:
    every = length + gap
    from_us, until_us = plan(begin, begin + length, every).window_us(at)
    assert until_us >= at
    assert (from_us - begin) % every == 0
    assert from_us == begin or until_us - every < at, "no earlier one would do"


def test_a_window_longer_than_its_step_is_the_time_in_which_it_recurs() -> None:
    weekly = plan(DAY_US, 8 * DAY_US, DAY_US)
    assert not weekly.repeats
    assert weekly.window_us(20 * DAY_US) == (DAY_US, 8 * DAY_US)
    assert weekly.is_open(5 * DAY_US)
    assert not weekly.is_open(9 * DAY_US)


@pytest.mark.parametrize(("at_us", "slack_us", "is_open"), [
    (0, 0, False), (HOUR_US, 0, True), (2 * HOUR_US, 0, True), (2 * HOUR_US + 1, 0, False), (0, HOUR_US, True),
    (3 * HOUR_US, HOUR_US, True), (25 * HOUR_US, 0, True), (23 * HOUR_US, 0, False), (23 * HOUR_US, HOUR_US, False),
    (24 * HOUR_US, HOUR_US, True), (27 * HOUR_US, HOUR_US, True),
])  # fmt: skip
def test_a_plan_is_open_in_its_windows_and_a_little_around(at_us: int, slack_us: int, is_open: bool) -> None:
    assert plan(HOUR_US, 2 * HOUR_US, DAY_US).is_open(at_us, slack_us) == is_open


def test_without_bounds_a_plan_is_always_open() -> None:
    assert plan(0, 0, 0).is_open(10**18)


def test_the_claims_of_a_plan_are_known_before_it_and_after_a_restart() -> None:
    desk = Desk(restarts=True)
    desk.own("R-2", plan_id="P-1")
    desk.own("R-1", plan_id="P-1")
    desk.plan()
    assert [claim.transfer_id for claim in table(desk).claimants("P-1")] == ["R-2", "R-1"]
    assert table(desk).is_claimed("P-1")
    assert not table(desk).is_claimed("P-2")


def test_open_plans_are_those_whose_end_has_not_passed() -> None:
    desk = Desk()
    desk.plan("P-2", not_after=stamp(2 * DAY))
    desk.plan("P-1", not_after=stamp(DAY))
    desk.plan("P-3")
    at = to_us(START) + DAY_US + 1
    assert [known.plan_id for known in table(desk).open_plans(at)] == ["P-2", "P-3"]
    known = table(desk).plan("P-1")
    assert known is not None
    assert known.exact


def test_a_movement_fits_the_plan_that_it_names_and_no_other() -> None:
    desk = Desk()
    desk.plan()
    desk.own("R-1", plan_id="P-1")
    desk.own("R-2", plan_id="P-1", amount="11")
    desk.own("R-3", plan_id="P-2")
    assert [table(desk).fits(dossier(desk, name)) for name in ("R-1", "R-2", "R-3")] == [True, False, False]


def test_one_that_names_none_fits_any_plan_of_its_time() -> None:
    desk = Desk()
    desk.plan(op_type="withdrawal", to=None, to_role="client", amount="1", not_after=stamp(7_200), **{"from": "hot"})
    desk.move("W-1", "broadcast")
    desk.move("W-2", "broadcast", amount="2")
    desk.wait(3 * 3_600)
    desk.move("W-3", "broadcast", to={"location": "external", "address": PAYOUT})
    assert [table(desk).fits(dossier(desk, name)) for name in ("W-1", "W-2", "W-3")] == [True, False, False]


def test_plans_are_forgotten_a_horizon_after_their_end_and_recurring_ones_are_not() -> None:
    desk = Desk(restarts=True)
    desk.plan("over", not_after=stamp(DAY))
    desk.plan("endless")
    desk.plan("daily", not_before=stamp(0), not_after=stamp(3_600), recurring_s=86_400)
    desk.wait(33 * DAY)
    desk.plan("young")
    assert set(table(desk).table.rows) == {"over", "endless", "daily", "young"}
    desk.wait(5 * DAY)
    assert set(table(desk).table.rows) == {"daily", "young"}
    assert not table(desk).of_origin("rebalance", "nowhere")
    assert [known.plan_id for known in table(desk).of_origin("rebalance", "cold")] == ["daily", "young"]


def test_the_table_of_plans_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "PLANS_MAX", 3)
    desk = Desk()
    for number in range(5):
        desk.plan(f"P-{number}")
    assert sorted(table(desk).table.rows) == ["P-2", "P-3", "P-4"]
