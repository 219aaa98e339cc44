"""Time inside Driftline: whole microseconds since 1970-01-01 UTC, and RFC 3339 text at the border.

Integers compare and subtract exactly and cost nothing in state rows; text is for people and for the contract.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


def to_us(moment: datetime) -> int:
    """Return the microseconds from 1970-01-01 UTC to an aware `moment`; negative before it."""
    return (moment - EPOCH) // _MICROSECOND


def from_us(at_us: int) -> datetime:
    """Return the aware UTC datetime of `at_us`; raise OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=at_us)


def to_text(at_us: int) -> str:
    """Return RFC 3339 UTC text; the fraction is written only when there is one.

    >>> to_text(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    >>> to_text(0)
    '1970-01-01T00:00:00Z'
    """
    return from_us(at_us).isoformat().replace("+00:00", "Z")
