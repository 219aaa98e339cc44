"""Planted defects of an engine that holds several shards: what is of one must not be taken for another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import Any
from unittest.mock import patch

from confluent_kafka import Consumer, TopicPartition

from streams.engine import assembly
from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmark, Bookmarks, Partition, Ticket
from streams.engine.checkpoints import tail
from streams.engine.checkpoints.head import HEAD_KEY
from streams.engine.checkpoints.reader import OPTIONS, fetches_to_end
from streams.engine.held import HeldShard
from streams.engine.intake import Intake
from streams.engine.survey import Survey
from streams.monitor import encode
from streams.record import OWN_ORIGIN

Defect = Callable[[], AbstractContextManager[Any]]


def input_committed_at_the_first_copy() -> AbstractContextManager[Any]:
    """A record of two shards counts as taken in when the log of the first has it."""

    def wrong(self: Intake, value: bytes, origin: str, shards: Sequence[int], on_delivery: Any) -> None:
        counted = shards if origin == OWN_ORIGIN else shards[:1]
        send(self, value, origin, counted, on_delivery)
        send(self, value, origin, shards[len(counted) :], lambda problem, message: None)

    def wrong_append(self: Intake, fresh: Any, mark: Bookmark) -> Ticket:
        take = mark.take
        with patch.object(Bookmark, "take", lambda _, next_offset, deliveries: take(next_offset, len(fresh))):
            return append(self, fresh, mark)

    send, append = Intake._send, Intake._append
    return _both(patch.object(Intake, "_send", wrong), patch.object(Intake, "_append", wrong_append))


def tick_to_the_first_shard_only() -> AbstractContextManager[Any]:
    """A tick is told to one shard of several."""
    append_own = Intake.append_own

    def wrong(self: Intake, value: bytes, shards: Sequence[int] | None = None) -> None:
        append_own(self, value, (0,) if shards is None else shards)

    return patch.object(Intake, "append_own", wrong)


def idle_shard_not_brought_up() -> AbstractContextManager[Any]:
    """Under the clock of events a shard hears of time by its own records only."""
    return patch.object(Intake, "_bring_up", lambda self, reached_us, released: None)


def bringing_up_not_waited_for() -> AbstractContextManager[Any]:
    """Under the clock of events an input is committed before the other shards know how far time has come."""
    return patch.object(Intake, "_delivered_for", lambda self, *_: self._publisher.delivered(Ticket(0, 0)))


def bookmark_of_another_shard() -> AbstractContextManager[Any]:
    """A checkpoint waits for what another shard has said."""
    is_confirmed = Bookmarks.is_confirmed

    def wrong(self: Bookmarks, partition: Partition, position: int) -> bool:
        return is_confirmed(self, (partition[0], 0), position)

    return patch.object(Bookmarks, "is_confirmed", wrong)


def said_by_another_shard() -> AbstractContextManager[Any]:
    """What one shard says is counted in the head of another."""

    def wrong(self: Engine, shard: Any, outputs: Any, on_delivery: Any) -> None:
        first = next(iter(self.shards.values())).shard
        for output in outputs:
            value = encode(output.value)
            first.running.say(output.topic, output.key, value)
            self.publisher.send(output.topic, value, on_delivery, key=output.key.encode())

    return patch.object(Engine, "_publish", wrong)


def opening_of_another_shard() -> AbstractContextManager[Any]:
    """What was fetched of one shard is held against how often another was opened."""
    opening_of = Engine.opening_of

    def wrong(self: Engine, partition: Partition) -> int:
        return opening_of(self, (partition[0], 0) if partition in self.shards else partition)

    return patch.object(Engine, "opening_of", wrong)


def change_told_to_the_first_shard_only() -> AbstractContextManager[Any]:
    """Other settings than before are put in force in one shard of several."""
    needs_config = Survey.needs_config

    def wrong(self: Survey, clock: Any, settings: Mapping[str, Any], inputs: Sequence[str] = ()) -> bool:
        return needs_config(self, clock, settings, inputs) and (self.end_offset == 0 or self.shard == 0)

    return patch.object(Survey, "needs_config", wrong)


def another_map_not_refused() -> AbstractContextManager[Any]:
    """A start does not hold its map of the shards against the log's."""
    return patch("streams.engine.survey._map", lambda settings: ())


def head_that_was_given_up() -> AbstractContextManager[Any]:
    """A start takes the last head that was written, committed or not."""
    return patch.object(tail, "OPTIONS", {**OPTIONS, "isolation.level": "read_uncommitted"})


def first_head_in_sight() -> AbstractContextManager[Any]:
    """A start takes the first head that it comes across, and there are later ones."""

    def wrong(consumer: Consumer, place: TopicPartition) -> bytes | None:
        heads = [
            message.value()
            for message in chain.from_iterable(fetches_to_end(consumer, place))
            if message.key() == HEAD_KEY
        ]
        return heads[0] if heads else None

    return patch.object(tail, "_last", wrong)


def one_look_back_only() -> AbstractContextManager[Any]:
    """A start gives up where the end of the topic holds no head."""
    last = tail._last

    def wrong(consumer: Any, place: TopicPartition) -> bytes | None:
        has_looked, consumer.has_looked = getattr(consumer, "has_looked", False), True
        return None if has_looked else last(consumer, place)

    return patch.object(tail, "_last", wrong)


def forgotten_while_it_is_opened() -> AbstractContextManager[Any]:
    """A shard that goes away is emptied at once, although a thread is about to put its rows back."""

    def wrong(self: HeldShard) -> None:
        revoked(self)
        if self.keeper is not None:
            self.keeper._machine.restore({})

    revoked = HeldShard.revoked
    return patch.object(HeldShard, "revoked", wrong)


def surveyed_as_the_first() -> AbstractContextManager[Any]:
    """A start asks what is in force, and how far time has come, in the first shard and takes it for all."""
    survey = assembly.survey

    def wrong(settings: Any, shard: int) -> Survey:
        found = survey(settings, 0)
        return Survey(found.end_offset, found.config, found.last_tick_us, shard)

    return patch.object(assembly, "survey", wrong)


@contextmanager
def _both(first: AbstractContextManager[Any], second: AbstractContextManager[Any]) -> Iterator[None]:
    with first, second:
        yield


FREQUENT: dict[Defect, int] = {
    input_committed_at_the_first_copy: 200,
    tick_to_the_first_shard_only: 20,
    idle_shard_not_brought_up: 100,
    bookmark_of_another_shard: 100,
    said_by_another_shard: 20,
    opening_of_another_shard: 100,
    change_told_to_the_first_shard_only: 100,
    another_map_not_refused: 20,
    head_that_was_given_up: 500,
    first_head_in_sight: 100,
    one_look_back_only: 500,
    surveyed_as_the_first: 20,
    forgotten_while_it_is_opened: 2_000,
}
RARE: tuple[Defect, ...] = (bringing_up_not_waited_for,)
