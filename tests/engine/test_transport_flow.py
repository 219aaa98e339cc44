"""What is fetched while the flow stands still is read again: else a rebalance would pass over records in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from streams.engine.bookmarks import Bookmarks
from streams.engine.transport import BatchConsumer

HERE, GONE = TP("transfers", 0), TP("ledger", 0)


class Standing(BatchConsumer):
    """A consumer whose fetch ends when its flow has been stopped."""

    def __init__(self, bookmarks: Bookmarks, *, flows: bool) -> None:
        self.transport = SimpleNamespace(bookmarks=bookmarks)  # type: ignore[assignment]  # all that is asked for
        self.app = SimpleNamespace(consumer_generation_id=1)  # type: ignore[assignment]  # all of an application that is asked for here
        self.flow_active = flows
        self._buffered_partitions = set()
        self.sought: dict[TP, int] = {}
        self.active = {HERE, GONE}

    @property
    def should_stop(self) -> bool:
        return False

    async def _wait_next_records(self, timeout: float) -> Any:
        return {tp: [SimpleNamespace(offset=7)] for tp in (HERE, GONE)}, self.active

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


def test_what_was_fetched_of_a_partition_that_is_paused_meanwhile_is_handed_on() -> None:
    """Its place is past these records: nobody would fetch them again."""
    marks = Bookmarks("log")
    for tp in (HERE, GONE):
        marks.open((tp.topic, tp.partition), committed=4, earliest=0)
    consumer = Standing(marks, flows=True)

    async def read() -> list[TP]:
        handed_on = []
        async for tp, _ in consumer.getmany(1.0):
            handed_on.append(tp)
            consumer.active.discard(GONE)
        return handed_on

    assert asyncio.run(read()) == [HERE, GONE]


def test_what_was_fetched_before_reading_went_to_its_place_is_read_again() -> None:
    """A new assignment is read from where it was committed until it is sent elsewhere; Faust may let that flow."""
    marks = Bookmarks("log")
    marks.open((HERE.topic, HERE.partition), committed=4, earliest=0)
    consumer = Standing(marks, flows=True)
    fetched = consumer._wait_next_records

    async def slowly(timeout: float) -> Any:
        consumer._seeks += 1  # as perform_seek does meanwhile
        return await fetched(timeout)

    consumer._wait_next_records = slowly  # type: ignore[method-assign]  # of a fetch that is under way

    async def read() -> list[TP]:
        return [tp async for tp, _ in consumer.getmany(1.0)]

    assert asyncio.run(read()) == []
    assert consumer.sought == {HERE: 4}


class Opening(Standing):
    """A consumer whose partitions take their time to be opened."""

    def __init__(self, limit_seconds: float) -> None:
        super().__init__(Bookmarks("log"), flows=True)
        self.opened: list[tuple[str, int]] = []
        self.overdue: list[float] = []
        self.expired: list[tuple[Any, ...]] = []
        self.earliest = 0
        self.is_ready = asyncio.Event()
        conf = SimpleNamespace(broker_request_timeout=limit_seconds, broker_session_timeout=10.0)
        self.app = SimpleNamespace(conf=conf)  # type: ignore[assignment]  # all of an application that is asked for here
        places = SimpleNamespace(
            prepare=self._prepare, opened=lambda place, _: self.opened.append(place),
            overdue=self.overdue.append, revoked=lambda _: None, expired=lambda *gone: self.expired.append(gone),
            unsettled=lambda: None,
            let_all_go=lambda: asyncio.sleep(0),
        )  # fmt: skip
        self.prepared: list[Any] = []
        self.transport.places = places  # type: ignore[attr-defined]  # the transport is a stand-in

    async def _prepare(self, partitions: Any) -> None:
        self.prepared.append(partitions)
        await self.is_ready.wait()

    def stop_flow(self) -> None:
        self.flow_active = False

    async def seek_to_committed(self) -> dict[TP, int]:
        return {HERE: 4}

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return {HERE: self.earliest}


@pytest.mark.parametrize("goes", [False, True])
def test_what_went_away_while_it_was_opened_is_not_read(monkeypatch: pytest.MonkeyPatch, goes: bool) -> None:
    async def nothing(self: object, revoked: set[TP]) -> None: ...

    monkeypatch.setattr(Consumer, "on_partitions_revoked", nothing)

    async def story() -> Opening:
        consumer = Opening(60.0)
        seeking = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0)
        if goes:
            await consumer.on_partitions_revoked({HERE})
        consumer.is_ready.set()
        await seeking
        return consumer

    consumer = asyncio.run(story())
    assert (consumer.opened, consumer.sought) == (([], {}) if goes else ([("transfers", 0)], {HERE: 4}))


def test_who_ends_leaves_the_group_only_once_nobody_is_being_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the group that gives what was being opened to another, whom the opening would shut out."""

    async def nothing(self: object) -> None: ...

    monkeypatch.setattr(Consumer, "on_stop", nothing)

    async def story() -> Opening:
        consumer, is_shut_out = Opening(60.0), asyncio.Event()
        consumer._places.let_all_go = is_shut_out.wait  # type: ignore[method-assign, assignment]  # a stand-in
        seeking = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0)
        ending = asyncio.create_task(consumer.on_stop())
        await asyncio.sleep(0.01)
        assert not ending.done()
        is_shut_out.set()
        await ending
        consumer.is_ready.set()
        await seeking
        return consumer

    assert asyncio.run(story()).opened == []


