"""A shard is opened while partitions come and go: what a thread does there, and what the event loop does meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from streams.engine import keeper as module
from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmarks
from streams.engine.checkpoints import FencedError, Head, Saved
from streams.engine.errors import EngineError
from streams.engine.failing import Failing
from streams.engine.fetches import Fetch
from streams.engine.gauges import Gauges
from streams.engine.held import HeldShard
from streams.engine.keeper import Capture, Keeper
from streams.engine.logfile import LogEnds
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard

LOG = ("log", 0)
SETTINGS = EngineSettings(broker="none:1")


class Nothing:
    """A machine without state."""

    state_version = 1

    def step(self, record: object) -> list[Any]:
        return []

    def changed_rows(self) -> dict[str, Any]:
        return {}

    def restore(self, rows: Mapping[bytes, bytes]) -> None: ...


def test_the_log_is_looked_at_after_the_last_holder_is_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then that one may append to the log, and write a checkpoint of more than was seen of it."""
    done: list[str] = []

    def noted(what: str, answer: Any) -> Any:
        done.append(what)
        return answer

    head = _head(7)
    writer = SimpleNamespace(open=lambda: done.append("fence"))
    monkeypatch.setattr(module, "CheckpointWriter", lambda *_: writer)
    monkeypatch.setattr(module, "read_saved", lambda *_: noted("state", Saved(head, {})))
    monkeypatch.setattr(module, "read_ends", lambda *_: noted("log", LogEnds(0, 7, None)))
    shard = Shard(0, Nothing(), 0)
    assert Keeper(SETTINGS, shard, Nothing()).open() == 7
    assert done == ["fence", "state", "log"]


class SlowKeeper:
    """Opens the shard at once, and takes its time to say so."""

    records_read, written_us, goes_on = 0, None, False
    is_taking = False

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self.has_opened, self.may_end = threading.Event(), threading.Event()

    def open(self, is_wanted: Callable[[], bool]) -> int:
        self._shard.resume(None)
        self.has_opened.set()
        assert self.may_end.wait(10)
        return 0


def test_a_shard_that_goes_and_comes_back_while_it_is_opened_is_open_in_the_end() -> None:
    async def story() -> None:
        shard = Shard(0, Nothing(), 0)
        keeper = SlowKeeper(shard)
        intake = cast(Any, SimpleNamespace(revoked=lambda partition: None))
        anything = cast(Any, None)
        gauges, marks = Gauges(), Bookmarks("log")
        failing = Failing(gauges)
        held = HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], failing)
        engine = Engine(SETTINGS, anything, marks, intake, [held], anything, [], gauges, failing)
        first = asyncio.create_task(engine.prepare([LOG]))
        assert await asyncio.to_thread(keeper.has_opened.wait, 10)
        engine.revoked(LOG)
        shard.is_open = True  # as the thread leaves it where the partition went away a moment earlier
        second = asyncio.create_task(engine.prepare([LOG]))
        await asyncio.sleep(0)
        keeper.may_end.set()
        await asyncio.gather(first, second)
        assert shard.is_open

    asyncio.run(story())


def _engine(held: HeldShard, marks: Bookmarks, gauges: Gauges, failing: Failing) -> Engine:
    intake, anything = cast(Any, SimpleNamespace(revoked=lambda partition: None)), cast(Any, None)
    return Engine(SETTINGS, anything, marks, intake, [held], anything, [], gauges, failing)


def test_a_shard_that_goes_while_its_checkpoint_is_waited_for_is_not_taken_any_more() -> None:
    """Another worker has it by then, which would be shut out."""

    async def story() -> bool:
        shard, gauges, marks = Shard(0, Nothing(), 0), Gauges(), Bookmarks("log")
        keeper, failing = SlowKeeper(shard), Failing(gauges)
        keeper.may_end.set()
        held = HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], failing)
        engine = _engine(held, marks, gauges, failing)
        held._is_saving = True
        preparing = asyncio.create_task(engine.prepare([LOG]))
        await asyncio.sleep(0.02)
        engine.revoked(LOG)
        held._is_saving = False
        await preparing
        return keeper.has_opened.is_set()

    assert not asyncio.run(story())


def test_what_was_assigned_and_went_before_its_opening_began_is_not_taken_any_more() -> None:
    """Between the assignment and the task that opens a shard a revocation may come, and between that and its thread."""

    async def story() -> bool:
        shard, gauges, marks = Shard(0, Nothing(), 0), Gauges(), Bookmarks("log")
        keeper = SlowKeeper(shard)
        keeper.may_end.set()
        held = HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], Failing(gauges))
        preparing = held.prepare()
        held.revoked()
        await preparing
        return keeper.has_opened.is_set()

    assert not asyncio.run(story())


