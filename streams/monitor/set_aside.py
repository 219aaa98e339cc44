"""Events that wait for the reference of an asset nobody has introduced yet, in order of arrival."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple


class Waiting(NamedTuple):
    """One event kept as it came: topic, bytes, where from, and when it was observed."""

    topic: str
    raw: bytes
    origin: str
    observed_us: int


class SetAside:
    """What waits, by the asset name that it waits for. Bounded: `add` refuses beyond `limit` in all."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[int, Waiting]] = {}
        self.next_number = 0
        self.size = 0
        self.touched: set[tuple[str, int]] = set()

    def add(self, name: str, waiting: Waiting, limit: int) -> bool:
        if self.size >= limit:
            return False
        self.by_name.setdefault(name, {})[self.next_number] = waiting
        self.touched.add((name, self.next_number))
        self.next_number += 1
        self.size += 1
        return True

    def release(self, names: list[str]) -> list[Waiting]:
        """Return and forget what waits for any of `names`, in order of arrival."""
        found = [(number, name) for name in names for number in self.by_name.get(name, ())]
        found.sort()
        released = [self.by_name[name].pop(number) for number, name in found]
        for name in names:
            self.by_name.pop(name, None)
        self.touched.update((name, number) for number, name in found)
        self.size -= len(released)
        return released

    def to_plain(self, name: str, number: int) -> list[Any] | None:
        waiting = self.by_name.get(name, {}).get(number)
        if waiting is None:
            return None
        raw = base64.b64encode(waiting.raw).decode()
        return [waiting.topic, raw, waiting.origin, waiting.observed_us]

    def load(self, name: str, number: int, plain: list[Any]) -> None:
        waiting = Waiting(plain[0], base64.b64decode(plain[1]), plain[2], plain[3])
        self.by_name.setdefault(name, {})[number] = waiting
        self.size += 1
