"""Intake: every input record into the log unchanged, in one order, and ticks that say how far the inputs are read.

It judges nothing, and holds nothing that the broker does not have. An input's offset is committed only when its copy in the log is confirmed; a crash
repeats some copies, which the monitor knows by their event ids.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from confluent_kafka import KafkaError, Message

from streams.engine.bookmarks import Bookmark, Bookmarks, Partition, Ticket
from streams.engine.control import partial_tick_record, tick_record
from streams.engine.entries import entry_key
from streams.engine.fetches import InputRecord
from streams.engine.merge import Merge
from streams.engine.publisher import Delivered, Publisher
from streams.engine.routing import Router, to_the_only_shard
from streams.engine.settings import EngineSettings
from streams.engine.watermarks import Watermarks, last_observed_us
from streams.record import INPUT_TOPICS, OWN_ORIGIN

# At one moment, what is known about the world goes before what happens in it, and that before what is reported of it.
RANKS = ("reference", "control", "transfers", "ledger", "balances")


def wall_us() -> int:
    """Return the wall clock in microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class Intake:
    """Appends to the log for one worker; `route` says to which shards, `now_us` is the wall clock, or a test's own.

    `reader` names the worker.
    """

    def __init__(
        self,
        settings: EngineSettings,
        publisher: Publisher,
        bookmarks: Bookmarks,
        watermarks: Watermarks,
        now_us: Callable[[], int] = wall_us,
        reader: str = "",
        route: Router = to_the_only_shard,
    ) -> None:
        self._reader = reader
        self._route = route
        self._shards = range(settings.shards)
        self._names: dict[str, str] = {settings.topic(name): name for name in INPUT_TOPICS}
        self._log_topic = settings.log_topic
        self._keeps_time = settings.clock == "ticks"
        self._publisher = publisher
        self._bookmarks = bookmarks
        self._watermarks = watermarks
        self._now_us = now_us
        self.merge = Merge()  # stays empty under the clock of ticks
        self._released_us: dict[int, int] = {}  # by shard: how far its log has come under the clock of events
        self.appended_bytes: Counter[int] = Counter()  # by shard

    # -------------------------------------------------------------------------------- partitions come and go

    def opened(self, partition: Partition, next_offset: int) -> None:
        """Note where reading of an input partition begins; other topics are not intake's."""
        if partition[0] in self._names:
            self._watermarks.start(partition, next_offset)
            self.merge.open(partition, next_offset, RANKS.index(self._names[partition[0]]))

    def passed(self, partition: Partition, handed: int, position: int) -> None:
        """Note that nothing is to be read of a partition up to `position` once all before `handed` is taken up."""
        self._watermarks.pass_over(partition, handed, position)
        self.merge.pass_over(partition, handed, position)

    def revoked(self, partition: Partition) -> None:
        """Note that another worker reads a partition now, so that no tick speaks for it."""
        self._watermarks.stop(partition)
        self.merge.close(partition)

    # ----------------------------------------------------------------------------------------------- records

    def take(self, records: Sequence[InputRecord]) -> None:
        """Take up one fetch of one partition; records that were appended before are passed over.

        They are appended at once, or under the clock of events when their turn comes (see `release`).
        """
        partition = (records[0].topic, records[0].partition)
        if not self._keeps_time:
            self.merge.add(partition, records)
            return
        mark = self._bookmarks[partition]
        fresh = [record for record in records if record.offset >= mark.next_offset]
        if not fresh:
            return
        self._append(fresh, mark)
        values = (record.value or b"" for record in reversed(fresh))
        self._watermarks.read(partition, mark.next_offset, last_observed_us(values, self._now_us()))

    def release(self, ends: Mapping[Partition, int], limit: int) -> bool:
        """Append what may go in order of `observed_at`, at most `limit` records; say whether anything did.

        `ends` gives the offset behind the last record of every input partition.
        """
        runs = self.merge.release(ends, limit)
        tickets = [self._append(run, self._bookmarks[run[0].topic, run[0].partition]) for run in runs]
        if runs and len(self._shards) > 1:
            self._bring_up(self.merge.released_us, tickets)
        return bool(runs)

    def _bring_up(self, reached_us: int, released: Iterable[Ticket]) -> None:
        """Tell the shards how far the inputs have been released: time passes in one that had no record as well.

        What was released is committed only when they have it. Else a crash could leave a shard behind for as long as
        the inputs are silent, since what is committed is not released again.
        """
        behind = [shard for shard in self._shards if self._released_us.get(shard, 0) < reached_us]
        self._released_us |= dict.fromkeys(behind, reached_us)
        if behind:
            self._send(tick_record(reached_us), OWN_ORIGIN, behind, self._delivered_for(released, len(behind)))

    def _delivered_for(self, tickets: Iterable[Ticket], deliveries: int) -> Delivered:
        """Return the callback that counts so many more deliveries down, on each of the tickets."""
        callbacks = []
        for ticket in tickets:
            ticket.outstanding += deliveries
            callbacks.append(self._publisher.delivered(ticket))

        def delivered(problem: KafkaError | None, message: Message) -> None:
            for callback in callbacks:
                callback(problem, message)

        return delivered

    def _append(self, fresh: Sequence[InputRecord], mark: Bookmark) -> Ticket:
        topic = self._names[fresh[0].topic]
        source = f"{topic}/{fresh[0].partition}/"
        entries = [(record.value or b"", f"{source}{record.offset}") for record in fresh]
        routes = [self._route(topic, value) for value, _ in entries]
        ticket = mark.take(fresh[-1].offset + 1, sum(map(len, routes)))
        on_delivery = self._publisher.delivered(ticket)
        for (value, origin), shards in zip(entries, routes, strict=True):
            self._send(value, origin, shards, on_delivery)
        return ticket

    def _send(self, value: bytes, origin: str, shards: Iterable[int], on_delivery: Delivered) -> None:
        key = entry_key(origin, self._now_us())
        for shard in shards:
            self._publisher.send(self._log_topic, value, on_delivery, key=key, partition=shard)
            self.appended_bytes[shard] += len(value)

    # ------------------------------------------------------------------------------------- its own records

    def append_own(self, value: bytes, shards: Sequence[int] | None = None) -> None:
        """Append a record of Driftline's own, a tick or a config, to these shards, or to every one."""
        given = self._shards if shards is None else shards
        self._send(value, OWN_ORIGIN, given, self._publisher.delivered(Ticket(0, len(given))))

    def tick(self, ends: Mapping[Partition, int], asked_at_us: int) -> None:
        """Append the tick for what has been read when the inputs ended at `ends`; none where time has not moved on.

        Where other workers read some of the inputs it speaks for those that are read here, and the monitor takes the
        least of all.
        """
        if not self._watermarks.reads_all(ends):
            marks = self._watermarks.next_marks_us(ends, asked_at_us)
            if marks is not None:
                named = {f"{self._names[topic]}/{number}": moment for (topic, number), moment in marks.items()}
                self.append_own(partial_tick_record(named, self._reader))
            return
        reached = self._watermarks.next_tick_us(ends, asked_at_us)
        if reached is not None:
            self.append_own(tick_record(reached))

    def input_names(self, partitions: Iterable[Partition]) -> list[str]:
        """Return what the log calls these partitions of the inputs."""
        return [f"{self._names[topic]}/{number}" for topic, number in partitions]