def test_a_shard_that_is_not_wanted_any_more_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SimpleNamespace(open=lambda: pytest.fail("it shuts out who has the shard by now"))
    monkeypatch.setattr(module, "CheckpointWriter", lambda *_: writer)
    keeper = Keeper(SETTINGS, Shard(0, Nothing(), 0), Nothing())
    assert keeper.open(lambda: False) is None
    assert not keeper.is_taking


def test_partitions_do_not_go_while_an_earlier_holder_is_being_shut_out() -> None:
    async def story() -> list[str]:
        shard, gauges, marks, done = Shard(0, Nothing(), 0), Gauges(), Bookmarks("log"), list[str]()
        keeper, failing = SlowKeeper(shard), Failing(gauges)
        held = HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], failing)
        engine = _engine(held, marks, gauges, failing)
        keeper.is_taking = True
        going = asyncio.create_task(engine.let_all_go())
        going.add_done_callback(lambda _: done.append("gone"))
        await asyncio.sleep(0.02)
        done.append("taken")
        keeper.is_taking = False
        await going
        await asyncio.sleep(0)
        return done

    assert asyncio.run(story()) == ["taken", "gone"]


@pytest.mark.parametrize(("holds", "failure"), [(True, "no broker"), (False, None)])
def test_an_opening_that_fails_ends_the_worker_only_where_the_shard_is_still_its_own(
    holds: bool, failure: str | None
) -> None:
    async def story() -> str | None:
        shard, gauges, marks = Shard(0, Nothing(), 0), Gauges(), Bookmarks("log")
        failing, opening = Failing(gauges), threading.Event()

        def fail(is_wanted: Callable[[], bool]) -> int:
            assert opening.wait(10)
            raise EngineError("no broker")

        keeper = cast(Keeper, SimpleNamespace(open=fail, is_taking=False))
        held = HeldShard("log", shard, keeper, marks, gauges.shards[0], failing)
        preparing = asyncio.create_task(held.prepare())
        await asyncio.sleep(0.01)
        if not holds:
            held.revoked()
        opening.set()
        await preparing
        return failing.reason

    assert asyncio.run(story()) == failure


@pytest.mark.parametrize(
    ("clock", "given", "elsewhere"),
    [
        ("events", [("ledger", 0)], ("transfers/0",)), ("events", [("ledger", 0), ("transfers", 0)], ()),
        ("events", [LOG], ()), ("ticks", [("ledger", 0)], ()),
    ],
)  # fmt: skip
def test_a_worker_says_that_it_has_a_part_of_the_inputs_where_one_must_have_all(
    clock: str, given: list[tuple[str, int]], elsewhere: tuple[str, ...]
) -> None:
    gauges, anything = Gauges(), cast(Any, None)
    settings, inputs = msgspec.structs.replace(SETTINGS, clock=clock), [("ledger", 0), ("transfers", 0)]
    engine = Engine(settings, anything, Bookmarks("log"), anything, [], anything, inputs, gauges, Failing(gauges))
    asyncio.run(engine.prepare(given))
    assert gauges.read_elsewhere == elsewhere


class Refusing:
    """A writer that says of each checkpoint that it failed: whether it is there is another matter."""

    def open(self) -> None: ...

    def write(self, rows: object, head: Head) -> None:
        raise FencedError("another worker holds it")


def _reading(monkeypatch: pytest.MonkeyPatch, found: list[Head], shard: Shard) -> Keeper:
    """Return the keeper of a shard of which the last of these heads is what the topic holds."""
    monkeypatch.setattr(module, "CheckpointWriter", lambda *_: Refusing())
    monkeypatch.setattr(module, "read_saved", lambda *_: Saved(found[-1], {}))
    monkeypatch.setattr(module, "last_head", lambda *_: found[-1])
    monkeypatch.setattr(module, "read_ends", lambda *_: LogEnds(0, 9, None))
    return Keeper(SETTINGS, shard, Nothing())


