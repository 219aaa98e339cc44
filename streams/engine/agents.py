"""What the two agents of a worker do with their batches, and what happens as partitions come and go.

The agents hand batches to `Intake` and to the shards and hold no rules. Nothing here raises into Faust: what fails ends
the worker, and what was not confirmed by then is done again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from functools import partial
from typing import cast

from faust.types import TP, AppT

from streams.engine.bookmarks import Bookmarks, Partition, Ticket
from streams.engine.crashpoints import reached
from streams.engine.failing import Failing
from streams.engine.fetches import Fetch, FetchedRecord, InputRecord
from streams.engine.gauges import Gauges
from streams.engine.held import POLL_SECONDS, HeldShard
from streams.engine.intake import Intake
from streams.engine.publisher import Delivered, Publisher
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.engine.slices import Slices
from streams.engine.states_ahead import StatesAhead
from streams.engine.topics import Topics
from streams.monitor import encode
from streams.record import Output

logger = logging.getLogger(__name__)

MERGE_RECORDS_MAX = 50_000  # of a partition that wait for the others
RELEASED_RECORDS = 500  # of history merged, between two turns of the event loop
# Turns of the loop, each next to nothing: until Faust has asked for the next fetch, which comes while this one is applied
# (it takes about ten; too few of them would make it slower, and nothing else), and between two slices, for what has come.
ASKING_TURNS, GIVEN_TURNS = 12, 4
Batch = Fetch
OnOutput = Callable[[Output], object]


class Engine:
    """What the agents of one worker share: intake, and every shard of the log, of which it holds what it is given."""

    def __init__(
        self,
        settings: EngineSettings,
        publisher: Publisher,
        bookmarks: Bookmarks,
        intake: Intake,
        shards: Iterable[HeldShard],
        topics: Topics,
        inputs: list[Partition],
        gauges: Gauges,
        failing: Failing,
    ) -> None:
        self.settings = settings
        self.publisher = publisher
        self.bookmarks = bookmarks
        self.intake = intake
        self.shards: dict[Partition, HeldShard] = {held.place: held for held in shards}
        self.topics = topics
        self.inputs = inputs
        self.gauges = gauges
        self.failing = failing
        self.draining = False  # set when the worker is to end: nothing more is taken in, what is in the log is applied
        self.on_output: OnOutput | None = None  # hears every output as well
        self.states_ahead = StatesAhead(
            self.shards.values(), settings.state_ahead_bytes_max, lambda: self.draining or failing.failed.is_set()
        )
        self._slices = Slices()
        self._paused: set[Partition] = set()
        self._taken_away: Counter[Partition] = Counter()  # how often each input went to another worker, or might have
        self.app: AppT  # set by build_app

    # ------------------------------------------------------------------------------------------------ agents

    async def take_in(self, stream: AsyncIterable[Batch]) -> None:
        """The intake agent: fetches of the input topics into the log."""
        async for batch in stream:
            while self.is_held_back():
                await asyncio.sleep(POLL_SECONDS)
            # One that was fetched before its partition went away and came back may be ahead of where reading goes on.
            if not self.draining and batch.opening == self.opening_of(batch.place):
                reached("intake.fetched")
                self.failing.guard(partial(self.intake.take, cast(list[InputRecord], batch)))
                reached("intake.appended")
                self._pause(*batch.place)

    async def apply(self, stream: AsyncIterable[Batch]) -> None:
        """The monitor agent: fetches of the log through the monitors, and what they say to the output topics."""
        async for batch in stream:
            if len(batch) > self._slices.records:
                await _turns(ASKING_TURNS)
            shard, start = self.shards[batch.place].shard, 0
            while start < len(batch):
                while self.publisher.is_full():
                    await asyncio.sleep(POLL_SECONDS)
                if batch.opening != shard.opening or not shard.is_open:
                    break  # another worker may hold the shard, or it was opened again at another place
                records = batch[start : start + self._slices.size(len(batch))]
                self.failing.guard(partial(self._apply, shard, records))
                start += len(records)
                await _turns(GIVEN_TURNS)

    def is_held_back(self) -> bool:
        """Say whether intake must wait, for the broker or for the monitor."""
        return not self.draining and (self.publisher.is_full() or self._is_ahead())

    def _is_ahead(self) -> bool:
        limit = self.settings.ahead_bytes_max
        if limit is None:
            return False
        appended = self.intake.appended_bytes
        shards = (held.shard for held in self.shards.values() if held.is_open)
        return sum(appended[shard.number] - shard.applied_bytes for shard in shards) > limit

    def _apply(self, shard: Shard, records: list[FetchedRecord]) -> None:
        mark = self.bookmarks[self.settings.log_topic, shard.number]
        fresh = shard.fresh(records, mark)
        if fresh:
            time_s = asyncio.get_running_loop().time
            begun_s = time_s()
            outputs = shard.apply(fresh)
            self._slices.took(len(fresh), time_s() - begun_s)
            reached("monitor.stepped")
            ticket = mark.take(fresh[-1].offset + 1, len(outputs))
            self._publish(shard, outputs, self.publisher.delivered(ticket))
            self._measure(shard, fresh, outputs, ticket)
            reached("monitor.published")

    def _measure(self, shard: Shard, fresh: Sequence[FetchedRecord], outputs: list[Output], ticket: Ticket) -> None:
        self.gauges.applied += len(fresh)
        self.gauges.shards[shard.number].stands(is_open=shard.is_open, position=shard.position)
        logged_us = shard.logged_us(fresh[0]) if outputs else None
        if logged_us is not None:
            self.gauges.said(ticket, logged_us)

    def _publish(self, shard: Shard, outputs: list[Output], on_delivery: Delivered) -> None:
        for output in outputs:
            topic, value = self.settings.topic(output.topic), encode(output.value)
            shard.running.say(output.topic, output.key, value)
            self.publisher.send(topic, value, on_delivery, key=output.key.encode())
            if self.on_output is not None:
                self.on_output(output)

    # -------------------------------------------------------------------------------- partitions come and go

    async def prepare(self, partitions: Sequence[Partition]) -> None:
        """Open the shards that were assigned, side by side, before anything is fetched."""
        self.states_ahead.settled()
        given = [held for place, held in self.shards.items() if place in partitions]
        self.gauges.assigned(held.shard.number for held in given)
        self._note_inputs(partitions)
        for place, held in self.shards.items():
            if place not in partitions:
                held.let_go()
        await asyncio.gather(*(held.prepare() for held in given))

    def _note_inputs(self, partitions: Sequence[Partition]) -> None:
        """Say so where this worker has some of the inputs and the order of observation needs all of them in one."""
        missing = [place for place in self.inputs if place not in partitions]
        is_split = self.settings.clock == "events" and 0 < len(missing) < len(self.inputs)
        self.gauges.read_elsewhere = tuple(f"{topic}/{number}" for topic, number in missing) if is_split else ()
        if is_split:
            logger.warning(
                "nothing is taken in under the clock of events while another worker reads a part of the inputs"
            )

    def overdue(self, seconds: float) -> None:
        """End the worker: what was assigned could not be opened in the time that there is for it."""
        self.failing.fail(f"what was assigned was not open after {seconds:g} s: a longer session allows for more")

    def opening_of(self, partition: Partition) -> int:
        """Return how often a partition was opened here, so that what was fetched for an earlier opening is known."""
        held = self.shards.get(partition)
        return self._taken_away[partition] if held is None else held.shard.opening

    def opened(self, partition: Partition, next_offset: int) -> None:
        """Note where reading of a partition begins."""
        self.intake.opened(partition, next_offset)

    def passed(self, partition: Partition, handed: int, position: int) -> None:
        """Note that there is nothing but marks of transactions from the last record handed over up to a position."""
        self.intake.passed(partition, handed, position)

    def expired(self, partition: Partition, committed: int, earliest: int) -> None:
        """Tell that records of an input are gone that nobody has read: nothing can be done but to say it."""
        self.gauges.expired += earliest - committed
        logger.error(
            "%s/%d has lost its offsets %d to %d before they were read: what they told is missing from the books",
            *partition, committed, earliest - 1,
        )  # fmt: skip

    def revoked(self, partition: Partition) -> None:
        """Let go of a partition: another worker may have it from now on."""
        self.intake.revoked(partition)
        self._taken_away[partition] += 1
        if partition in self.shards:
            self.shards[partition].revoked()

    def unsettled(self) -> None:
        """Note that the group is about to say anew who has what."""
        self.states_ahead.unsettled()

    async def let_all_go(self) -> None:
        """Wait until no earlier holder is being shut out: late, that would shut out who holds the shard by then."""
        while any(held.is_taking() for held in self.shards.values()):
            await asyncio.sleep(POLL_SECONDS)

    def open_shards(self) -> list[HeldShard]:
        """Return the shards that are open here."""
        return [held for held in self.shards.values() if held.is_open]

    async def checkpoint(self) -> None:
        """Write a checkpoint of every shard that is open here."""
        await asyncio.gather(*(held.checkpoint() for held in self.open_shards()))

    # ------------------------------------------------------------------------- history, merged by observed_at

    def _pause(self, topic: str, partition: int) -> None:
        if self.intake.merge.depth((topic, partition)) > MERGE_RECORDS_MAX:
            self.app.consumer.pause_partitions({TP(topic, partition)})
            self._paused.add((topic, partition))

    def resume_paused(self) -> None:
        """Let the partitions be read again of which few enough records wait."""
        if not self._paused:
            return
        ready = {place for place in self._paused if self.intake.merge.depth(place) <= MERGE_RECORDS_MAX // 2}
        self._paused -= ready
        self.app.consumer.resume_partitions({TP(*place) for place in ready} & self.app.consumer.assignment())


async def _turns(count: int) -> None:
    """Let everybody else go on for so many turns of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)
