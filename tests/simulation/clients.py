"""confluent-kafka as the simulated world has it: the same calls, and a queue where the network would be.

Only what the engine calls is here. `installed` puts these in the place of the real ones for the length of a `with`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.engine import agents, assembly, clocks, held, keeper, logfile, publisher, transport
from streams.engine import clients as engine_clients
from streams.engine.bookmarks import Partition
from streams.engine.checkpoints import reader, tail, writer
from tests.simulation.broker import LOG
from tests.simulation.loop import Died

if TYPE_CHECKING:
    from tests.simulation.world import World

CLOGGED = 1_000_000
LOOKS_BACK_RECORDS, LOOK_BACK_FACTOR = (3, 30), 3  # checkpoints are small here: one look is enough, or it is not
_the_world: list[World] = []

Queued = tuple[str, int, bytes | None, bytes | None, Any]


def world() -> World:
    return _the_world[-1]


def problem(code: int, *, fatal: bool = False, retriable: bool = False, abort: bool = False) -> KafkaException:
    return KafkaException(KafkaError(code, "simulated", fatal, retriable, abort))


class Producer:
    """Queues records by partition; the world writes them, later the broker answers, and `poll` hears of it."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.world = world()
        self.process = self.world.running
        self.queues: dict[Partition, deque[Queued]] = {}
        self.unanswered: deque[Queued] = deque()
        self.answered: deque[Queued] = deque()
        self.is_clogged = False
        self._name: str = options.get("transactional.id", "")
        self._holder = 0
        self._expires = bool(options.get("delivery.timeout.ms"))
        if not self._name:
            self.process.producers.append(self)

    # ----------------------------------------------------------------------------------------------------- idempotent

    def produce(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        *,
        partition: int = -1,
        on_delivery: Any = None,
    ) -> None:
        self._live()
        if self._name:
            self._check_holder()
            self.world.broker.write(self._name, partition, key or b"", value)
        else:
            self.queues.setdefault((topic, max(partition, 0)), deque()).append(
                (topic, max(partition, 0), key, value, on_delivery)
            )

    def poll(self, _: float) -> None:
        self._live()
        while self.answered:
            *_rest, on_delivery = self.answered.popleft()
            on_delivery(None, None)

    def flush(self, _: float) -> int:
        self._live()
        for place in self.queues:
            self.world.meanwhile()  # of what goes to several places a crash leaves a part
            self.send(place, len(self.queues[place]))
        self.answer(len(self.unanswered))
        self.poll(0)
        return 0

    def __len__(self) -> int:
        waiting = sum(map(len, self.queues.values())) + len(self.unanswered) + len(self.answered)
        return waiting + CLOGGED * self.is_clogged

    # What the network does.

    def busy(self) -> list[Partition]:
        return [place for place, queue in self.queues.items() if queue]

    def send(self, place: Partition, count: int) -> None:
        """Let the broker have the first records of a queue."""
        queue = self.queues[place]
        for _ in range(count):
            topic, partition, key, value, _on_delivery = queued = queue.popleft()
            self.unanswered.append(queued)
            self.world.broker.append(topic, partition, value, key)

    def expire(self, place: Partition) -> None:
        """Give up the first record of a queue, as librdkafka does with one that waits too long; the next ones go on."""
        if self._expires and self.queues[place]:
            *_rest, on_delivery = self.queues[place].popleft()
            on_delivery(KafkaError(KafkaError._MSG_TIMED_OUT), Message(0, None, None))

    def answer(self, count: int) -> None:
        for _ in range(count):
            self.answered.append(self.unanswered.popleft())

    # -------------------------------------------------------------------------------------------------- transactional

    def init_transactions(self, _: float) -> None:
        self.world.meanwhile(0.25)
        self._live()
        self.world.oracle.taken(self._name, has_let_go=self.process.has_let_go)
        self._holder = self.world.broker.take(self._name)

    def begin_transaction(self) -> None:
        self._live()
        self._check_holder()
        self.world.broker.begin(self._name)

    def commit_transaction(self, _: float) -> None:
        self.world.meanwhile()
        self._live()
        self._check_holder()
        trouble = self.world.trouble()
        if trouble == "lost question":
            raise problem(KafkaError._TIMED_OUT, retriable=True)
        if trouble == "refused":
            raise problem(KafkaError._STATE, abort=True)
        self.world.broker.end_transaction(self._name, committed=True)
        if trouble == "lost answer":
            raise problem(KafkaError._TIMED_OUT, retriable=True)

    def abort_transaction(self, _: float) -> None:
        self._live()
        self._check_holder()
        self.world.broker.end_transaction(self._name, committed=False)

    def _check_holder(self) -> None:
        if self.world.broker.holders[self._name] != self._holder:
            raise problem(KafkaError._FENCED, fatal=True)

    def _live(self) -> None:
        if self.process.is_dead:
            raise Died


