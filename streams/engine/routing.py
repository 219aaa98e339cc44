"""Which shards of the log a record of the inputs belongs to: what the shard map says of the names in it.

The answer is a function of the record's topic and bytes and of the map alone, so that a redelivered record always finds
the same shards.
"""

from __future__ import annotations

from collections.abc import Callable

Router = Callable[[str, bytes], tuple[int, ...]]
"""Gives the shards (partitions of the log) that a record of an input topic goes to; never none."""


def to_the_only_shard(topic: str, value: bytes) -> tuple[int, ...]:
    """Return where every record goes when there is one shard."""
    return _ONLY


_ONLY = (0,)
