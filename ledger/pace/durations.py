"""How long movements of one route take: a histogram over logarithmic buckets that tells quantiles, and forgets.

Whole seconds and integers only. Eight buckets for each doubling keep a quantile within an eighth of the true one,
whatever the shape, in at most 170 counts.
"""

from __future__ import annotations

from msgspec import Struct

LONGEST_S = 30 * 86_400
COUNT_MAX = 2_048
"""From so many on every count is halved: what a route did long ago counts less and less, and at last nothing."""
_SHIFT = 3  # buckets for each doubling, as a power of two


class Durations(Struct, gc=False):
    """How many were learned, and how many fell into each bucket (as far up as any was seen)."""

    count: int = 0
    counts: list[int] = []  # msgspec copies it for each


def bucket_of(seconds: int) -> int:
    """Return the bucket of a duration; below a second and above 30 days count as just that."""
    seconds = min(max(seconds, 1), LONGEST_S)
    doublings = seconds.bit_length() - 1
    return (doublings << _SHIFT) + ((seconds << _SHIFT >> doublings) & ((1 << _SHIFT) - 1))


def longest_s(bucket: int) -> int:
    """Return the longest whole seconds that fall into a bucket."""
    doublings, step = divmod(bucket + 1, 1 << _SHIFT)
    above = ((1 << _SHIFT) + step) << doublings  # eight times where the next bucket begins
    return -(-above >> _SHIFT) - 1


def learn(durations: Durations, seconds: int) -> None:
    """Take one more duration; halve all counts once there are many."""
    bucket, counts = bucket_of(seconds), durations.counts
    if bucket >= len(counts):
        counts.extend([0] * (bucket + 1 - len(counts)))
    counts[bucket] += 1
    durations.count += 1
    if durations.count >= COUNT_MAX:
        counts[:] = [count // 2 for count in counts]
        durations.count = sum(counts)


def quantile_s(durations: Durations, permille: int) -> int | None:
    """Return by when so many in a thousand had arrived, in whole seconds, rounded up within its bucket; None of none."""
    rank, seen = -(-durations.count * permille // 1_000), 0
    for bucket, count in enumerate(durations.counts):
        seen += count
        if count and seen >= rank:
            return longest_s(bucket)
    return None
