"""Which events have been applied: the identity and the content of each, kept for the horizon.

Identities are held in segments of a thousand that are written once and expire whole, so that a checkpoint never
rewrites what only grows.
"""

from __future__ import annotations

from typing import Any, Literal

SEGMENT_IDS = 1000
Novelty = Literal["new", "repeated", "conflict"]


class Segment:
    """Some identities in order of arrival, and the latest moment that any of them can be sent again for."""

    __slots__ = ("ids", "until_us")

    def __init__(self, ids: list[str], until_us: int) -> None:
        self.ids = ids
        self.until_us = until_us


class SeenEvents:
    """The identities seen, each with 64 bits of its content."""

    __slots__ = ("_contents", "_current", "_segments", "next_segment", "touched")

    def __init__(self) -> None:
        self._contents: dict[str, int] = {}
        self._segments: dict[int, Segment] = {}
        self.next_segment = 0
        self.touched: set[int] = set()
        self._current = Segment([], 0)
        self._open()

    def __len__(self) -> int:
        return len(self._contents)

    def see(self, event_id: str, content: int, happened_us: int, arrived_us: int) -> Novelty:
        """Note an event; it is remembered for the horizon from when it happened or arrived, whichever was later."""
        known = self._contents.get(event_id)
        if known is not None:
            return "repeated" if known == content else "conflict"
        self._contents[event_id] = content
        segment = self._current
        segment.ids.append(event_id)
        if arrived_us > segment.until_us:
            segment.until_us = arrived_us
        if happened_us > segment.until_us:
            segment.until_us = happened_us
        self.touched.add(self.next_segment - 1)
        if len(segment.ids) >= SEGMENT_IDS:
            self._open()
        return "new"

    def forget_before(self, at_us: int) -> None:
        """Drop the segments whose latest moment is before `at_us`."""
        for number, segment in list(self._segments.items()):
            if segment.until_us >= at_us or segment is self._current:
                continue
            for event_id in segment.ids:
                del self._contents[event_id]
            del self._segments[number]
            self.touched.add(number)

    def _open(self) -> None:
        self._current = self._segments[self.next_segment] = Segment([], 0)
        self.touched.add(self.next_segment)
        self.next_segment += 1

    def to_plain(self, number: int) -> list[Any] | None:
        segment = self._segments.get(number)
        if segment is None:
            return None
        return [segment.until_us, segment.ids, list(map(self._contents.__getitem__, segment.ids))]

    def numbers(self) -> list[int]:
        return list(self._segments)

    def load(self, number: int, plain: list[Any]) -> None:
        """Put back a segment; call in order of number on a fresh object."""
        if not self._current.ids:
            self._segments.pop(self.next_segment - 1)  # the empty one that this object began with
        self._segments[number] = self._current = Segment(list(plain[1]), plain[0])
        self._contents.update(zip(plain[1], plain[2], strict=True))
        self.next_segment = number + 1
