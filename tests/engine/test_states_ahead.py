"""What is read of a state while the group has not said yet who has the shard: when, how much, and what becomes of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.engine import held as held_module
from streams.engine import keeper as module
from streams.engine import states_ahead
from streams.engine.bookmarks import Bookmarks
from streams.engine.checkpoints import Head, Saved
from streams.engine.errors import UnavailableError
from streams.engine.failing import Failing
from streams.engine.gauges import Gauges
from streams.engine.held import HeldShard
from streams.engine.keeper import Keeper
from streams.engine.logfile import LogEnds
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.engine.states_ahead import StatesAhead
from tests.engine.test_opening import Nothing

SETTINGS = EngineSettings(broker="none:1")
HEAD = Head(
    position=7, state_version=1, inputs=0, outputs=0, input_hash=0, output_hash=0, log_begins=0, clock="ticks"
)  # fmt: skip
TURNS, MOST_TURNS = 20, 5_000
ENOUGH = 1 << 30


class Reader:
    """In the place of the one that reads the topic: a hundred times ten bytes, where that is not enough."""

    made = 0
    fails = False

    def __init__(self, *_: object) -> None:
        Reader.made += 1
        self.size_bytes = 0
        self.begun_s = time.time()

    def read(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        if Reader.fails:
            raise UnavailableError("away")
        for _ in range(100):
            self.size_bytes += 10
            if is_enough():
                return


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read nothing from a broker."""
    monkeypatch.setattr(Reader, "made", 0)
    monkeypatch.setattr(Reader, "fails", False)
    monkeypatch.setattr(module, "StateReader", Reader)
    monkeypatch.setattr(module, "CheckpointWriter", lambda *_: SimpleNamespace(open=lambda: None))
    monkeypatch.setattr(module, "read_ends", lambda *_: LogEnds(0, 9, None))
    monkeypatch.setattr(states_ahead, "LOOK_SECONDS", 0.001)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what each opening goes on from; what it reads is a checkpoint without rows."""
    begun = list[Any]()

    def read(*given: Any) -> Saved:
        begun.append(given[-1])
        return Saved(HEAD, {})

    monkeypatch.setattr(module, "read_saved", read)
    return begun


def shards(count: int) -> list[HeldShard]:
    held = list[HeldShard]()
    for number in range(count):
        gauges, machine = Gauges(), Nothing()
        shard = Shard(number, machine, 0)
        held.append(
            HeldShard(
                "log", shard, Keeper(SETTINGS, shard, machine), Bookmarks("log"), gauges.shards[0], Failing(gauges)
            )
        )
    return held


async def turned(one: StatesAhead) -> None:
    """Let it run for some turns, and until it has nothing left to do."""
    keeping = asyncio.create_task(one.keep())
    for turn in range(MOST_TURNS):
        is_at_work = (one._left and not one._has_enough()) or any(held.is_reading_ahead() for held in one._shards)
        if turn > TURNS and not is_at_work:
            break
        await asyncio.sleep(0.001)
    keeping.cancel()


def test_each_state_is_read_once_while_the_group_is_waited_for() -> None:
    held = shards(2)
    asyncio.run(turned(StatesAhead(held, ENOUGH, lambda: False)))
    assert Reader.made == 2
    assert [one.ahead_bytes for one in held] == [1_000, 1_000]


def test_nothing_is_read_once_the_group_has_spoken_nor_where_the_worker_ends() -> None:
    held = shards(2)
    group = StatesAhead(held, ENOUGH, lambda: False)
    group.settled()
    asyncio.run(turned(group))
    asyncio.run(turned(StatesAhead(held, ENOUGH, lambda: True)))
    assert Reader.made == 0
    group.unsettled()
    asyncio.run(turned(group))
    assert Reader.made == 2, "the group is asked anew"


@pytest.mark.parametrize(("bytes_max", "read"), [(500, [500, 0, 0]), (1_500, [1_000, 500, 0]), (0, [0, 0, 0])])
def test_no_more_is_read_than_a_worker_may_keep_of_what_others_may_be_given(bytes_max: int, read: list[int]) -> None:
    held = shards(3)
    asyncio.run(turned(StatesAhead(held, bytes_max, lambda: False)))
    assert [one.ahead_bytes for one in held] == read


def test_a_shard_that_is_opened_is_read_on_from_there(asked: list[Any]) -> None:
    [held] = shards(1)
    keeper = cast(Keeper, held.keeper)

    async def story() -> None:
        await held.read_ahead(lambda _: False)
        begun = keeper.begun
        await held.prepare()
        assert asked == [begun]
        assert keeper.begun is None, "what was put back is not kept twice"
        await held.read_ahead(lambda _: False)
        assert Reader.made == 1, "an open shard is not read"

    asyncio.run(story())


def test_what_was_read_of_a_shard_that_went_to_another_worker_is_let_go() -> None:
    [held] = shards(1)

    async def story() -> None:
        await held.read_ahead(lambda _: False)
        assert held.ahead_bytes
        held.let_go()
        assert not held.ahead_bytes

    asyncio.run(story())


def test_a_broker_that_does_not_answer_is_asked_once_and_left_to_the_opening() -> None:
    Reader.fails = True
    [held] = shards(1)
    asyncio.run(turned(StatesAhead([held], ENOUGH, lambda: False)))
    assert Reader.made == 1
    assert cast(Keeper, held.keeper).begun is None
    assert held._failing.reason is None


def test_a_shard_that_goes_while_its_reading_ahead_is_waited_for_is_not_taken_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another worker has it by then, which would be shut out."""
    taken = list[str]()
    [held] = shards(1)
    monkeypatch.setattr(cast(Keeper, held.keeper), "open", lambda: taken.append("taken"))

    async def story() -> None:
        may_end = asyncio.Event()
        held._reading = asyncio.create_task(cast(Any, may_end.wait()))
        preparing = asyncio.create_task(held.prepare())
        await asyncio.sleep(0.01)
        held.revoked()
        may_end.set()
        await preparing

    asyncio.run(story())
    assert not taken