def test_who_ends_opens_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Opening, "should_stop", True)

    async def story() -> Opening:
        consumer = Opening(60.0)
        await consumer.perform_seek()
        return consumer

    assert asyncio.run(story()).prepared == []


@pytest.mark.parametrize(("limit_seconds", "overdue"), [(1.0, [1.0]), (60.0, [])])
def test_an_opening_that_faust_lets_go_of_for_its_length_ends_the_worker(
    limit_seconds: float, overdue: list[float]
) -> None:
    async def story() -> Opening:
        consumer = Opening(limit_seconds)
        seeking = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0.01)
        seeking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await seeking
        return consumer

    assert asyncio.run(story()).overdue == overdue


@pytest.mark.parametrize(("earliest", "expired"), [(4, []), (6, [(("transfers", 0), 4, 6)])])
def test_what_the_broker_has_deleted_before_it_was_read_is_told(earliest: int, expired: list[Any]) -> None:
    async def story() -> Opening:
        consumer = Opening(60.0)
        consumer.earliest = earliest
        consumer.is_ready.set()
        await consumer.perform_seek()
        return consumer

    consumer = asyncio.run(story())
    assert (consumer.expired, consumer.sought) == (expired, {HERE: earliest})


def test_what_went_away_before_it_was_opened_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust lets go of it only when the next assignment comes, and another worker may have the shard long before."""

    async def nothing(self: object, revoked: set[TP]) -> None: ...

    monkeypatch.setattr(Consumer, "on_partitions_revoked", nothing)

    async def story() -> Opening:
        consumer = Opening(60.0)
        asked, may_answer = consumer.earliest_offsets, asyncio.Event()

        async def slowly(*partitions: TP) -> dict[TP, int]:
            await may_answer.wait()
            return await asked(*partitions)

        monkeypatch.setattr(consumer, "earliest_offsets", slowly)
        seeking = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0)
        await consumer.on_partitions_revoked({HERE})
        may_answer.set()
        await seeking
        return consumer

    assert asyncio.run(story()).prepared == []


@pytest.mark.parametrize(("assigned", "prepared"), [(set(), [[]]), ({HERE}, [])])
def test_an_assignment_of_nothing_is_heard_of_too(
    monkeypatch: pytest.MonkeyPatch, assigned: set[TP], prepared: list[Any]
) -> None:
    """Faust asks nobody to go to places where there are none: the worker would wait for its group for ever."""
    taken_up = list[set[TP]]()

    async def take_up(self: object, given: set[TP], generation_id: int = 0) -> None:
        taken_up.append(given)

    monkeypatch.setattr(Consumer, "on_partitions_assigned", take_up)

    async def story() -> Opening:
        consumer = Opening(60.0)
        consumer.is_ready.set()
        await consumer.on_partitions_assigned(assigned)
        return consumer

    assert asyncio.run(story()).prepared == prepared
    assert taken_up == [assigned]


@pytest.mark.parametrize("goes", ["before it ends", "after it ends", "not at all"])
def test_the_flow_goes_on_for_what_was_opened_only(monkeypatch: pytest.MonkeyPatch, goes: str) -> None:
    """Faust lets it go on whenever a seek has returned: what is assigned next would be read from the committed offset."""

    async def nothing(self: object, revoked: set[TP]) -> None: ...

    def resume(self: Consumer) -> None:
        self.flow_active = True

    monkeypatch.setattr(Consumer, "on_partitions_revoked", nothing)
    monkeypatch.setattr(Consumer, "resume_flow", resume)

    async def story() -> Opening:
        consumer = Opening(60.0)
        seeking = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0)
        if goes == "before it ends":
            await consumer.on_partitions_revoked({HERE})
        consumer.is_ready.set()
        await seeking
        consumer.resume_flow()
        if goes == "after it ends":
            assert consumer.flow_active
            await consumer.on_partitions_revoked({HERE})
        return consumer

    assert asyncio.run(story()).flow_active == (goes == "not at all")
