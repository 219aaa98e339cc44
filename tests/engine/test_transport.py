"""What the consumer tells Faust to commit, without a broker; reading is tested where a worker runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP

from streams.engine.bookmarks import Bookmarks
from streams.engine.entries import entry_headers, entry_record
from streams.engine.transport import FETCH_WAIT_MS, BatchConsumer, BatchConsumerThread, Fetched

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


LOG = TopicPartition("log", 0)


def fetched_log(values: list[bytes]) -> FetchResult:
    """Return what aiokafka keeps of a fetch of the log."""
    batch = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=False, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1_000_000,
    )  # fmt: skip
    for offset, value in enumerate(values):
        batch.append(offset, timestamp=9, key=None, value=value, headers=entry_headers(f"ledger/0/{offset}", 5))
    subscriptions = SubscriptionState()
    subscriptions.assign_from_user({LOG})
    assignment = subscriptions.subscription.assignment
    assignment.state_value(LOG).seek(0)
    records = PartitionRecords(LOG, MemoryRecords(bytes(batch.build())), [], 0, None, None, True, 0)
    return FetchResult(LOG, assignment=assignment, partition_records=records, backoff=0.1)


def test_records_are_handed_on_as_they_were_appended() -> None:
    async def read() -> object:
        fetcher = Fetcher.__new__(Fetcher)
        fetcher._closed, fetcher._records, fetcher._wait_consume_future = False, {LOG: fetched_log([b"a", b"b"])}, None
        fetcher._subscriptions = SubscriptionState()
        fetcher._subscriptions.assign_from_user({LOG})
        thread = BatchConsumerThread.__new__(BatchConsumerThread)
        thread.consumer = SimpleNamespace(flow_active=True)  # type: ignore[assignment]  # all that is asked of it
        consumer = SimpleNamespace(_closed=False, _fetcher=fetcher)
        return await thread._fetch_records(consumer, {TP("log", 0)}, timeout=0, max_records=10)

    records = asyncio.run(read())[LOG]  # type: ignore[index]
    assert [type(record) for record in records] == [Fetched, Fetched]
    assert [(record.topic, record.partition, record.offset) for record in records] == [("log", 0, 0), ("log", 0, 1)]
    told = [entry_record(record.value, record.headers) for record in records]
    assert [(one.value, one.origin, one.logged_at_us) for one in told] == [
        (b"a", "ledger/0/0", 5),
        (b"b", "ledger/0/1", 5),
    ]


def test_an_empty_fetch_holds_the_others_up_for_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(_fetch_max_wait_ms=1_500)
    monkeypatch.setattr(AIOKafkaConsumerThread, "_create_worker_consumer", lambda self, transport: made)
    thread = BatchConsumerThread.__new__(BatchConsumerThread)
    assert thread._create_worker_consumer(SimpleNamespace())._fetch_max_wait_ms == FETCH_WAIT_MS < 50  # type: ignore[arg-type]