@pytest.mark.parametrize("ends", ["opened", "let go"])
def test_a_reading_that_hangs_is_neither_waited_for_nor_used(
    monkeypatch: pytest.MonkeyPatch, asked: list[Any], ends: str
) -> None:
    monkeypatch.setattr(held_module, "READING_SECONDS", 0.02)
    [held] = shards(1)
    keeper, may_end = cast(Keeper, held.keeper), threading.Event()
    monkeypatch.setattr(keeper, "read_ahead", lambda _: (may_end.wait(10), Reader())[1])

    async def story() -> None:
        reading = asyncio.create_task(held.read_ahead(lambda _: False))
        await asyncio.sleep(0.01)
        if ends == "opened":
            await held.prepare()
        else:
            held.let_go()
        may_end.set()
        await reading

    asyncio.run(story())
    assert asked == ([None] if ends == "opened" else [])
    assert keeper.begun is None


@pytest.mark.parametrize(("seconds", "is_used"), [(599.0, True), (601.0, False), (-601.0, False)])
def test_what_was_read_long_ago_is_not_gone_on_with(asked: list[Any], seconds: float, is_used: bool) -> None:
    """What was deleted since may not be heard of any more."""
    [held] = shards(1)
    keeper = cast(Keeper, held.keeper)
    keeper.begun = begun = cast(Any, Reader())
    begun.begun_s = time.time() - seconds
    keeper.open()
    assert asked == [begun if is_used else None]


def test_what_was_read_is_let_go_where_the_shard_cannot_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise UnavailableError("no coordinator")

    [held] = shards(1)
    keeper = cast(Keeper, held.keeper)
    monkeypatch.setattr(keeper, "_writer", SimpleNamespace(open=fail))
    keeper.begun = cast(Any, Reader())
    with pytest.raises(UnavailableError):
        keeper.open()
    assert keeper.begun is None