@pytest.mark.parametrize(
    ("written", "goes_on"), [(None, False), (4, False), (5, True), (6, False), (7, True), (8, False)]
)
def test_a_shard_that_comes_back_goes_on_unless_somebody_else_has_written_its_state(
    monkeypatch: pytest.MonkeyPatch, written: int | None, goes_on: bool
) -> None:
    """Saved at 5 and applied up to 7 by this worker, whose checkpoint of 7 may have come through; then revoked."""
    heads = {position: _head(position) for position in range(9)}
    found = [heads[5]]
    shard = Shard(0, Nothing(), 0)
    keeper = _reading(monkeypatch, found, shard)
    assert (keeper.open(), keeper.goes_on) == (5, False), "nothing is remembered at first"
    shard.position = 7
    with pytest.raises(FencedError):
        keeper.write(Capture({}, heads[7]))
    shard.close()
    found.append(None if written is None else heads[written])  # type: ignore[arg-type]  # a state that is gone
    assert keeper.open() == (7 if goes_on else written or 0)
    assert (keeper.goes_on, shard.is_open) == (goes_on, True)
    keeper.forget()
    keeper.open()
    assert not keeper.goes_on, "it was let go meanwhile"


def test_a_state_that_was_made_anew_at_the_same_place_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `driftline rebuild --write` does: its rows need not be those that were there."""
    found = [_head(5)]
    shard = Shard(0, Nothing(), 0)
    keeper = _reading(monkeypatch, found, shard)
    keeper.open()
    shard.position = 7
    found.append(msgspec.structs.replace(found[0], written_us=1))
    assert (keeper.open(), keeper.goes_on) == (5, False)


def test_a_log_that_is_read_from_elsewhere_than_the_state_stands_is_not_applied() -> None:
    shard, marks = Shard(0, Nothing(), 0), Bookmarks("log")
    shard.resume(_head(5))
    marks.open(LOG, None, 0)
    records = cast(Any, [SimpleNamespace(offset=offset) for offset in range(8)])
    with pytest.raises(EngineError, match="shard 0 stands at 5 and its log is read from 0 on"):
        shard.fresh(records, marks[LOG])
    marks.resume(LOG, 5)
    marks.open(LOG, None, 0)
    assert [record.offset for record in shard.fresh(records, marks[LOG])] == [5, 6, 7]


def test_what_was_fetched_for_an_earlier_opening_is_not_applied() -> None:
    async def story() -> list[int]:
        shard = Shard(0, Nothing(), 0)
        shard.resume(None)
        stale, fresh = Fetch([]), Fetch([])
        stale.opening, fresh.opening = shard.opening - 1, shard.opening
        applied: list[int] = []
        gauges, marks, anything = Gauges(), Bookmarks("log"), cast(Any, None)
        failing = Failing(gauges)
        held = HeldShard("log", shard, None, marks, gauges.shards[0], failing)
        publisher = cast(Any, SimpleNamespace(is_full=lambda: False))
        engine = Engine(SETTINGS, publisher, marks, anything, [held], anything, [], gauges, failing)
        for batch in (stale, fresh):
            batch.place = LOG
            batch.append(cast(Any, None))
        engine._apply = lambda shard, records: applied.append(len(records))  # type: ignore[method-assign]  # only how many are counted

        async def stream() -> Any:
            yield stale
            yield fresh
            shard.close()
            yield fresh

        await engine.apply(stream())
        return applied

    assert asyncio.run(story()) == [1]


def _head(position: int) -> Head:
    return Head(
        position=position,
        state_version=1,
        inputs=0,
        outputs=0,
        input_hash=0,
        output_hash=0,
        log_begins=0,
        clock="ticks",
    )


@pytest.mark.parametrize("problem", [FencedError("another worker holds it"), EngineError("a fatal error")])
@pytest.mark.parametrize("holds", [True, False])
def test_a_checkpoint_that_is_shut_out_ends_the_worker_only_where_it_believes_to_hold_the_shard(
    holds: bool, problem: EngineError
) -> None:
    async def story() -> str | None:
        shard = Shard(0, Nothing(), 0)
        shard.resume(None)

        def write(_: object) -> None:
            if not holds:
                shard.close()
            raise problem

        capture = SimpleNamespace(head=_head(0), rows={})
        keeper = SimpleNamespace(capture=lambda _: capture, write=write)
        gauges, marks = Gauges(), cast(Any, SimpleNamespace(is_confirmed=lambda *_: True))
        failing = Failing(gauges)
        await HeldShard("log", shard, cast(Keeper, keeper), marks, gauges.shards[0], failing).checkpoint()
        return failing.reason

    assert asyncio.run(story()) == (str(problem) if holds else None)
