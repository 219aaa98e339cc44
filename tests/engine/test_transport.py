"""What the consumer tells Faust to commit, without a broker; reading is tested where a worker runs."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.codec import gzip_decode
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import default_records
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP

from streams.engine.bookmarks import Bookmarks
from streams.engine.entries import entry_key, entry_record, entry_records
from streams.engine.fetches import FETCH_WAIT_MS, BatchConsumerThread
from streams.engine.transport import BatchConsumer
from streams.engine.unread import unpack_at_once

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
COMMIT_MARK = b"\0\0\0\1"


def fetched_log(
    values: list[bytes],
    *,
    cuts: tuple[int, ...] = (),
    start: int = 0,
    compressed: bool = False,
    control: bool = False,
    damaged: bool = False,
    producers: tuple[int, ...] = (),
    taken_back: tuple[int, ...] = (),
) -> FetchResult:
    """Return what aiokafka keeps of a fetch of the log: batches that end at the `cuts`, read from `start` on.

    `producers` wrote the batches in transactions, of which some took back what they began at offset 0.
    """
    data = b""
    for number, (first, last) in enumerate(pairwise((0, *cuts, len(values)))):
        entries = [(offset, values[offset]) for offset in range(first, last)]
        producer = producers[number] if producers else -1
        data += _batch_of(entries, compressed=compressed, control=control, producer=producer)
    if damaged:
        data = data[:-1] + bytes([data[-1] ^ 1])
    subscriptions = SubscriptionState()
    subscriptions.assign_from_user({LOG})
    assignment = subscriptions.subscription.assignment
    assignment.state_value(LOG).seek(start)
    records = PartitionRecords(LOG, MemoryRecords(data), [(one, 0) for one in taken_back], start, None, None, True, 1)
    return FetchResult(LOG, assignment=assignment, partition_records=records, backoff=0.1)


def _batch_of(entries: list[tuple[int, bytes]], *, compressed: bool, control: bool, producer: int) -> bytes:
    base = entries[0][0]
    batch = DefaultRecordBatchBuilder(
        magic=2, compression_type=int(compressed), is_transactional=control or producer >= 0, producer_id=producer, producer_epoch=0,
        base_sequence=0, batch_size=1_000_000,
    )  # fmt: skip
    for offset, value in entries:
        key = COMMIT_MARK if control else entry_key(f"ledger/0/{offset}", 5)
        batch.append(offset - base, timestamp=9, key=key, value=value, headers=[])
    data = bytearray(batch.build())
    data[:8] = base.to_bytes(8, "big")  # as the broker numbers a batch; no part of its checksum
    if control:
        data[22] |= 0x20  # of the attributes
        data[17:21] = calc_crc32c(bytes(data[21:])).to_bytes(4, "big")
    return bytes(data)


def handed_on(values: list[bytes], records_max: int = 10, **options: Any) -> tuple[list[Any], int]:
    """Return the records of one fetch as they are handed on, and the offset from which the next one will be."""

    async def read() -> tuple[list[Any], int]:
        fetched = fetched_log(values, **options)
        fetcher = Fetcher.__new__(Fetcher)
        fetcher._closed, fetcher._wait_consume_future = False, None
        fetcher._records = OrderedDict({LOG: fetched})
        fetcher._subscriptions = SubscriptionState()
        fetcher._subscriptions.assign_from_user({LOG})
        thread = BatchConsumerThread.__new__(BatchConsumerThread)
        thread.consumer = SimpleNamespace(flow_active=True)  # type: ignore[assignment]  # all that is asked of it
        consumer = SimpleNamespace(_closed=False, _fetcher=fetcher)
        found: list[Any] = []
        while fetcher._records:
            answer = await thread._fetch_records(consumer, {TP("log", 0)}, timeout=0, max_records=records_max)
            records = answer.get(LOG, [])
            assert len(records) <= records_max
            found += records
        return found, fetched._assignment.state_value(LOG).position

    return asyncio.run(read())


def test_records_are_handed_on_as_they_were_appended() -> None:
    records = handed_on([b"a", b"b"])[0]
    assert [record.offset for record in records] == [0, 1]
    told = entry_records(records)
    assert told == [entry_record(record.key, record.value) for record in records]
    assert [(one.value, one.origin, one.logged_at_us) for one in told] == [
        (b"a", "ledger/0/0", 5),
        (b"b", "ledger/0/1", 5),
    ]


@pytest.mark.parametrize("records_max", [1, 7, 100, 600, 5_000])
def test_a_long_fetch_is_handed_on_in_bounded_parts_without_a_gap(records_max: int) -> None:
    values = [b"%d" % number for number in range(1_234)]
    records, position = handed_on(values, records_max, cuts=(1, 500, 1_200))
    assert [(record.offset, record.value) for record in records] == list(enumerate(values))
    assert position == len(values)


def test_a_fetch_that_begins_within_a_batch_begins_where_it_was_asked_for() -> None:
    records, _ = handed_on([b"a", b"b", b"c", b"d"], cuts=(3,), start=2)
    assert [(record.offset, record.value) for record in records] == [(2, b"c"), (3, b"d")]


def test_reading_goes_on_behind_what_is_no_record() -> None:
    assert handed_on([b"a", b"b"], control=True) == ([], 2)


def test_what_a_producer_took_back_is_not_handed_on() -> None:
    records, position = handed_on([b"a", b"b", b"c"], cuts=(1, 2), producers=(7, 8, 7), taken_back=(7,))
    assert [record.value for record in records] == [b"b"]
    assert position == 3


def test_what_was_damaged_on_its_way_is_refused() -> None:
    with pytest.raises(CorruptRecordException):
        handed_on([b"a"], damaged=True)


def test_what_is_compressed_is_unpacked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []

    def unpack(data: bytes) -> bytes:
        unpacked.append(len(data))
        return gzip.decompress(data)

    monkeypatch.setattr(default_records, "gzip_decode", gzip_decode)
    unpack_at_once()
    assert default_records.gzip_decode is gzip.decompress
    monkeypatch.setattr(default_records, "gzip_decode", unpack)
    values = [b"%d" % number for number in range(1_000)]
    records = handed_on(values, 5_000, compressed=True)[0]
    assert [record.value for record in records] == values
    assert len(unpacked) == 1


def test_an_empty_fetch_holds_the_others_up_for_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(_fetch_max_wait_ms=1_500)
    monkeypatch.setattr(AIOKafkaConsumerThread, "_create_worker_consumer", lambda self, transport: made)
    thread = BatchConsumerThread.__new__(BatchConsumerThread)
    assert thread._create_worker_consumer(SimpleNamespace())._fetch_max_wait_ms == FETCH_WAIT_MS < 50  # type: ignore[arg-type]  # nothing is asked of the transport
