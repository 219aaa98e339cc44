"""Whether what has taken so long will still end in time, as far as those before it tell. Counts and whole seconds only.

Good for: queues that have a usual time and a long tail. Blind to: what is new, and to what only one in many shows; a
bucket (an eighth of the time) is as fine as it gets, so what falls into that of the target counts as in time, and what falls
into that of the present moment as still under way then.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.pace.durations import Durations, bucket_of, longest_s

FINISHED_MIN = 50
"""From so many on they say anything."""
LATE_MIN = 5
"""So many must have been late: "fewer than one in five" of fewer than five would be one single case."""


class Odds(NamedTuple):
    """Of the last `known`, `so_late` took longer than it has by now, and `in_time` of those still ended in time."""

    known: int
    so_late: int
    in_time: int


def odds(durations: Durations | None, after_s: int, target_s: int) -> Odds | None:
    """Return what became of those that took longer than `after_s`; None where too few are known."""
    if durations is None or durations.count < FINISHED_MIN:
        return None
    so_late = sum(durations.counts[bucket_of(after_s + 1) :])
    return Odds(durations.count, so_late, max(so_late - _late(durations, target_s), 0))


def hopeless_after_s(durations: Durations | None, target_s: int) -> int | None:
    """Return after how long fewer than one in five still ended in time; None where that cannot be said."""
    if durations is None or durations.count < FINISHED_MIN:
        return None
    late = _late(durations, target_s)
    if late < LATE_MIN:
        return None
    so_late = 0
    for bucket in range(len(durations.counts) - 1, -1, -1):
        so_late += durations.counts[bucket]
        if 4 * so_late >= 5 * late:  # in time is at least a fifth of those that took at least so long
            return longest_s(bucket)
    return 0


def _late(durations: Durations, target_s: int) -> int:
    return sum(durations.counts[bucket_of(target_s) + 1 :])
