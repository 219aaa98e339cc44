"""What many movements come to: plain counts, sums and a histogram, each of which can be taken back exactly."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct, field

from ledger.pace.durations import Durations, bucket_of
from ledger.service.marks import Mark


class Tally(Struct, omit_defaults=True, gc=False):
    """The movements of one day, kind and client. Times of holds in microseconds, of completion in whole seconds.

    `asked_*` are of those only of which it matters (`Mark.is_asked`): risk-free and straight through are parts of them.
    `auto`, `manual` and `unsaid` are those that have passed. `verdicts`, in the rows since the beginning only, counts every
    verdict, also those that a later one replaced, by class and action (`risky|hold`). `errors` are movements by the kind of
    breach told of them; in the row of no kind they are breaches that name a client and no movement. `kept` and `broken` are
    promises by stage. `cents` is what corrections are worth, `unpriced` those of no known price; the corrections are
    movements, and bookings by hand that are not those of such a movement.
    """

    movements: int = 0
    requested: int = 0
    risk_free: int = 0
    risky: int = 0
    auto: int = 0
    manual: int = 0
    unsaid: int = 0
    completed: int = 0
    straight_through: int = 0
    asked_risky: int = 0
    asked_completed: int = 0
    held: int = 0
    held_us: int = 0
    corrections: int = 0
    cents: int = 0
    unpriced: int = 0
    took_s: int = 0
    took: Durations = field(default_factory=Durations)
    undone: dict[str, int] = {}
    errors: dict[str, int] = {}
    verdicts: dict[str, int] = {}
    kept: dict[str, int] = {}
    broken: dict[str, int] = {}


Traits = tuple[bool, str, str, bool, bool, bool, bool, bool, bool]
_FIGURES = (
    "movements", "requested", "risk_free", "risky", "auto", "manual", "unsaid", "completed", "straight_through",
    "asked_risky", "asked_completed", "held", "corrections", "unpriced",
)  # fmt: skip
_NAMED = ("undone", "errors", "kept", "broken")
_SUMS = ("held_us", "cents", "took_s")


def _traits(mark: Mark) -> Traits:
    corrects = mark.is_correction
    return (
        mark.requested, mark.risk, mark.passed, mark.completed, mark.straight_through, mark.is_asked, mark.held, corrects,
        corrects and mark.cents is None,
    )  # fmt: skip


def _figures(traits: Traits | None) -> tuple[int, ...]:
    """Return what a movement of these traits adds to each of the figures."""
    if traits is None:
        return (0,) * len(_FIGURES)
    requested, risk, passed, completed, straight, asked, held, corrects, unpriced = traits
    return (
        1, requested, risk == "risk_free", risk == "risky", passed == "auto", passed == "manual", passed == "unsaid",
        completed, straight, asked and risk == "risky", asked and completed, held, corrects, unpriced,
    )  # fmt: skip


@lru_cache(maxsize=4_096)
def _steps(before: Traits | None, after: Traits | None) -> tuple[tuple[str, int], ...]:
    """Return by how much each figure changes; there are few kinds of movements, so most is looked up."""
    both = zip(_FIGURES, _figures(before), _figures(after), strict=True)
    return tuple((name, now - was) for name, was, now in both if was != now)


def _sums(mark: Mark | None) -> tuple[int, int, int]:
    return (0, 0, 0) if mark is None else (mark.held_us, mark.cents or 0, mark.took_s)


class Shift(NamedTuple):
    """What has to be added to a tally: to its figures, to its counts by name, and to its durations in seconds."""

    figures: tuple[tuple[str, int], ...]
    names: list[tuple[str, str, int]]
    took: tuple[tuple[int, int], ...]


def shift(before: Mark | None, after: Mark | None) -> Shift:
    """Return what a movement that counted for `before` changes by counting for `after`; None counts for nothing."""
    figures = _steps(None if before is None else _traits(before), None if after is None else _traits(after))
    was_sums, now_sums = _sums(before), _sums(after)
    if was_sums != now_sums:
        added = zip(_SUMS, was_sums, now_sums, strict=True)
        figures = (*figures, *((name, now - was) for name, was, now in added if was != now))
    was_s, now_s = _took_s(before), _took_s(after)
    took = () if was_s == now_s else (*_signed(now_s, 1), *_signed(was_s, -1))
    return Shift(figures, _names_shifted(before, after), took)


def apply(tally: Tally, shift: Shift) -> None:
    """Add a shift. Each figure takes one step: whoever reads beside sees the old value or the new one."""
    for name, by in shift.figures:
        setattr(tally, name, getattr(tally, name) + by)
    for field_name, name, by in shift.names:
        count_name(getattr(tally, field_name), name, by)
    for seconds, by in shift.took:
        count_duration(tally.took, seconds, by)


def _took_s(mark: Mark | None) -> int | None:
    return mark.took_s if mark is not None and mark.completed else None


def _signed(seconds: int | None, by: int) -> tuple[tuple[int, int], ...]:
    return () if seconds is None else ((seconds, by),)


def _names_shifted(before: Mark | None, after: Mark | None) -> list[tuple[str, str, int]]:
    was, now = _named(before), _named(after)
    if was == now:
        return []
    found = []
    for field_name, old, new in zip(_NAMED, was, now, strict=True):
        found += [(field_name, name, 1) for name in new if name not in old]
        found += [(field_name, name, -1) for name in old if name not in new]
    return found


def _named(mark: Mark | None) -> tuple[tuple[str, ...], ...]:
    if mark is None:
        return (), (), (), ()
    return (mark.undone,) if mark.undone else (), mark.errors, mark.kept, mark.broken


def count_correction(tally: Tally, cents: int | None, by: int) -> None:
    """Let a correction count, of this value."""
    tally.corrections += by
    tally.cents += by * (cents or 0)
    tally.unpriced += by * (cents is None)


def count_name(counts: dict[str, int], name: str, by: int) -> None:
    """Count by name; nothing is left of what was taken back."""
    left = counts.get(name, 0) + by
    if left:
        counts[name] = left
    else:
        counts.pop(name, None)


def count_duration(durations: Durations, seconds: int, by: int) -> None:
    """Count a duration, without ever forgetting any: a day is over soon enough."""
    bucket, counts = bucket_of(seconds), durations.counts
    if bucket >= len(counts):
        counts.extend([0] * (bucket + 1 - len(counts)))
    counts[bucket] += by
    durations.count += by
    while counts and not counts[-1]:
        counts.pop()


def add(total: Tally, part: Tally) -> None:
    """Add a tally to another."""
    for name in Tally.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, int):
            setattr(total, name, getattr(total, name) + value)
        elif isinstance(value, dict):
            counts = getattr(total, name)
            for key, number in value.items():
                counts[key] = counts.get(key, 0) + number
    _add_durations(total.took, part.took)


def _add_durations(total: Durations, part: Durations) -> None:
    total.count += part.count
    counts = total.counts
    counts.extend([0] * (len(part.counts) - len(counts)))
    for bucket, number in enumerate(part.counts):
        counts[bucket] += number
