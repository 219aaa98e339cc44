"""What a worker does while its group has not said who has which shard: it reads the states that it does not remember.

Where a worker has died that takes as long as a session, and reading a state of many rows afterwards would come on top.
What was read counts for nothing until the shard is taken: then reading goes on from there, behind the last holder's end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from streams.engine.held import HeldShard

LOOK_SECONDS = 0.05


class StatesAhead:
    """Reads each state once while the group is unsettled, `bytes_max` of all of them together.

    `is_over` says when the worker ends.
    """

    def __init__(self, shards: Collection[HeldShard], bytes_max: int, is_over: Callable[[], bool]) -> None:
        self._shards, self._bytes_max, self._is_over = shards, bytes_max, is_over
        self.unsettled()

    def unsettled(self) -> None:
        """Note that the group is about to say anew who has what."""
        self._is_unsettled = True
        self._left = list(self._shards)

    def settled(self) -> None:
        """Read no more: the group has spoken."""
        self._is_unsettled = False

    async def keep(self) -> None:
        """Read ahead whenever the group lets wait for it, for as long as the worker runs."""
        while not self._is_over():
            await asyncio.sleep(LOOK_SECONDS)
            while self._left and not self._has_enough():
                await self._left.pop(0).read_ahead(self._has_enough)

    def _has_enough(self, more_bytes: int = 0) -> bool:
        if not self._is_unsettled or self._is_over():
            return True
        return more_bytes + sum(held.ahead_bytes for held in self._shards) >= self._bytes_max
