"""What the consumer tells Faust to commit, without a broker; reading is tested where a worker runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from streams.engine.bookmarks import Bookmarks
from streams.engine.transport import BatchConsumer

INPUT, OTHER = TP("transfers", 0), TP("ledger", 0)


def consumer_with(bookmarks: Bookmarks) -> BatchConsumer:
    consumer = BatchConsumer.__new__(BatchConsumer)  # without an application, which its constructor starts to build
    consumer.transport = SimpleNamespace(bookmarks=bookmarks)  # type: ignore[assignment]  # all that commits ask for
    return consumer


@pytest.fixture
def bookmarks() -> Bookmarks:
    marks = Bookmarks("log")
    for partition in (INPUT, OTHER):
        marks.open((partition.topic, partition.partition), committed=None, earliest=0)
    return marks


def test_nothing_is_committed_before_it_is_confirmed(bookmarks: Bookmarks) -> None:
    consumer = consumer_with(bookmarks)
    ticket = bookmarks["transfers", 0].take(5, 2)
    ticket.outstanding -= 1
    assert list(consumer._filter_tps_with_pending_acks()) == []
    assert consumer._new_offset(INPUT) is None
    ticket.outstanding -= 1
    assert list(consumer._filter_tps_with_pending_acks()) == [INPUT]
    assert consumer._new_offset(INPUT) == 5


def test_a_commit_may_be_asked_for_by_topic_or_partition(bookmarks: Bookmarks) -> None:
    consumer = consumer_with(bookmarks)
    for topic in ("transfers", "ledger"):
        bookmarks[topic, 0].take(5, 0)
    assert set(consumer._filter_tps_with_pending_acks()) == {INPUT, OTHER}
    assert list(consumer._filter_tps_with_pending_acks({"ledger"})) == [OTHER]
    assert list(consumer._filter_tps_with_pending_acks({INPUT})) == [INPUT]


@pytest.mark.parametrize(("done", "due_again"), [(True, None), (False, 5)])
def test_a_commit_that_failed_is_due_again(
    bookmarks: Bookmarks, monkeypatch: pytest.MonkeyPatch, done: bool, due_again: int | None
) -> None:
    async def answer(self: Consumer, offsets: object) -> bool:
        return done

    monkeypatch.setattr(Consumer, "_commit", answer)
    consumer = consumer_with(bookmarks)
    bookmarks["transfers", 0].take(5, 0)
    assert asyncio.run(consumer._commit({INPUT: 5})) is done
    assert consumer._new_offset(INPUT) == due_again