class Message:
    """What a consumer hands out; `error` of the last one says that the partition ends."""

    def __init__(self, offset: int, key: bytes | None, value: bytes | None, code: int | None = None) -> None:
        self._all = offset, key, value, code

    def topic(self) -> str:
        return "simulated"

    def offset(self) -> int:
        return self._all[0]

    def key(self) -> bytes | None:
        return self._all[1]

    def value(self) -> bytes | None:
        return self._all[2]

    def error(self) -> KafkaError | None:
        return None if self._all[3] is None else KafkaError(self._all[3])


class Consumer:
    """Reads the log or the committed part of the state, in portions; it knows of no group."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.world = world()
        self.process = self.world.running
        self._place, self._next = ("", 0), 0
        self._takes_all = options.get("isolation.level") != "read_committed"

    def assign(self, places: list[TopicPartition]) -> None:
        self._place, self._next = (places[0].topic, places[0].partition), max(places[0].offset, 0)

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> tuple[int, int]:
        self.world.meanwhile()
        return 0, self.world.broker.end((place.topic, place.partition))

    def consume(self, limit: int, _: float) -> list[Message]:
        self.world.meanwhile()
        if self.process.is_dead:
            raise Died
        limit = min(limit, self.world.rng.choice((3, 30, 300)))
        found = self._fetched(limit)
        if found:
            self._next = found[-1].offset() + 1
            return found
        return [Message(self._next, None, None, KafkaError._PARTITION_EOF)]

    def _fetched(self, limit: int) -> list[Message]:
        broker, (topic, partition) = self.world.broker, self._place
        if topic == LOG:
            log = broker.partitions[self._place][self._next : self._next + limit]
            return [Message(record.offset, record.key, record.value) for record in log]
        state = broker.states[partition].read(self._next, limit, uncommitted=self._takes_all)
        return [Message(record.offset, record.key, record.value) for record in state]

    def close(self) -> None:
        """Nothing is held open."""


class Topics:
    """Where the inputs end, as the broker says it a little later."""

    declared = ()

    def __init__(self, process: Any) -> None:
        self.world, self.process = world(), process

    def input_partitions(self) -> list[Partition]:
        return list(self.world.broker.inputs)

    def ends(self, partitions: Any) -> dict[Partition, int]:
        self.world.meanwhile()
        if self.process.is_dead:
            raise Died
        if self.world.broker.is_away:
            raise problem(KafkaError._TRANSPORT, retriable=True)
        ends = {place: self.world.broker.end(place) for place in partitions}
        self.world.meanwhile()
        return ends


def _reached(name: str) -> None:
    world().reached(name)


def _sleep(seconds: float) -> None:
    world().meanwhile()


def _last_head(broker: str, topic: str, shard: int) -> Any:
    """Look for the last head as the engine does, and have it judged: one that is wrong may go unnoticed else."""
    judge = world().oracle.shards[shard]
    tail.LOOK_BACK_RECORDS = world().rng.choice(LOOKS_BACK_RECORDS)
    known = len(judge.heads)
    found = tail.last_head(broker, topic, shard)
    judge.looked(found, known)
    return found


@contextmanager
def installed() -> Iterator[None]:
    """Put the simulated clients, clocks and crash points into the engine."""
    time = SimpleNamespace(monotonic=lambda: world().seconds(), sleep=_sleep)
    replaced: list[tuple[Any, str, Any]] = [
        (publisher, "Producer", Producer),
        (writer, "Producer", Producer),
        (reader, "Consumer", Consumer),
        (tail, "Consumer", Consumer),
        (tail, "LOOK_BACK_RECORDS", LOOKS_BACK_RECORDS[0]),
        (tail, "LOOK_BACK_FACTOR", LOOK_BACK_FACTOR),
        (assembly, "last_head", _last_head),
        (logfile, "Consumer", Consumer),
        (writer, "time", time),
        (keeper, "_restoring", nullcontext()),  # there is one thread here, which would wait for itself
        (publisher, "time", time),
        (engine_clients, "time", time),
        (held, "time", time),
        *((module, "wall_us", _wall_us) for module in (assembly, clocks, held)),
        *((module, "reached", _reached) for module in (agents, held, keeper, writer, transport)),
    ]
    with ExitStack() as stack:
        for module, name, value in replaced:
            stack.enter_context(patch.object(module, name, value))
        yield


def _wall_us() -> int:
    return world().now_us


@contextmanager
def belonging_to(one: World) -> Iterator[None]:
    """Let clients made meanwhile belong to a world."""
    _the_world.append(one)
    try:
        yield
    finally:
        _the_world.pop()
