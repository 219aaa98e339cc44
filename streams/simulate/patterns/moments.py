"""When patterns come: moments of their own in worlds of any length, and the calendar of banks and of months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from streams.simulate.units import DAY_S, US, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

HOUR_S = 3_600.0
DAY_US = DAY_S * US
_FRIDAY = 4


def first_us(desk: Desk, every_s: float) -> int:
    """Return how long to wait for the first of what comes every `every_s` seconds; in a short world it comes early."""
    return span_us(desk.rng.uniform(0.03, 0.4) * usual_s(desk, every_s))


def usual_s(desk: Desk, seconds: float) -> float:
    """Return a span of the calendar in seconds, or the length of a world that is shorter."""
    return min(seconds, desk.config.duration_s or seconds)


def hours_us(desk: Desk, low: float, high: float) -> int:
    """Return a wait of some hours, in microseconds; it shrinks with a world in which everything is quicker."""
    return desk.wait(low * HOUR_S, high * HOUR_S)


def next_hour_us(at_us: int, hours: int) -> int:
    """Return the first moment after `at_us` that is a whole multiple of some hours of the day."""
    step_us = hours * 3_600 * US
    return at_us - at_us % step_us + step_us


def next_month_end_us(at_us: int) -> int:
    """Return when the last day begins of the first month whose last day has not begun at `at_us`."""
    day = datetime.fromtimestamp(at_us // US, UTC).date() + timedelta(days=1)
    while (day + timedelta(days=1)).day != 1:
        day += timedelta(days=1)
    return (day - datetime.fromtimestamp(0, UTC).date()).days * DAY_US


def month(at_us: int) -> int:
    """Return the number of a moment's month, 1 to 12."""
    return datetime.fromtimestamp(at_us // US, UTC).month


def is_weekend(at_us: int) -> bool:
    """Tell whether a moment is on a Saturday or Sunday."""
    return datetime.fromtimestamp(at_us // US, UTC).weekday() > _FRIDAY


def next_business_day_us(at_us: int) -> int:
    """Return when the first day begins after a moment that is no Saturday or Sunday."""
    day_us = at_us - at_us % DAY_US + DAY_US
    while is_weekend(day_us):
        day_us += DAY_US
    return day_us
