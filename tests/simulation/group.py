"""The consumer group: who belongs to it and what each reads. A member that is shut out goes on until it notices."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

from streams.engine.bookmarks import Partition

if TYPE_CHECKING:
    from tests.simulation.process import Process

Given = tuple[int, list[Partition]]


class Group:
    """Members let go of everything before a generation begins, as in Kafka's eager protocol; or are shut out."""

    def __init__(self, places: list[Partition], rng: Random) -> None:
        self._places, self._rng = places, rng
        self.generation = 0
        self.members: list[Process] = []
        self.shut_out: list[Process] = []
        self._noticed: set[Process] = set()  # of those that are shut out, who has heard of it
        self._joining: dict[Process, asyncio.Future[Given]] = {}
        self._told: dict[Process, asyncio.Future[None]] = {}
        self.is_settled = True

    # ------------------------------------------------------------------------------------------- what a member calls

    def join(self, process: Process) -> asyncio.Future[Given]:
        """Wait for the next generation."""
        future: asyncio.Future[Given] = process.loop.create_future()
        self._joining[process] = future
        if process not in self.members:
            self.members.append(process)
        if process in self.shut_out:
            self.shut_out.remove(process)
        self._noticed.discard(process)
        self.unsettle()
        return future

    def until_over(self, process: Process) -> asyncio.Future[None]:
        """Wait until the member hears that it has to let go."""
        future: asyncio.Future[None] = process.loop.create_future()
        self._told[process] = future
        if process in self._noticed or (process in self.members and not self.is_settled):
            future.set_result(None)
        return future

    def is_member(self, process: Process, generation: int) -> bool:
        return process in self.members and generation == self.generation

    # ------------------------------------------------------------------------------------------- what the world does

    def unsettle(self) -> None:
        """Let everybody know that a new generation is to begin."""
        self.is_settled = False
        for process in self.members:
            self._tell(process)

    def _tell(self, process: Process) -> None:
        told = self._told.pop(process, None)
        if told is not None and not told.done():
            told.set_result(None)

    def leave(self, process: Process) -> None:
        """Forget a member that has died, or whose session is over."""
        self._joining.pop(process, None)
        if process in self.members:
            self.members.remove(process)
            self.unsettle()

    def shut(self, process: Process) -> None:
        """The session of a member is over, and it does not know; one that is waiting to join knows all there is."""
        if process in self._joining:
            return
        told = self._told.pop(process, None)
        self.leave(process)
        if told is not None:
            self._told[process] = told
        self.shut_out.append(process)

    def notice(self, process: Process) -> None:
        """Let one that was shut out hear of it, as soon as it listens."""
        self._noticed.add(process)
        self._tell(process)

    def begin(self) -> bool:
        """Begin a generation, where all members have let go."""
        if self.is_settled or not all(process in self._joining for process in self.members):
            return False
        self.generation += 1
        self.is_settled = True
        given: dict[Process, list[Partition]] = {process: [] for process in self.members}
        for place in self._places if self.members else ():
            given[self._rng.choice(self.members)].append(place)
        for process, places in given.items():
            self._joining.pop(process).set_result((self.generation, places))
        return True
