"""What is fetched while the flow stands still is read again: else a rebalance would pass over records in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.engine.bookmarks import Bookmarks
from streams.engine.transport import BatchConsumer

HERE, GONE = TP("transfers", 0), TP("ledger", 0)


class Standing(BatchConsumer):
    """A consumer whose fetch ends when its flow has been stopped."""

    def __init__(self, bookmarks: Bookmarks, *, flows: bool) -> None:
        self.transport = SimpleNamespace(bookmarks=bookmarks)  # type: ignore[assignment]  # all that is asked for
        self.app = SimpleNamespace(consumer_generation_id=1)  # type: ignore[assignment]
        self.flow_active = flows
        self._buffered_partitions = set()
        self.sought: dict[TP, int] = {}

    @property
    def should_stop(self) -> bool:
        return False

    async def _wait_next_records(self, timeout: float) -> Any:
        return {tp: [SimpleNamespace(offset=7)] for tp in (HERE, GONE)}, {HERE, GONE}

    def assignment(self) -> set[TP]:
        return {HERE}

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        self.sought.update(partitions)

    def _batch(self, tp: TP, records: list[Any]) -> Any:
        return records[-1].offset


@pytest.mark.parametrize(("flows", "handed_on", "sought"), [(False, [], {HERE: 4}), (True, [HERE, GONE], {})])
def test_what_is_not_handed_on_is_read_again_from_the_bookmark(
    flows: bool, handed_on: list[TP], sought: dict[TP, int]
) -> None:
    marks = Bookmarks("log")
    for tp in (HERE, GONE):
        marks.open((tp.topic, tp.partition), committed=4, earliest=0)
    consumer = Standing(marks, flows=flows)

    async def read() -> list[TP]:
        return [tp async for tp, _ in consumer.getmany(1.0)]

    assert asyncio.run(read()) == handed_on
    assert consumer.sought == sought
