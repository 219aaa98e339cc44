"""How sentences about time name durations, values and stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.fold import EXTERNAL, RANK, Fact
from ledger.screens.words import amount_text
from ledger.times import SECOND_US, to_text

if TYPE_CHECKING:
    from ledger.context import Context

_PRECISE_US = 60 * SECOND_US
_STAGES = tuple(RANK)


def seconds_text(span_us: int) -> str:
    """Return a duration in seconds: whole from a minute on, to the millisecond below.

    >>> seconds_text(600_900_000), seconds_text(2_500_000)
    ('600', '2.5')
    """
    whole, rest_us = divmod(span_us, SECOND_US)
    if span_us >= _PRECISE_US or rest_us < 1_000:
        return str(whole)
    return f"{whole}.{rest_us // 1_000:03d}".rstrip("0")


def value_text(context: Context, asset: str, units: int) -> str:
    """Return an amount and what it is worth, where a price is known: `1.5 BTC (about 96,000 USD)`."""
    cents = context.cents(asset, units)
    return amount_text(units, asset) + ("" if cents is None else f" (about {cents // 100:,} USD)")


def sender_text(location: str) -> str:
    """Return where value comes from, as a sentence says it."""
    return "its sender outside" if location == EXTERNAL else location


def receiver_text(location: str) -> str:
    """Return where value goes to, as a sentence says it."""
    return "its receiver outside" if location == EXTERNAL else location


def place_links(location: str, asset: str) -> tuple[str, ...]:
    """Return what ties what is late to what else is wrong there: a queue or a network that stands still is one cause."""
    return () if location == EXTERNAL else (f"place|{location}|{asset}",)


def stage_text(facts: list[Fact]) -> str:
    """Return the stage that the latest of a movement's reports tell of, and since when they do."""
    latest = facts[-1]
    since_us = latest.at_us
    for fact in reversed(facts):
        if fact.rank != latest.rank:
            break
        since_us = fact.at_us
    return f"{_STAGES[latest.rank]} since {to_text(since_us)}"


def pause_text(paused_us: int) -> str:
    """Return the sentence that says what maintenance has taken from a clock; "" for nothing."""
    return f" {seconds_text(paused_us)} s of maintenance do not count." if paused_us else ""
