"""Planted defects: each is a mistake that somebody could make in the engine, and that a simulated world must find.

Some are mistakes that were in it, and that these worlds found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from ledger.times import to_us
from streams.engine import keeper, logfile, publisher, survey, watermarks
from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmark, Bookmarks, Partition
from streams.engine.checkpoints import Saved, StateReader, read_saved
from streams.engine.checkpoints.head import Running
from streams.engine.checkpoints.writer import CheckpointWriter
from streams.engine.held import HeldShard
from streams.engine.keeper import Keeper
from streams.engine.merge import Merge
from streams.engine.shard import Shard
from streams.engine.transport import BatchConsumer
from streams.engine.watermarks import Reading, Watermarks
from streams.monitor import controls
from tests.simulation import sharded_defects as sharded
from tests.simulation.clients import world

Defect = Callable[[], AbstractContextManager[Any]]


def checkpoint_before_confirmation() -> AbstractContextManager[Any]:
    """A checkpoint does not wait for what was said up to there."""
    return patch.object(Bookmarks, "is_confirmed", lambda self, partition, position: True)


@contextmanager
def position_off_by_one() -> Iterator[None]:
    """The position is that of the last record applied, not of the next one."""
    apply = Shard.apply

    def wrong(self: Shard, records: Any) -> Any:
        outputs = apply(self, records)
        self.position -= 1
        return outputs

    with patch.object(Shard, "apply", wrong):
        yield


def input_committed_when_taken_up() -> AbstractContextManager[Any]:
    """An input is committed before its copy in the log is confirmed."""

    def wrong(self: Bookmark) -> int | None:
        return None if self.next_offset == self.committed else self.next_offset

    return patch.object(Bookmark, "committable", wrong)


def no_fence() -> AbstractContextManager[Any]:
    """The transactional id is the worker's own, so that nobody is shut out."""
    return patch.object(keeper, "transactional_id", lambda settings, shard: f"{world().running.name}-shard-{shard}")


@contextmanager
def rows_owed_to_an_earlier_opening() -> Iterator[None]:
    """What was captured and not written before the shard went away is written after it came back."""
    open_, forget = Keeper.open, Keeper.forget

    def kept(self: Keeper, act: Any) -> Any:
        owed, captured = dict(self._owed), dict(self._captured)
        done = act(self)
        self._owed, self._captured = owed, captured
        return done

    with (
        patch.object(Keeper, "open", lambda self: kept(self, open_)),
        patch.object(Keeper, "forget", lambda self: kept(self, forget)),
    ):
        yield


def gone_on_behind_another() -> AbstractContextManager[Any]:
    """A shard that comes back goes on from what is remembered of it, although another worker took it further."""
    return patch.object(Keeper, "_is_last", lambda self: True)


def read_ahead_and_not_read_on() -> AbstractContextManager[Any]:
    """What was read of a state before the shard was taken is put back, and what its last holder wrote after that is not."""

    def wrong(broker: str, topic: str, shard: int, begun: StateReader | None = None) -> Saved:
        return read_saved(broker, topic, shard) if begun is None else begun.saved()

    return patch.object(keeper, "read_saved", wrong)


def gone_on_without_the_unconfirmed() -> AbstractContextManager[Any]:
    """A shard that comes back and goes on forgets which of its outputs are not confirmed yet."""
    opened = HeldShard._open

    async def wrong(self: HeldShard, keeper: Keeper, taken_away: int) -> None:
        await opened(self, keeper, taken_away)
        if self.is_open:
            self._bookmarks._resumed[self.place] = self.shard.position

    return patch.object(HeldShard, "_open", wrong)


def tick_past_the_unread() -> AbstractContextManager[Any]:
    """A tick claims the moment of asking whatever is unread."""

    def wrong(readings: Mapping[Partition, Reading], ends: Mapping[Partition, int], asked_at_us: int) -> Any:
        return {partition: asked_at_us for partition in ends if partition in readings}

    return patch.object(watermarks, "marks_us", wrong)


def tick_of_the_fastest_reader() -> AbstractContextManager[Any]:
    """Of several readers the one that has come furthest moves the clock."""

    def wrong(state: Any, event: Any) -> int:
        return to_us(event.observed_at)

    return patch.object(controls, "reached_us", wrong)


@contextmanager
def hashes_not_put_back() -> Iterator[None]:
    """A shard goes on from a checkpoint with the running counts and hashes of nothing."""
    resume = Shard.resume

    def wrong(self: Shard, head: Any) -> None:
        resume(self, head)
        self.running = Running()

    with patch.object(Shard, "resume", wrong):
        yield


@contextmanager
def log_read_for_an_earlier_opening() -> Iterator[None]:
    """What was fetched of the log before it was opened again is applied."""
    resume = Shard.resume

    def wrong(self: Shard, head: Any) -> None:
        resume(self, head)
        self.opening = 1

    with patch.object(Shard, "resume", wrong):
        yield


def log_read_on_where_it_was() -> AbstractContextManager[Any]:
    """A shard that comes back is read on from the old place, not from its checkpoint."""
    return patch.object(Bookmarks, "resume", lambda self, partition, position: None)


