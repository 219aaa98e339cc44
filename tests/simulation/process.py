"""A worker as a process of the simulated world: the engine's own parts, put together as `run_worker` does.

Of Faust and aiokafka there is only what they do for the engine: a consumer whose calls underneath `BatchConsumer` are
simulated, the loop that fetches, the buffers of the two agents, and a member of the group that lets go and takes up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from faust.transport.drivers.aiokafka import Consumer as FaustConsumer
from faust.types import TP, ConsumerMessage

from streams.engine import assembly
from streams.engine.agents import Engine
from streams.engine.clocks import keep_checkpoints, keep_order, keep_time, serve_confirmations
from streams.engine.gauges import Gauges
from streams.engine.settings import EngineSettings
from streams.engine.transport import BatchConsumer
from tests.simulation.broker import LOG
from tests.simulation.clients import Producer, Topics
from tests.simulation.loop import SimLoop

if TYPE_CHECKING:
    from tests.simulation.world import World

FETCH_SECONDS = 0.05
COMMIT_SECONDS = 0.2


class Stream:
    """The buffer of an agent."""

    def __init__(self) -> None:
        self.batches: deque[Any] = deque()
        self._awaited: asyncio.Future[None] | None = None

    def put(self, batch: Any) -> None:
        self.batches.append(batch)
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> Any:
        while not self.batches:
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited
        return self.batches.popleft()


class FaustAsItIs(FaustConsumer):
    """What `BatchConsumer` finds below itself. Made without its constructor, which would build an application."""

    process: Process
    positions: dict[TP, int]
    flow_active = False
    should_stop = False
    _buffered_partitions: ClassVar[set[TP]] = set()  # type: ignore[misc]  # no buffer is ever full here

    def assignment(self) -> set[TP]:
        return set(self.process.assigned)

    def stop_flow(self) -> None:
        self.flow_active = False

    def resume_flow(self) -> None:
        self.flow_active = True

    def _get_active_partitions(self) -> set[TP]:
        return self.process.assigned

    async def seek_to_committed(self) -> Mapping[TP, int]:
        await asyncio.sleep(0)
        committed = self.process.world.broker.committed
        found = {tp: committed.get((tp.topic, tp.partition), -1) for tp in self.process.assigned}
        await asyncio.sleep(0)
        return found

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        await asyncio.sleep(0)
        return dict.fromkeys(partitions, 0)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        await asyncio.sleep(0)
        self.positions.update(partitions)

    async def _wait_next_records(self, timeout: float) -> Any:
        while not self.flow_active:
            await asyncio.sleep(timeout)
        world, fetched = self.process.world, {}
        most = 12 if world.may_fail else 500
        for tp in () if world.broker.is_away else sorted(self.process.assigned):
            if tp in self.positions and (not world.may_fail or world.rng.random() < 0.6):
                start = self.positions[tp]
                records = world.broker.partitions[tp.topic, tp.partition][start : start + world.rng.randint(1, most)]
                if records:
                    fetched[tp] = records
                    self.positions[tp] = records[-1].offset + 1
        active = set(self.process.assigned)
        await asyncio.sleep(0 if fetched else FETCH_SECONDS)
        return fetched, active

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        return cast(ConsumerMessage, SimpleNamespace(value=None))

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        committed = self.process.world.broker.committed  # where aiokafka begins until it is sent elsewhere
        self.positions = {tp: committed.get((tp.topic, tp.partition), 0) for tp in assigned}
        await asyncio.sleep(0)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self.stop_flow()
        for stream in self.process.streams.values():
            stream.batches.clear()
        await cast(BatchConsumer, self).wait_empty()

    async def on_stop(self) -> None:
        self.stop_flow()
        await cast(BatchConsumer, self).wait_empty()

    async def commit_and_end_transactions(self) -> None:
        await self.commit_now()

    async def commit_now(self) -> None:
        """Commit what may be, of what is assigned."""
        due = {tp: self._new_offset(tp) for tp in self._filter_tps_with_pending_acks() if tp in self.process.assigned}
        offsets = {tp: offset for tp, offset in due.items() if offset is not None}
        if offsets:
            await self._commit(offsets)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        world, generation = self.process.world, self.process.generation
        await asyncio.sleep(0)
        if world.broker.is_away or not world.group.is_member(self.process, generation):
            return False
        if world.trouble() == "lost question":
            return False
        for tp, offset in offsets.items():
            world.broker.commit((tp.topic, tp.partition), offset)
        await asyncio.sleep(0)
        return world.trouble() != "lost answer"


class SimConsumer(BatchConsumer, FaustAsItIs):
    """The engine's consumer on the simulated rest of Faust."""

    def _position_of(self, tp: TP) -> int | None:
        return self.positions.get(tp)


