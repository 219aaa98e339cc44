"""A worker for the chaos: ``python -m tests.chaos.worker``, with what is asked for in its environment.

The monitor's settings, a clock that may be stepped, a place at which it freezes itself, or a planted defect.
"""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from faust.types import TP

from streams.engine import agents, held, keeper, publisher, transport, worker
from streams.engine.checkpoints import Saved, writer
from streams.engine.errors import EngineError
from streams.engine.settings import EngineSettings, settings_from
from streams.engine.transport import BatchConsumer
from streams.monitor import settings as deciding
from tests.chaos import clock
from tests.chaos.defects import DEFECTS, swap

DEFECT, LINGER, READING = "CHAOS_DEFECT", "CHAOS_LINGER_MS", "CHAOS_READ_SECONDS"
MONITOR = "CHAOS_MONITOR"  # the monitor's settings as JSON
FREEZE = "CHAOS_FREEZE_AT"  # a crash point and how often it is reached before this process stops itself there
MODULE = ("-m", "tests.chaos.worker")
LATE_SECONDS = 1.0  # less than a session
Revoked = Callable[[BatchConsumer, set[TP]], Awaitable[None]]
Options = Callable[[EngineSettings], dict[str, Any]]


def main() -> int:
    """Plant what the environment asks for and run a worker."""
    signal.signal(signal.SIGUSR1, _tell_tasks)
    faulthandler.register(signal.SIGUSR1, chain=True)  # what every thread is doing, for who wonders why nothing goes on
    if os.environ.get(clock.VARIABLE):
        clock.follow(Path(os.environ[clock.VARIABLE]))
    if os.environ.get(FREEZE):
        _freeze_at(*os.environ[FREEZE].split(":"))
    name, linger_ms = os.environ.get(DEFECT, ""), int(os.environ.get(LINGER) or 0)
    if name:
        DEFECTS[name].plant()
    if linger_ms:
        # batch.size would send a full batch earlier, and librdkafka wants no linger longer than the delivery may take.
        late = {"linger.ms": linger_ms, "batch.size": 64 * 1024 * 1024, "batch.num.messages": 1_000_000}

        def make(old: Options) -> Options:
            return lambda settings: old(settings) | late

        swap(publisher, "producer_options", make)
    seconds = float(os.environ.get(READING) or 0)
    if seconds:
        swap(keeper, "read_saved", lambda old: _slowly(old, seconds))
    return run()


def _tell_tasks(*_: object) -> None:
    """Say what every task waits for, and how the engine stands."""
    gc.unfreeze()  # what is frozen is not named
    for one in gc.get_objects():
        if isinstance(one, asyncio.Task) and not one.done():
            one.print_stack(limit=4, file=sys.stderr)
        elif isinstance(one, held.HeldShard):
            shard = one.shard
            print(one.place, "open" if shard.is_open else "closed", shard.position, shard.opening, file=sys.stderr)
        elif isinstance(one, BatchConsumer):
            places = {str(tp): one._position_of(tp) for tp in one.assignment()}
            print("flows" if one.flow_active else "stands", places, one._seeks, one._revocations, file=sys.stderr)
            marks = one._bookmarks
            print({place: marks[place].next_offset for place in _places_of(one) if place in marks}, file=sys.stderr)


def _places_of(consumer: BatchConsumer) -> list[tuple[str, int]]:
    return [(tp.topic, tp.partition) for tp in consumer.assignment()]


def run() -> int:
    """Run a worker with the settings of the environment, the monitor's among them."""
    try:
        settings = settings_from(os.environ)
    except EngineError as problem:
        print(f"driftline worker: {problem}", file=sys.stderr)
        return 2
    return worker.worker_main(settings, deciding.settings_from(msgspec.json.decode(os.environ.get(MONITOR) or "{}")))


def _freeze_at(place: str, times: str = "1") -> None:
    """Let this process stop itself (SIGSTOP) when it comes to a place for the so-manieth time; it goes on by SIGCONT.

    It then hears late what it has lost: whether it writes before it hears is not left to chance.
    """
    left, asleep = [int(times)], [False]

    def make_late(old: Revoked) -> Revoked:
        async def on_partitions_revoked(consumer: BatchConsumer, revoked: set[TP]) -> None:
            if asleep[0]:
                asleep[0] = False
                await asyncio.sleep(LATE_SECONDS)
            await old(consumer, revoked)

        return on_partitions_revoked

    swap(BatchConsumer, "on_partitions_revoked", make_late)

    def make(old: Callable[[str], None]) -> Callable[[str], None]:
        def reached(name: str) -> None:
            left[0] -= name == place
            if name == place and left[0] == 0:
                asleep[0] = True
                os.kill(os.getpid(), signal.SIGSTOP)
            old(name)

        return reached

    for module in (agents, held, transport, keeper, writer):
        swap(module, "reached", make)


def _slowly(read: Callable[..., Saved], seconds: float) -> Callable[..., Saved]:
    times = count()

    def read_slowly(*asked: Any) -> Saved:
        saved = read(*asked)
        time.sleep(seconds * (next(times) % 2))
        return saved

    return read_slowly


if __name__ == "__main__":
    sys.exit(main())