def input_read_for_an_earlier_assignment() -> AbstractContextManager[Any]:
    """What was fetched of an input before it went away and came back is taken up."""

    def wrong(self: Engine, partition: Partition) -> int:
        return self.shards[partition].shard.opening if partition in self.shards else 0

    return patch.object(Engine, "opening_of", wrong)


def committed_while_another_has_it() -> AbstractContextManager[Any]:
    """What was confirmed before a partition went away is committed when it comes back."""
    return patch.object(Bookmarks, "close", lambda self, partition: None)


@contextmanager
def log_ends_before_the_fence() -> Iterator[None]:
    """The end of the log is asked for before its last holder is shut out."""
    open_, read_ends = CheckpointWriter.open, logfile.read_ends
    seen: dict[tuple[int, str, int], Any] = {}

    def wrong(self: CheckpointWriter) -> None:
        seen[world().seed, world().running.name, self._shard] = read_ends("simulated:1", ("log", self._shard))
        open_(self)

    def as_seen(broker: str, place: Partition) -> Any:
        return seen[world().seed, world().running.name, place[1]]

    with patch.object(CheckpointWriter, "open", wrong), patch.object(keeper, "read_ends", as_seen):
        yield


def merged_past_the_ends() -> AbstractContextManager[Any]:
    """Under the clock of events what came after the ends were asked for goes on at once."""
    release = Merge.release

    def wrong(self: Merge, ends: Mapping[Partition, int], limit: int) -> Any:
        told = dict(ends)
        for partition, queue in self._queues.items():
            if queue.waiting:
                told[partition] = max(told.get(partition, 0), queue.next_fetched)
        return release(self, told, limit)

    return patch.object(Merge, "release", wrong)


def flow_resumed_for_what_was_not_opened() -> AbstractContextManager[Any]:
    """Fetches are handed on again after each seek, also one that a revocation overtook."""
    return patch.object(BatchConsumer, "resume_flow", lambda self: setattr(self, "flow_active", True))


@contextmanager
def records_given_up_one_by_one() -> Iterator[None]:
    """The producer gives up a record that waits too long, and sends the next."""
    options = publisher.producer_options
    with patch.object(publisher, "producer_options", lambda settings: {**options(settings), "delivery.timeout.ms": 1}):
        yield


def revoked_input_spoken_for() -> AbstractContextManager[Any]:
    """A tick goes on speaking for a partition that another worker reads."""
    return patch.object(Watermarks, "stop", lambda self, partition: None)


@contextmanager
def opened_while_about_to_be_closed() -> Iterator[None]:
    """A shard that an older opening has just opened counts as open, and is closed then."""
    prepare = HeldShard.prepare

    async def wrong(self: HeldShard) -> None:
        if not self.is_open:
            await prepare(self)

    with patch.object(HeldShard, "prepare", wrong):
        yield


def group_left_while_a_shard_is_taken() -> AbstractContextManager[Any]:
    """A worker that ends leaves the group while it opens a shard: the opening shuts out who has the shard by then."""

    async def wrong(self: BatchConsumer) -> None:
        await super(BatchConsumer, self).on_stop()

    return patch.object(BatchConsumer, "on_stop", wrong)


def taken_behind_a_revocation() -> AbstractContextManager[Any]:
    """An opening is of the assignment that holds when its task begins."""

    async def wrong(self: HeldShard) -> None:
        await self._prepare(self._taken_away)

    return patch.object(HeldShard, "prepare", wrong)


def taken_unasked() -> AbstractContextManager[Any]:
    """A shard is taken by a thread that begins when the shard has gone."""
    opened = Keeper.open
    return patch.object(Keeper, "open", lambda self, is_wanted: opened(self))


def config_not_appended() -> AbstractContextManager[Any]:
    """A start does not say what is in force."""
    return patch.object(survey.Survey, "needs_config", lambda self, *asked: False)


FREQUENT: dict[Defect, int] = {
    checkpoint_before_confirmation: 20,
    position_off_by_one: 20,
    input_committed_when_taken_up: 20,
    no_fence: 200,
    rows_owed_to_an_earlier_opening: 2_000,
    read_ahead_and_not_read_on: 200,
    gone_on_without_the_unconfirmed: 2_000,
    tick_past_the_unread: 20,
    tick_of_the_fastest_reader: 20,
    hashes_not_put_back: 20,
    log_read_on_where_it_was: 20,
    input_read_for_an_earlier_assignment: 2_000,
    revoked_input_spoken_for: 200,
    config_not_appended: 100,
    group_left_while_a_shard_is_taken: 200,
    taken_behind_a_revocation: 2_000,
    taken_unasked: 200,
    records_given_up_one_by_one: 200,
    **sharded.FREQUENT,
}
"""In how many worlds, from the first one on, a defect must have been found (it stops at the first)."""

RARE: tuple[Defect, ...] = (
    committed_while_another_has_it, flow_resumed_for_what_was_not_opened, gone_on_behind_another, log_ends_before_the_fence, log_read_for_an_earlier_opening, merged_past_the_ends, opened_while_about_to_be_closed,
    *sharded.RARE,
)  # fmt: skip
"""Found in thousands of worlds only; tests of their own hold these, and `--defect` plants them here."""

DEFECTS: dict[str, Defect] = {defect.__name__: defect for defect in (*FREQUENT, *RARE)}
