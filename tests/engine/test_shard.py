from __future__ import annotations

from dataclasses import dataclass

import pytest

from streams.engine.bookmarks import Bookmark
from streams.engine.entries import entry_key
from streams.engine.errors import LogError
from streams.engine.fetches import FetchedRecord
from streams.engine.shard import Shard
from streams.record import Output, Record


@dataclass
class Entry:
    offset: int
    value: bytes | None = b"12345"
    key: bytes | None = entry_key("ledger/0/1", 9)
    topic: str = "log"
    partition: int = 0


class Echo:
    def step(self, record: Record) -> list[Output]:
        return [Output("alerts", record.origin, record.value)]


def test_records_that_were_applied_before_are_passed_over() -> None:
    shard = Shard(0, Echo(), 0)
    records: list[FetchedRecord] = [Entry(3), Entry(4), Entry(5)]
    for position, fresh in ((5, records[2:]), (6, []), (3, records)):
        shard.position = position
        assert shard.fresh(records, Bookmark(position)) == fresh


def test_a_gap_in_the_log_ends_the_worker() -> None:
    with pytest.raises(LogError, match="lost its offsets 0 to 2"):
        Shard(0, Echo(), 0).fresh([Entry(3)], Bookmark(0))


def test_what_the_monitor_says_comes_in_the_order_of_the_records() -> None:
    outputs = Shard(0, Echo(), 0).apply([Entry(0, b"a"), Entry(1, None), Entry(2, b"c")])
    assert outputs == [Output("alerts", "ledger/0/1", value) for value in (b"a", b"", b"c")]


def test_only_what_was_appended_since_the_start_counts_as_live() -> None:
    shard = Shard(0, Echo(), live_from=1)
    shard.apply([Entry(0), Entry(1), Entry(2, None)])
    assert shard.applied_bytes == 5
