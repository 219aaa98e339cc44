"""What moved at one place in one asset, in order of when it happened: the record from which any past balance follows.

Entries arrive in any order. They are kept in buckets so that a late one touches a few hundred neighbours and one row
of state, not the whole history.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Any

BUCKET_ENTRIES = 256


class Bucket:
    """A run of entries in order of time: parallel lists of moments, signed units, and the movements that caused them."""

    __slots__ = ("deltas", "number", "refs", "times")

    def __init__(self, number: int) -> None:
        self.number = number
        self.times: list[int] = []
        self.deltas: list[int] = []
        self.refs: list[str] = []


class Timeline:
    """Signed changes over time with their total; `touched` collects the numbers of buckets changed or dropped."""

    __slots__ = ("buckets", "next_number", "total", "touched")

    def __init__(self) -> None:
        self.total = 0
        self.buckets: list[Bucket] = []
        self.next_number = 0
        self.touched: set[int] = set()

    def add(self, at_us: int, delta: int, ref: str) -> None:
        """Add `delta` units at `at_us` on behalf of `ref`; what adds up to nothing there disappears."""
        self.total += delta
        bucket = self._bucket_for(at_us, ref)
        times, refs = bucket.times, bucket.refs
        self.touched.add(bucket.number)
        if not times or times[-1] < at_us:
            index = len(times)
        else:
            first, last = bisect_left(times, at_us), bisect_right(times, at_us)
            index = bisect_left(refs, ref, first, last)
            if index < last and refs[index] == ref:
                self._merge(bucket, index, delta)
                return
        times.insert(index, at_us)
        bucket.deltas.insert(index, delta)
        refs.insert(index, ref)

    def after(self, at_us: int) -> int:
        """Return the sum of what moved after `at_us` (exclusive), in units."""
        if not self.buckets or self.buckets[-1].times[-1] <= at_us:
            return 0  # by far the most usual question is about now
        tail = 0
        for bucket in reversed(self.buckets):
            times = bucket.times
            if times[0] > at_us:
                tail += sum(bucket.deltas)
                continue
            if times[-1] > at_us:
                tail += sum(bucket.deltas[bisect_right(times, at_us) :])
            break
        return tail

    def between(self, after_us: int, until_us: int) -> Iterator[tuple[int, int, str]]:
        """Yield (moment, units, movement) of what moved after `after_us` and not after `until_us`, oldest first."""
        start = bisect_right(self.buckets, after_us, key=_last_moment)
        for bucket in self.buckets[start:]:
            times = bucket.times
            if times[0] > until_us:
                return
            for index in range(bisect_right(times, after_us), bisect_right(times, until_us)):
                yield times[index], bucket.deltas[index], bucket.refs[index]

    def latest(self, after_us: int, until_us: int, limit: int) -> list[tuple[int, int, str]]:
        """Return the last `limit` entries of `between`, oldest first."""
        found: list[tuple[int, int, str]] = []
        for bucket in reversed(self.buckets):
            times = bucket.times
            if times[-1] <= after_us or len(found) >= limit:
                break
            first, last = bisect_right(times, after_us), bisect_right(times, until_us)
            first = max(first, last - (limit - len(found)))
            found = (
                list(zip(times[first:last], bucket.deltas[first:last], bucket.refs[first:last], strict=True)) + found
            )
        return found

    def forget_before(self, at_us: int) -> None:
        """Drop whole buckets that ended before `at_us`; totals keep counting what they held."""
        while len(self.buckets) > 1 and self.buckets[0].times[-1] < at_us:
            self.touched.add(self.buckets.pop(0).number)

    def _bucket_for(self, at_us: int, ref: str) -> Bucket:
        """Return the bucket in whose run of (moment, movement) an entry belongs."""
        if not self.buckets:
            return self._open_bucket(0)
        last = self.buckets[-1]
        if at_us > last.times[-1]:
            return self._open_bucket(len(self.buckets)) if len(last.times) >= BUCKET_ENTRIES else last
        index = max(bisect_right(self.buckets, (at_us, ref), key=_first_entry) - 1, 0)
        bucket = self.buckets[index]
        if len(bucket.times) < 2 * BUCKET_ENTRIES:
            return bucket
        self._split(index)
        return self._bucket_for(at_us, ref)

    def _open_bucket(self, index: int) -> Bucket:
        bucket = Bucket(self.next_number)
        self.next_number += 1
        self.buckets.insert(index, bucket)
        return bucket

    def _split(self, index: int) -> None:
        """Cut a full bucket in two."""
        old = self.buckets[index]
        new = self._open_bucket(index + 1)
        for name in ("times", "deltas", "refs"):
            values = getattr(old, name)
            setattr(new, name, values[BUCKET_ENTRIES:])
            del values[BUCKET_ENTRIES:]
        self.touched.update((old.number, new.number))

    def _merge(self, bucket: Bucket, index: int, delta: int) -> None:
        bucket.deltas[index] += delta
        if bucket.deltas[index]:
            return
        for values in (bucket.times, bucket.deltas, bucket.refs):
            del values[index]
        if not bucket.times:
            self.buckets.remove(bucket)

    def to_plain(self, number: int) -> list[Any] | None:
        """Return the row of bucket `number` as plain data, or None when it is gone."""
        for bucket in self.buckets:
            if bucket.number == number:
                return [bucket.times, bucket.deltas, bucket.refs]
        return None

    def load(self, number: int, plain: list[Any]) -> None:
        """Put back a bucket that `to_plain` gave; call in any order of number, then `settle`."""
        bucket = Bucket(number)
        bucket.times, bucket.deltas, bucket.refs = list(plain[0]), list(plain[1]), list(plain[2])
        self.buckets.append(bucket)

    def settle(self, total: int, next_number: int) -> None:
        """Finish loading: order the buckets and restore what they cannot know."""
        self.buckets.sort(key=_first_entry)
        self.total, self.next_number = total, next_number


def _first_entry(bucket: Bucket) -> tuple[int, str]:
    return bucket.times[0], bucket.refs[0]


def _last_moment(bucket: Bucket) -> int:
    return bucket.times[-1]
