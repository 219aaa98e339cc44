"""Exact money and moments as text: integers inside, plain decimals and RFC 3339 outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

US = 1_000_000  # microseconds in a second
DAY_S = 86_400
_EPOCH = datetime.fromtimestamp(0, UTC)


def _scale(decimals: int) -> int:
    return int(10**decimals)


def decimal_text(units: int, decimals: int) -> str:
    """Return `units` (smallest units, signed) as a plain decimal, with no trailing zeros.

    >>> decimal_text(-150, 2), decimal_text(100_000_000, 8)
    ('-1.5', '1')
    """
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), _scale(decimals))
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:0{decimals}d}".rstrip("0")


def units_of(text: str, decimals: int) -> int:
    """Return the smallest units of a plain decimal, rounded towards zero.

    >>> units_of("1.5", 2), units_of("-0.001", 2)
    (150, 0)
    """
    whole, _, rest = text.partition(".")
    return int(f"{whole}{rest:0<{decimals}.{decimals}}") if decimals else int(whole)


@lru_cache(maxsize=8192)  # most events of a second share its text
def _second_text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def time_text(at_us: int) -> str:
    """Return a moment (microseconds since 1970, UTC) as RFC 3339, to the millisecond, in which this world counts.

    >>> time_text(1_500_000)
    '1970-01-01T00:00:01.500Z'
    """
    second, rest_us = divmod(at_us, US)
    if not rest_us:
        return _second_text(second) + "Z"
    return f"{_second_text(second)}.{rest_us // 1000:03d}Z"


def moment_us(text: str) -> int:
    """Return the moment that `time_text` wrote, in microseconds since 1970.

    >>> moment_us("1970-01-01T00:00:01.500Z")
    1500000
    """
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def day_text(at_us: int) -> str:
    """Return the UTC date of a moment, as a value date is written."""
    return _second_text(at_us // US)[:10]


def span_us(seconds: float) -> int:
    """Return a span in microseconds, to the millisecond and never nothing: two stages never share a moment."""
    return max(1000, int(seconds * 1000) * 1000)


def units_worth(usd_cents: int, price_cents: int, decimals: int) -> int:
    """Return how many units of an asset (`price_cents` a whole one) are worth `usd_cents`, rounded down."""
    return usd_cents * _scale(decimals) // price_cents


def cents_of(units: int, price_cents: int, decimals: int) -> int:
    """Return what `units` of an asset are worth in US cents, rounded towards minus infinity."""
    return units * price_cents // _scale(decimals)
