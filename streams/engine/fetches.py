"""What is fetched of a partition: whole fetches as lists of what aiokafka's C code makes, and the thread that fetches them."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any, ClassVar, Protocol

import msgspec
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport
from faust.types import TP

from streams.engine.bookmarks import Partition
from streams.engine.unread import Unread, unpack_at_once

# A broker holds a fetch of empty partitions back so long; it is one fetch at a time for all that a broker leads, so that
# while one that left the log out (records of it were waiting still) is held back, the log stands still as well.
FETCH_WAIT_MS = 20

RECORDS_MAX = 5_000  # of an answer, where no other bound is given


class FetchedRecord(Protocol):
    """What aiokafka's C code makes of a record."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class InputRecord(FetchedRecord, Protocol):
    """A record of an input: it says where it was read."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...


class Fetch(list["FetchedRecord"]):
    """The records of one fetch of one partition, its `place`, and for which opening of it they were fetched."""

    opening: int = 0
    place: Partition = ("", 0)


class Fetched(msgspec.Struct, gc=False):
    """A record as it is kept until it is applied: aiokafka's own takes as long to make as all the rest of reading it.

    The class attributes are what Faust asks of the last record of a fetch besides.
    """

    topic: str
    partition: int
    offset: int
    value: bytes | None
    timestamp: int | None
    timestamp_type: ClassVar[int | None] = None
    key: ClassVar[bytes | None] = None
    headers: ClassVar[None] = None
    checksum: ClassVar[int | None] = None
    serialized_key_size: ClassVar[int] = -1
    serialized_value_size: ClassVar[int] = -1


def fetched(tp: Any, record: Any) -> Fetched:
    """Return a record of aiokafka's reader as it is kept."""
    return Fetched(tp.topic, tp.partition, record.offset, record.value, record.timestamp)


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Faust's thread that fetches: held up by empty partitions for less than Faust's own 1.5 s, and with lean records."""

    def position_of(self, tp: TP) -> int | None:
        """Return the offset from which a partition is read next, None while that is open; for any thread."""
        assignment = self._consumer._subscription.subscription.assignment if self._consumer is not None else None
        state = None if assignment is None else assignment._tp_state.get(tp)
        return state.position if state is not None and state.has_valid_position else None

    def _create_worker_consumer(self, transport: Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        consumer._isolation_level = "read_committed"  # what a producer of an input takes back was never said
        unpack_at_once()
        return consumer

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        fetcher = consumer._fetcher
        if not isinstance(fetcher._records, Unread):
            fetcher._records = Unread(fetcher._records, max_records or RECORDS_MAX)
        parts = await super()._fetch_records(consumer, active_partitions, timeout, fetcher._records.parts_max)
        asyncio.get_running_loop().call_soon(fetcher._records.prepare)  # once the answer is on its way
        return {tp: list(chain.from_iterable(lists)) for tp, lists in parts.items()}
