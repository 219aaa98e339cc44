"""Micro-batches for Faust: one message for each partition and fetch, whose value is the list of the records fetched.

Faust makes two asyncio tasks for every message that it hands on, which is where its time goes; with a message that
holds a whole fetch the cost is shared by thousands of records. Groups, rebalances and the rhythm of commits stay
Faust's own; what may be committed is said by the bookmarks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, ClassVar, Protocol, cast

from aiokafka.errors import IllegalStateError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP, AppT, ConsumerMessage
from faust.types.transports import ConsumerT
from yarl import URL

from streams.engine.bookmarks import Bookmarks, Partition
from streams.engine.crashpoints import reached
from streams.engine.fetches import BatchConsumerThread, Fetch, FetchedRecord, fetched

SEEK_MARGIN_SECONDS = 1.0
BUFFERED_SECONDS = 0.01  # how long to wait for other partitions while an agent has more than enough of one


class Places(Protocol):
    """Who is told which partitions are assigned, where reading them begins, and which of them are gone.

    `prepare` may take its time, to put back what a partition needs; `opening_of` counts how often one was opened.
    `unsettled` says that all are gone, and that the group is about to say anew who has what. `let_all_go` waits for what
    must be over before another worker may have what is gone. `expired` says that the broker has deleted what was not
    read yet. `overdue` says that preparing took longer than it may. `passed` says that behind the last record handed
    over (before `handed`) there is nothing up to `position` but marks of transactions, and what was taken back.
    """

    async def prepare(self, partitions: Sequence[Partition]) -> None: ...
    def overdue(self, seconds: float) -> None: ...
    def opening_of(self, partition: Partition) -> int: ...
    def opened(self, partition: Partition, next_offset: int) -> None: ...
    def passed(self, partition: Partition, handed: int, position: int) -> None: ...
    def expired(self, partition: Partition, committed: int, earliest: int) -> None: ...
    def revoked(self, partition: Partition) -> None: ...
    def unsettled(self) -> None: ...
    async def let_all_go(self) -> None: ...


class BatchConsumer(Consumer):
    """Faust's consumer, handing over fetches whole and committing what the bookmarks say is confirmed."""

    @property
    def _bookmarks(self) -> Bookmarks:
        return cast(BatchTransport, self.transport).bookmarks

    @property
    def _places(self) -> Places:
        return cast(BatchTransport, self.transport).places

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # ------------------------------------------------------------------------------------------------- reading

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and give one message for each partition that something was fetched from."""
        self._look_for_marks()
        if self._buffered_partitions:
            # Faust would wait its whole second for the others while an agent makes room for these.
            timeout = BUFFERED_SECONDS
            if self.flow_active and not self._get_active_partitions():
                await asyncio.sleep(BUFFERED_SECONDS)
                return
        generation, seeks = self.app.consumer_generation_id, self._seeks
        found, _ = await self._wait_next_records(timeout)
        if found is None or self.should_stop:
            return
        waiting = dict(cast(Mapping[TP, list[FetchedRecord]], found))
        for tp, records in list(waiting.items()):
            # Each of them ends what was fetched before: it may be of another place than where reading goes on.
            if not self.flow_active or (self.app.consumer_generation_id, self._seeks) != (generation, seeks):
                await self._go_back(waiting)
                return
            del waiting[tp]
            # One that was paused meanwhile takes what was fetched before: nobody would fetch it again. If it is not known,
            # perform_seek is still to come.
            if records and (tp.topic, tp.partition) in self._bookmarks:
                self._handed[tp] = records[-1].offset + 1
                yield tp, self._batch(tp, records)

    def _look_for_marks(self) -> None:
        """Say of which partitions more has been read than was handed over.

        Only between two fetches: all that was read before the position of a partition is handed over then.
        """
        for tp, handed in self._handed.items():
            position = self._position_of(tp)
            if position is not None and position > handed:
                self._places.passed((tp.topic, tp.partition), handed, position)

    def _position_of(self, tp: TP) -> int | None:
        return cast(BatchConsumerThread, self._thread).position_of(tp)

    _revocations = 0  # how often partitions went away, or might have
    _seeks = 0  # how often reading went to the bookmarks of all that was assigned
    _sought_after = -1  # how often partitions had gone away when it last did

    @cached_property
    def _handed(self) -> dict[TP, int]:
        """The offset behind the last record handed over of each partition, since it was opened."""
        return {}

    async def _go_back(self, unread: Iterable[TP]) -> None:
        """Read again what was fetched and is not handed on.

        Where it was fetched before perform_seek went to the bookmarks, that does it; but a fetch can end after that and
        before the flow goes on, and then nobody else goes back.
        """
        assigned = self.assignment()
        marks = {
            tp: self._bookmarks[tp.topic, tp.partition] for tp in unread if (tp.topic, tp.partition) in self._bookmarks
        }
        with suppress(IllegalStateError):  # one that is gone by now is read from the committed offset by whoever has it
            await self.seek_wait({tp: mark.next_offset for tp, mark in marks.items() if tp in assigned})

    def _batch(self, tp: TP, records: list[FetchedRecord]) -> ConsumerMessage:
        message = self._to_message(tp, fetched(tp, records[-1]))
        is_log = self._bookmarks.is_log((tp.topic, tp.partition))
        fetch = Fetch(records if is_log else (fetched(tp, record) for record in records))
        fetch.place = (tp.topic, tp.partition)
        fetch.opening = self._places.opening_of((tp.topic, tp.partition))
        message.value = cast(Any, fetch)
        return message

    async def perform_seek(self) -> None:
        """Go to the bookmark of every assigned partition; Faust calls this once a rebalance is settled.

        Faust lets go of it without a word where it takes longer than a request may; then the worker ends.
        """
        self.stop_flow()  # Faust resumes the partitions before this and the flow after it
        began_s = time.monotonic()
        try:
            await self._go_to_bookmarks()
        except asyncio.CancelledError:
            limit_s = self.app.conf.broker_request_timeout
            if time.monotonic() - began_s >= limit_s - SEEK_MARGIN_SECONDS:  # else a rebalance has overtaken it
                self._places.overdue(limit_s)
            raise

    def resume_flow(self) -> None:
        """Let fetches be handed on again, unless reading has not gone to the bookmarks of what is assigned.

        Faust resumes also after a seek that a revocation has overtaken, or that goes on beside one; what is assigned next
        would be taken up from the committed offset, until the seek that belongs to it.
        """
        if self._sought_after == self._revocations:
            super().resume_flow()

    async def _go_to_bookmarks(self) -> None:
        revocations = self._revocations
        committed = await self.seek_to_committed()
        assigned = tuple(self.assignment())
        earliest = await self.earliest_offsets(*assigned)
        if revocations != self._revocations or self.should_stop:
            return  # Faust lets go of this call only when the next assignment comes
        await self._places.prepare([(tp.topic, tp.partition) for tp in assigned])
        if revocations != self._revocations:
            return  # all went away meanwhile; what comes back is opened by the next call
        starts = {tp: self._open(tp, committed.get(tp), earliest[tp]) for tp in assigned}
        await self.seek_wait(starts)
        self._seeks += 1
        self._sought_after = revocations

    def _open(self, tp: TP, committed: int | None, earliest: int) -> int:
        known = committed if committed is not None and committed >= 0 else None
        partition = (tp.topic, tp.partition)
        if known is not None and known < earliest and not self._bookmarks.is_log(partition):
            self._places.expired(partition, known, earliest)
        start = self._handed[tp] = self._bookmarks.open(partition, known, earliest)
        self._places.opened(partition, start)
        return start

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Let Faust take up what was assigned; where that is nothing it calls nobody, and nobody knows that it is settled."""
        if not assigned:
            await self._places.prepare([])
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let Faust end and commit what is under way, then say which partitions are gone."""
        reached("revoke")
        await super().on_partitions_revoked(revoked)
        await self._let_go(revoked)

    async def on_stop(self) -> None:
        """Let Faust commit what is confirmed, then let everything go: as the next step the group gives it to others.

        An opening that is under way would shut out who holds the shard by then.
        """
        await super().on_stop()
        with suppress(ConsumerNotStarted):
            await self._let_go(self.assignment())

    async def _let_go(self, revoked: set[TP]) -> None:
        self._revocations += 1
        self.stop_flow()  # where a seek has ended meanwhile, Faust has resumed it
        for tp in revoked:
            self._handed.pop(tp, None)
            self._bookmarks.close((tp.topic, tp.partition))
            self._places.revoked((tp.topic, tp.partition))
        self._places.unsettled()
        with suppress(TimeoutError):  # whoever takes that long is out of the group
            async with asyncio.timeout(self.app.conf.broker_session_timeout):
                await self._places.let_all_go()

    # ---------------------------------------------------------------------------------------------- committing

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        for (topic, partition), _ in self._bookmarks.committable():
            tp = TP(topic, partition)
            if topics is None or tp in topics or topic in topics:
                yield tp

    def _new_offset(self, tp: TP) -> int | None:
        return self._bookmarks[tp.topic, tp.partition].committable()

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return True  # committable() has said so, and Faust's own memory counts failed commits as done

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        reached("commit.before")
        done = await super()._commit(offsets)
        reached("commit.after")
        if done:
            for tp, offset in offsets.items():
                self._bookmarks[tp.topic, tp.partition].committed = offset
        return done

    async def wait_empty(self) -> None:
        """Wait until what was taken up is confirmed, for half a session at most, and commit it.

        Faust's own waits for ever for messages that nobody acknowledges, and these batches nobody does.
        """
        deadline = self.loop.time() + self.app.conf.broker_session_timeout / 2
        while self._bookmarks.waiting() and self.loop.time() < deadline:
            await asyncio.sleep(0.01)  # the application's own task serves the confirmations meanwhile
        await self.commit_and_end_transactions()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: there are gaps between the offsets of batches, and they mean nothing."""


class BatchTransport(Transport):
    """Faust's transport on aiokafka, with `BatchConsumer` and the bookmarks that it works by."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer

    def __init__(self, url: list[URL], app: AppT, bookmarks: Bookmarks, places: Places) -> None:
        super().__init__(url, app)
        self.bookmarks = bookmarks
        self.places = places
