"""What many movements come to: plain counts, sums and a histogram, each of which can be taken back exactly."""

from __future__ import annotations

from msgspec import Struct, field

from ledger.pace.durations import Durations, bucket_of
from ledger.service.marks import Mark


class Tally(Struct, omit_defaults=True, gc=False):
    """The movements of one day, kind and client. Times of holds in microseconds, of completion in whole seconds.

    `asked_*` are of those only of which it matters (`Mark.is_asked`): risk-free and straight through are parts of them.
    `auto`, `manual` and `unsaid` are those that have passed. `verdicts`, in the rows since the beginning only, counts every
    verdict, also those that a later one replaced, by class and action (`risky|hold`). `errors` are movements by the kind of breach told of them; in the row of
    no kind they are breaches that name a client and no movement. `kept` and `broken` are promises by stage. `cents` is what corrections are worth, `unpriced` those
    of no known price; the corrections are movements, and bookings by hand that belong to no movement.
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


class RuleTally(Struct, omit_defaults=True, gc=False):
    """One rule of the policy. `verdicts` is as in `Tally`: every verdict that names the rule, since the beginning.

    `movements` are those whose latest verdict names it, `for_people` those of them that were sent to people, and `sole`
    those that were for this rule alone.
    """

    verdicts: int = 0
    movements: int = 0
    for_people: int = 0
    sole: int = 0


_FIGURES = (
    "movements", "requested", "risk_free", "risky", "auto", "manual", "unsaid", "completed", "straight_through",
    "asked_risky", "asked_completed", "held", "held_us", "corrections", "cents", "unpriced", "took_s",
)  # fmt: skip
_NOTHING = (0,) * len(_FIGURES)


def _figures(mark: Mark | None) -> tuple[int, ...]:
    """Return what a movement adds to each of the figures."""
    if mark is None:
        return _NOTHING
    corrects, asked = mark.is_correction, mark.is_asked
    return (
        1, mark.requested, mark.risk == "risk_free", mark.risk == "risky", mark.passed == "auto", mark.passed == "manual",
        mark.passed == "unsaid", mark.completed, mark.straight_through, asked and mark.risk == "risky", asked and mark.completed,
        mark.held, mark.held_us, corrects,
        mark.cents or 0, corrects and mark.cents is None, mark.took_s,
    )  # fmt: skip


def recount(tally: Tally, before: Mark | None, after: Mark | None) -> None:
    """Let a movement that counted for `before` count for `after`; None counts for nothing.

    Each figure goes from the old value to the new one in one step: whoever reads beside sees no other in between.
    """
    for name, was, now in zip(_FIGURES, _figures(before), _figures(after), strict=True):
        if was != now:
            setattr(tally, name, getattr(tally, name) + now - was)
    _recount_names(tally.undone, _undone(before), _undone(after))
    for counts, name in ((tally.errors, "errors"), (tally.kept, "kept"), (tally.broken, "broken")):
        _recount_names(counts, _names(before, name), _names(after, name))
    was_s, now_s = _took_s(before), _took_s(after)
    if was_s != now_s:
        if now_s is not None:
            count_duration(tally.took, now_s, 1)
        if was_s is not None:
            count_duration(tally.took, was_s, -1)


def _undone(mark: Mark | None) -> tuple[str, ...]:
    return () if mark is None or not mark.undone else (mark.undone,)


def _names(mark: Mark | None, field_name: str) -> tuple[str, ...]:
    return () if mark is None else getattr(mark, field_name)


def _took_s(mark: Mark | None) -> int | None:
    return None if mark is None or not mark.completed else mark.took_s


def _recount_names(counts: dict[str, int], before: tuple[str, ...], after: tuple[str, ...]) -> None:
    if before == after:
        return
    for name in after:
        if name not in before:
            count_name(counts, name, 1)
    for name in before:
        if name not in after:
            count_name(counts, name, -1)


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


def recount_rule(tally: RuleTally, rule: str, before: Mark | None, after: Mark | None) -> None:
    """Let a movement count for a rule, as far as its latest verdict names it."""
    was, now = _blame(rule, before), _blame(rule, after)
    tally.movements += now[0] - was[0]
    tally.for_people += now[1] - was[1]
    tally.sole += now[2] - was[2]


def _blame(rule: str, mark: Mark | None) -> tuple[int, int, int]:
    if mark is None or rule not in mark.failed:
        return 0, 0, 0
    return 1, int(mark.is_for_people), int(mark.is_for_people and mark.failed == (rule,))


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
