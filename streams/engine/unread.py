"""What aiokafka has fetched and nobody has read yet, given out in lists instead of record by record.

aiokafka unpacks a record in C and then makes another of it in Python, twice as slowly; a list of what C made costs
nothing more. `Unread` stands where the fetcher keeps its results, so that whatever comes is given out like this.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import default_records

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
        self._records_iterator = self._unpack_records()

    def _unpack_records(self) -> Iterator[list[Any]]:
        waiting: list[Any] = []
        begins = behind = self.next_fetch_offset
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if not self._is_void(batch):
                waiting += _from(begins, list(batch))
            behind = batch.next_offset  # also where the last record is compacted away
            while len(waiting) >= self._part_records:
                yield self._part(waiting)
        if waiting:
            yield self._part(waiting)
        self.next_fetch_offset = behind

    def _is_void(self, batch: Any) -> bool:
        """Say whether a batch is the mark of a transaction, or was taken back with one."""
        if batch.producer_id is not None:
            self._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch:
            if self._contains_abort_marker(batch):
                self._aborted_producers.discard(batch.producer_id)
            return True
        return bool(batch.is_transactional and batch.producer_id in self._aborted_producers)

    def _part(self, waiting: list[Any]) -> list[Any]:
        part = waiting[: self._part_records]
        del waiting[: self._part_records]
        self.next_fetch_offset = part[-1].offset + 1
        return part


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
        super().__setitem__(partition, result)
