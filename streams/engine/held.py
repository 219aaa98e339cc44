"""One shard as a worker has it: opened when the group gives it to this worker, checkpointed while it is open, closed
when it goes to another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from streams.engine.bookmarks import Bookmarks, Partition
from streams.engine.crashpoints import reached
from streams.engine.errors import EngineError
from streams.engine.failing import Failing
from streams.engine.gauges import ShardGauges, Watched
from streams.engine.intake import wall_us
from streams.engine.keeper import Keeper
from streams.engine.shard import Shard

POLL_SECONDS = 0.005
READING_SECONDS = 1.0


class HeldShard:
    """A shard with its keeper (None: no checkpoints, it goes on from what this worker remembers)."""

    def __init__(
        self,
        log_topic: str,
        shard: Shard,
        keeper: Keeper | None,
        bookmarks: Bookmarks,
        gauges: ShardGauges,
        failing: Failing,
    ) -> None:
        self.place: Partition = (log_topic, shard.number)
        self.shard = shard
        self.keeper = keeper
        self.gauges = gauges
        self._bookmarks = bookmarks
        self._failing = failing
        self._is_saving = False
        # The thread of a checkpoint, which goes on when nobody waits for it.
        self._writing: asyncio.Task[None] | None = None
        self._taken_away = 0  # how often it went to another worker, or might have
        self._opening: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._wanted: object | None = None  # the reading ahead whose result is to be kept

    @property
    def watched(self) -> Watched:
        """The shard as metrics see it."""
        shard = self.shard
        return Watched(shard.number, shard.machine, lambda: shard.position if shard.is_open else None, shard.live_from)

    @property
    def is_open(self) -> bool:
        return self.shard.is_open

    # --------------------------------------------------------------------------------------- it comes and goes

    def prepare(self) -> Coroutine[Any, Any, None]:
        """Open the shard, which was assigned, where it is not open: its state is put back before anything is fetched.

        It is of the assignment that holds at this call: a task that begins a moment later may begin behind a revocation.
        """
        return self._prepare(self._taken_away)

    async def _prepare(self, taken_away: int) -> None:
        if self.keeper is None:
            if not self.shard.is_open and self.place in self._bookmarks:
                self.shard.go_on()
            elif not self.shard.is_open:
                self.shard.resume(None)
            return
        # Faust lets go of this call when the next rebalance comes, and a thread cannot be stopped: what is under way,
        # an older opening or a checkpoint, ends first. Before that a shard that looks open may be about to be closed.
        await self._until_read_ahead()
        while self.is_saving() or self.is_opening():
            await asyncio.sleep(POLL_SECONDS)
        # One that went away while that was waited for is another worker's: to take it now would shut that one out.
        if not self.shard.is_open and taken_away == self._taken_away:
            self._opening = asyncio.create_task(self._open(self.keeper, taken_away))
            await asyncio.shield(self._opening)

    async def _until_read_ahead(self) -> None:
        """Wait a moment for what is being read ahead; what takes longer is not waited for, and not used."""
        deadline = time.monotonic() + READING_SECONDS
        while self.is_reading_ahead() and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        self._wanted = None

    async def _open(self, keeper: Keeper, taken_away: int) -> None:
        begun_s = time.monotonic()
        try:
            position = await asyncio.to_thread(keeper.open, lambda: taken_away == self._taken_away)
        except EngineError as problem:
            if taken_away == self._taken_away:
                self._failing.fail(str(problem))
            return
        if position is None or taken_away != self._taken_away:
            self.shard.close()  # it went to another worker while it was opened here
            return
        self.gauges.recovered(time.monotonic() - begun_s, keeper.records_read, keeper.written_us)
        self._bookmarks.resume(self.place, position)

    async def read_ahead(self, is_enough: Callable[[int], bool]) -> None:
        """Read of the shard's state what is there already, where it is not remembered, open, nor about to be.

        `is_enough` is told how many bytes have been read, in a thread.
        """
        while self.is_reading_ahead():
            await asyncio.sleep(POLL_SECONDS)
        keeper = self.keeper
        if keeper is None or keeper.is_whole or self.is_open or self.is_opening() or self.is_saving():
            return
        self._reading = asyncio.create_task(self._read_ahead(keeper, is_enough))
        await asyncio.shield(self._reading)

    async def _read_ahead(self, keeper: Keeper, is_enough: Callable[[int], bool]) -> None:
        self._wanted = wanted = object()
        begun = await asyncio.to_thread(
            keeper.read_ahead, lambda size_bytes: self._wanted is not wanted or is_enough(size_bytes)
        )
        if self._wanted is wanted:
            keeper.begun = begun

    @property
    def ahead_bytes(self) -> int:
        """How much of the shard's state was read ahead and not put back yet, in bytes."""
        begun = None if self.keeper is None else self.keeper.begun
        return 0 if begun is None else begun.size_bytes

    def is_reading_ahead(self) -> bool:
        """Say whether a thread reads ahead."""
        return self._reading is not None and not self._reading.done()

    def is_opening(self) -> bool:
        """Say whether a thread is about to put the shard's state back."""
        return self._opening is not None and not self._opening.done()

    def is_taking(self) -> bool:
        """Say whether earlier holders are being shut out just now."""
        return self.keeper is not None and self.keeper.is_taking

    def revoked(self) -> None:
        """Apply nothing more: another worker may hold the shard from now on."""
        self._taken_away += 1
        self.shard.close()

    def let_go(self) -> None:
        """Forget what is remembered and was read of the shard: another worker has it, and will take it further."""
        self._wanted = None
        if self.keeper is not None and not (self.is_open or self.is_opening()):
            self.keeper.forget()

    # --------------------------------------------------------------------------------------------- checkpoints

    async def checkpoint(self) -> None:
        """Write a checkpoint of where the shard stands now, where it is open and has moved on.

        One that is under way ends first: it may be of a little earlier, and the one at a clean end is to cover all.
        """
        while self.is_saving():
            await asyncio.sleep(POLL_SECONDS)
        if self.keeper is None or not self.shard.is_open or self._failing.failed.is_set():
            return
        self._is_saving, opening = True, self.shard.opening
        try:
            await self._save(self.keeper, opening)
        except EngineError as problem:
            # One that was under way when the group gave the shard to another is of no use; that is no reason to end.
            if self.is_open and self.shard.opening == opening:
                self._failing.fail(str(problem))
        finally:
            self._is_saving = False

    def is_saving(self) -> bool:
        """Say whether a checkpoint is under way."""
        return self._is_saving or (self._writing is not None and not self._writing.done())

    def collect(self) -> None:
        """Encode what has changed, for the next checkpoint, where the shard is open."""
        if self.keeper is not None and self.shard.is_open:
            self.keeper.collect()

    async def _save(self, keeper: Keeper, opening: int) -> None:
        begun_s = time.monotonic()
        capture = keeper.capture(wall_us())
        if capture is None:
            return
        reached("checkpoint.captured")
        while not self._bookmarks.is_confirmed(self.place, capture.head.position):
            if self._failing.failed.is_set() or self.shard.opening != opening or not self.shard.is_open:
                return
            await asyncio.sleep(POLL_SECONDS)
        reached("checkpoint.confirmed")
        self._writing = asyncio.create_task(asyncio.to_thread(keeper.write, capture))
        await asyncio.shield(self._writing)
        self.gauges.wrote(len(capture.rows), time.monotonic() - begun_s, wall_us())
        if self.shard.opening == opening:
            keeper.written(capture)
