"""How often a source usually speaks, and how long it may be silent."""

from __future__ import annotations

from ledger.feeds.cadence import (
    HISTORY_US,
    PAUSES_KEPT,
    PAUSES_NEEDED,
    Cadence,
    allowance_us,
    lag_allowed_us,
    learn,
    learn_beat,
    pause_allowed_us,
)
from ledger.times import SECOND_US

LEAST_US = 900 * SECOND_US
HOUR_US = 3_600 * SECOND_US


def habit(*pauses_us: int) -> Cadence:
    cadence = Cadence()
    for pause_us in pauses_us:
        learn(cadence, pause_us)
    return cadence


def test_nothing_is_allowed_or_refused_before_a_habit_is_known() -> None:
    assert allowance_us(habit(*[SECOND_US] * (PAUSES_NEEDED - 1)), LEAST_US, HISTORY_US) is None
    assert allowance_us(habit(*[SECOND_US] * PAUSES_NEEDED), LEAST_US, HOUR_US - 1) is None
    assert allowance_us(habit(*[SECOND_US] * PAUSES_NEEDED), LEAST_US, HOUR_US) == LEAST_US


def test_a_source_with_nights_is_judged_after_a_week_and_then_by_its_longest_night() -> None:
    nightly = habit(*[60 * SECOND_US] * PAUSES_NEEDED, 10 * HOUR_US)
    assert allowance_us(nightly, LEAST_US, HISTORY_US - 1) is None
    assert allowance_us(nightly, LEAST_US, HISTORY_US) == 30 * HOUR_US


def test_one_outage_is_no_habit_and_two_are() -> None:
    cadence = Cadence()
    for _ in range(10):
        learn_beat(cadence, 60 * SECOND_US, SECOND_US)
    learn_beat(cadence, 8 * HOUR_US, SECOND_US)
    assert pause_allowed_us(cadence, LEAST_US) == LEAST_US
    learn_beat(cadence, 7 * HOUR_US, SECOND_US)
    assert pause_allowed_us(cadence, LEAST_US) == 21 * HOUR_US


def test_marks_that_are_usually_a_day_old_are_not_late() -> None:
    cadence = Cadence()
    for _ in range(5):
        learn_beat(cadence, 60 * SECOND_US, 24 * HOUR_US)
    learn_beat(cadence, 60 * SECOND_US, None)
    assert pause_allowed_us(cadence, LEAST_US) == LEAST_US
    assert lag_allowed_us(cadence, LEAST_US) == 72 * HOUR_US


def test_what_is_kept_is_bounded() -> None:
    cadence = Cadence()
    for pause_us in range(10 * PAUSES_KEPT):
        learn_beat(cadence, pause_us, pause_us)
    assert len(cadence.recent) == len(cadence.lags) == PAUSES_KEPT
