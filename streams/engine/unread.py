"""What aiokafka has fetched and nobody has read yet, given out in lists instead of record by record.

aiokafka unpacks a record in C and then makes another of it in Python, twice as slowly; a list of what C made costs
nothing more. `Unread` stands where the fetcher keeps its results, so that whatever comes is given out like this. What is
asked for next is unpacked before it is asked for, while the monitor is at work on what was given out last.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict, deque
from collections.abc import Generator, Iterator
from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import default_records

Part = tuple[list[Any], int]  # records, and the offset behind them
PART_RECORDS = 500  # of one list; a reader that asks for 5,000 records gets ten lists, of as many partitions


class InParts(PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """The records of one fetch of a partition; `next_fetch_offset` is the offset behind the list given last.

    What a producer has taken back with its transaction is left out, as aiokafka does.
    """

    def __init__(self, fetched: PartitionRecords, part_records: int) -> None:
        self._tp, self._records, self._check_crcs = fetched._tp, fetched._records, fetched._check_crcs
        self._aborted_transactions = fetched._aborted_transactions
        self._aborted_producers: set[int] = set()
        self._part_records = part_records
        self.next_fetch_offset = fetched.next_fetch_offset
        self._unpacking: Iterator[Part] | None = self._unpack(fetched.next_fetch_offset)
        self._ready: deque[Part] = deque()
        self._ends_at: int | None = None  # where the fetch ends, once all of it is unpacked
        self._problem: Exception | None = None

    def __next__(self) -> list[Any]:
        self.prepare(1)
        if self._ready:
            part, self.next_fetch_offset = self._ready.popleft()
            return part
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem
        if self._ends_at is not None:
            self.next_fetch_offset = self._ends_at
        raise StopIteration

    def prepare(self, parts: int) -> None:
        """Unpack so many lists ahead; what goes wrong is told when they have been given out."""
        while self._unpacking is not None and len(self._ready) < parts:
            try:
                self._ready.append(next(self._unpacking))
            except StopIteration as end:
                self._ends_at, self._unpacking = end.value, None
            except Exception as problem:  # noqa: BLE001  # raised again in its turn, whatever it is
                self._problem, self._unpacking = problem, None

    def _unpack(self, begins: int) -> Generator[Part, None, int]:
        """Yield lists of records with the offset behind each; return the one behind all."""
        waiting: list[Any] = []
        behind, count = begins, self._part_records
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not self._is_void(batch):
                waiting += _from(begins, list(batch))
            behind = batch.next_offset  # also where the last record is compacted away
            while len(waiting) >= count:
                yield waiting[:count], waiting[count - 1].offset + 1
                del waiting[:count]
        if waiting:
            yield waiting, waiting[-1].offset + 1
        return behind

    def _is_void(self, batch: Any) -> bool:
        """Say whether a batch is the mark of a transaction, or was taken back with one."""
        if batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch:
            if self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            return True
        return bool(batch.is_transactional and batch.producer_id in self._aborted_producers)


def _from(offset: int, records: list[Any]) -> list[Any]:
    """Return the records from an offset on: a broker sends a batch whole, also where reading begins in the middle."""
    if records and records[0].offset < offset:
        return [record for record in records if record.offset >= offset]
    return records


def unpack_at_once() -> None:
    """Let aiokafka unpack what is compressed in one go.

    It reads 8 kB at a time, and whoever unpacks gives the interpreter away and has to wait for it again each time.
    """
    default_records.gzip_decode = gzip.decompress


class Unread(OrderedDict[Any, Any]):
    """The results of a fetcher by partition, its errors among them."""

    def __init__(self, results: OrderedDict[Any, Any], records_max: int) -> None:
        self._part_records = min(PART_RECORDS, records_max)
        self.parts_max = records_max // self._part_records  # of one answer
        super().__init__(results)

    def __setitem__(self, partition: Any, result: Any) -> None:
        records = getattr(result, "_partition_records", None)  # an error has none, and neither has what is read
        if type(records) is PartitionRecords:
            result._partition_records = InParts(records, self._part_records)
            result._partition_records.prepare(self.parts_max)
        super().__setitem__(partition, result)

    def prepare(self) -> None:
        """Unpack what the next answer will be made of."""
        for result in self.values():
            records = getattr(result, "_partition_records", None)
            if isinstance(records, InParts):
                records.prepare(self.parts_max)
