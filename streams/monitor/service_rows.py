"""The report of the service as data: what its rows say, and how shares, days and dollars are written.

Numbers are whole; shares are decimals of four places, USD of two. None, left out of the JSON, means that there is nothing
to tell: no share of nothing.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

_EPOCH = date(1970, 1, 1)


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The movements of a day of one operation, or of one client; `name` says which.

    `asked_*` are of those that were asked for, or may pass by themselves. Shares: `risk_free` of these that got a verdict,
    `straight_through` of these that are completed, `passed_manual` of all of which it is known who let them pass. `took_*` is from request to completion, `held_s` in all, up to the end of the input.
    `errors` are movements by the kind of alert that told of them, and of clients what was told of them besides.
    """

    name: str
    movements: int
    requested: int
    risk_free: int
    risky: int
    asked_risky: int
    risk_free_share: str | None = None
    passed_auto: int
    passed_manual: int
    manual_share: str | None = None
    completed: int
    asked_completed: int
    straight_through: int
    straight_through_rate: str | None = None
    undone: dict[str, int]
    held: int
    held_now: int
    held_s: int
    errors: dict[str, int]
    corrections: int
    corrections_usd: str
    corrections_unpriced: int
    promises_kept: dict[str, int]
    promises_broken: dict[str, int]
    took_mean_s: int | None = None
    took_p50_s: int | None = None
    took_p95_s: int | None = None


class RuleRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule of the policy: the movements of the day whose latest verdict names it, and those of them for people.

    `sole`: those that went to people for this rule alone.
    """

    rule: str
    op_type: str
    for_people: int
    sole: int
    movements: int


class BacklogRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands in a stage at the end of the input, how long the oldest has stood there, and how many too long.

    `overdue`: longer than was promised, maintenance left out where it was known when the movement was last heard of.
    """

    op_type: str
    stage: str
    count: int
    overdue: int
    oldest_since: str
    oldest_s: int


class MissRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Movements that were free of risk by the policy and turned out wrong, since the beginning of the input."""

    check: str
    alert_type: str
    count: int


class ServiceReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A day (UTC, of the request) of one shard; `as_of` is how far the input has been read."""

    day: str
    as_of: str
    policy_version: str
    total: ServiceRow
    operations: tuple[ServiceRow, ...]
    clients: tuple[ServiceRow, ...]
    rules: tuple[RuleRow, ...]
    backlog: tuple[BacklogRow, ...]
    confirmed: int
    missed: tuple[MissRow, ...]


def day_text(day: int) -> str:
    """Return a day as `2026-01-05`."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def day_of(text: str) -> int:
    """Return the days since 1970 of `2026-01-05`; raise ValueError."""
    return (date.fromisoformat(text) - _EPOCH).days


def share(part: int, whole: int) -> str | None:
    """Return a share with four places, rounded half up; None of nothing.

    >>> share(2, 3)
    '0.6667'
    """
    if not whole:
        return None
    tenths_of_permille = (2 * part * 10_000 + whole) // (2 * whole)
    return f"{tenths_of_permille // 10_000}.{tenths_of_permille % 10_000:04}"


def usd_text(cents: int) -> str:
    """Return cents as dollars with two places."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