class Process:
    """One worker from its start to its end."""

    def __init__(self, world: World, name: str, configuration: Mapping[str, Any], *, is_refused: bool = False) -> None:
        self.world, self.name, self.configuration = world, name, configuration
        self.is_refused = is_refused  # it is started with another map of the shards than the log's
        self.loop = SimLoop(world.seconds)  # type: ignore[abstract]  # what is not asked for is not there
        self.producers: list[Producer] = []
        self.is_dead = self.is_in_group = self.is_ending = self.has_left = False
        self.has_let_go = False  # of all that it was given last, and whoever gets it next may rely on that
        self._takes_too_long = False
        self.crash_at = 0  # the crash point, counted from now, at which it dies
        self.assigned: set[TP] = set()
        self.generation = 0
        self.streams = {"intake": Stream(), "monitor": Stream()}
        self.engine: Engine
        self.consumer: SimConsumer
        self.loop.start(self._main())

    # ----------------------------------------------------------------------------------------------------- as started

    async def _main(self) -> None:
        await asyncio.to_thread(self._boot)
        consumer = self.consumer = self._consumer()
        engine = self.engine
        moves_time = keep_time(engine) if engine.settings.clock == "ticks" else keep_order(engine)
        for work in (
            serve_confirmations(engine),
            *(keep_checkpoints(engine, held) for held in engine.shards.values()),
            engine.states_ahead.keep(),
            moves_time,
            engine.take_in(cast(Any, self.streams["intake"])),
            engine.apply(cast(Any, self.streams["monitor"])),
            self._fetch(consumer),
            self._commit(consumer),
            self._belong(consumer),
        ):
            self.loop.start(work)

    def _boot(self) -> None:
        """As `run_worker` begins."""
        world, oracle = self.world, self.world.oracle
        settings = EngineSettings(
            broker="simulated:1", clock=world.clock, session_timeout_seconds=1.0, tick_seconds=0.05,
            checkpoint_seconds=0.1, shards=len(oracle.shards),
        )  # fmt: skip
        ends_before = oracle.ends()
        topics = cast(Any, Topics(self))
        inputs = topics.input_partitions()
        surveys = [assembly.survey(settings, shard) for shard in range(settings.shards)]
        for judge, found in zip(oracle.shards, surveys, strict=True):
            judge.surveyed(found)
        engine = assembly.assembled(
            settings, world.machine, surveys, topics, inputs, Gauges(settings.shards),
            route=world.route, reader=self.name, now_us=lambda: world.now_us,
        )  # fmt: skip
        assembly.configure(settings, self.configuration, surveys, engine)
        assert not self.is_refused, "it starts with another map of the shards"
        oracle.started(self.configuration, ends_before)
        self.engine = engine
        self._let_all_go, engine.let_all_go = engine.let_all_go, self._let_go  # type: ignore[method-assign]  # to hear of it

    async def _let_go(self) -> None:
        """Hear that everything has gone; one that takes too long is out of the group, and nobody waits for it."""
        self._takes_too_long = True
        await self._let_all_go()
        self._takes_too_long, self.has_let_go = False, True

    def _consumer(self) -> SimConsumer:
        consumer = SimConsumer.__new__(SimConsumer)
        consumer.process, consumer.positions = self, {}
        consumer.transport = cast(Any, SimpleNamespace(bookmarks=self.engine.bookmarks, places=self.engine))
        consumer.loop = self.loop
        conf = SimpleNamespace(broker_session_timeout=1.0, broker_request_timeout=60.0)
        consumer.app = cast(Any, _App(self, conf))
        return consumer

    # ------------------------------------------------------------------------------------------------- as Faust does

    async def _fetch(self, consumer: SimConsumer) -> None:
        while True:
            async for tp, message in consumer.getmany(FETCH_SECONDS):
                if consumer.flow_active or self.world.rng.random() < 0.3:  # else it is dropped on the way to the agent
                    self.streams["monitor" if tp.topic == LOG else "intake"].put(message.value)
            await asyncio.sleep(0)

    async def _commit(self, consumer: SimConsumer) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await consumer.commit_now()

    async def _belong(self, consumer: SimConsumer) -> None:
        """Join the group, and go through its rebalances.

        Faust lets go of a seek that is under way when the next assignment comes, which may be long after the revocation.
        """
        group, rng = self.world.group, self.world.rng
        seeking: asyncio.Task[None] | None = None
        while True:
            generation, assigned = await group.join(self)
            if seeking is not None:
                seeking.cancel()
            self.generation = generation
            self.assigned = {TP(*place) for place in assigned}
            self.is_in_group = True
            self.has_let_go = False
            await consumer.on_partitions_assigned(self.assigned)
            seeking = self.loop.create_task(self._seek(consumer)) if assigned else None
            await group.until_over(self)
            if seeking is not None:
                chance = rng.random()
                if chance < 0.3:
                    seeking.cancel()
                elif chance < 0.7:
                    await asyncio.wait([seeking])
            await consumer.on_partitions_revoked(set(self.assigned))
            self.assigned = set()

    async def end(self) -> None:
        """End as after a signal: what was applied is saved and what is confirmed committed, and the group hears of it last."""
        self.is_ending = self.engine.draining = True
        await self.engine.checkpoint()
        self.consumer.should_stop = True
        await self.consumer.on_stop()
        self.assigned, self.has_left = set(), True
        self.has_let_go = not self._takes_too_long  # also where nobody waited for that: the group hears of it now
        self.world.group.leave(self)

    async def _seek(self, consumer: SimConsumer) -> None:
        await asyncio.sleep(0)
        await consumer.perform_seek()
        consumer.resume_flow()

    # -------------------------------------------------------------------------------------------------------- the end

    @property
    def failure(self) -> str | None:
        engine = getattr(self, "engine", None)
        if self.loop.problems:
            return self.loop.problems[0]
        return None if engine is None else cast(Engine, engine).failing.reason

    def die(self) -> None:
        """End without a word; of what was handed to the network a part arrives, in order."""
        self.is_dead = True
        self.loop.end()
        for producer in self.producers:
            for queue in producer.queues.values():
                for _ in range(self.world.rng.randint(0, len(queue))):
                    queue.pop()


class _App:
    def __init__(self, process: Process, conf: Any) -> None:
        self._process, self.conf = process, conf

    @property
    def consumer_generation_id(self) -> int:
        return self._process.generation
