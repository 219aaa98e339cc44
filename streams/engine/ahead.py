"""What a worker does while its group has not said yet who has which shard: it reads the states that it does not remember.

Where a worker has died that takes as long as a session, and reading a state of many rows afterwards would come on top.
What was read counts for nothing until the shard is taken: then reading goes on from there, behind the last holder's end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from streams.engine.held import HeldShard

LOOK_SECONDS = 0.05
RECORDS_MAX = 1_000_000  # of all shards, some of which others will be given: half a gigabyte at most


class Ahead:
    """Reads ahead while `is_waiting`, each state once; `is_over` says when the worker ends."""

    def __init__(self, shards: Collection[HeldShard], is_over: Callable[[], bool]) -> None:
        self._shards, self._is_over = shards, is_over
        self.wait()

    def wait(self) -> None:
        """Note that the group is about to say anew who has what."""
        self.is_waiting = True
        self._left = list(self._shards)

    def end(self) -> None:
        """Read no more: the group has spoken."""
        self.is_waiting = False

    async def keep(self) -> None:
        """Read ahead where the group lets wait for it, for as long as the worker runs."""
        while not self._is_over():
            await asyncio.sleep(LOOK_SECONDS)
            while self._left and not self._has_enough():
                await self._left.pop(0).read_ahead(self._has_enough)

    def _has_enough(self) -> bool:
        return not self.is_waiting or self._is_over() or sum(held.records_ahead for held in self._shards) > RECORDS_MAX
