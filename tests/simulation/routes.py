"""Which shards the records of a simulated world belong to: a function of their bytes, as the engine's own map is."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

Route = Callable[[str, bytes], tuple[int, ...]]


def router(shards: int, *, lopsided: bool) -> Route:
    """Return the router: some records are of all shards, some of two, what cannot be read is of the first.

    `lopsided`: what is of one shard is of the first, so that the others hear little.
    """

    def route(topic: str, value: bytes) -> tuple[int, ...]:
        if not value.startswith(b"{"):
            return (0,)
        number = crc32(value)
        luck, first = number % 12, 0 if lopsided else (number >> 8) % shards
        if luck == 0:
            return tuple(range(shards))
        return tuple(sorted({first, (first + 1) % shards})) if luck < 4 else (first,)

    return route
