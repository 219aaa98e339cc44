"""A worker from start to end: checks, the config record, the Faust application, and a clean exit on a signal.

``python -m streams.engine.worker`` runs one with the settings of the environment; the command line calls `worker_main`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, TypeVar

import msgspec
from confluent_kafka import KafkaException

from ledger.shards import ShardMap
from streams.engine.agents import Engine, OnOutput
from streams.engine.app import App, build_app
from streams.engine.assembly import Machines, assembled, configure, survey
from streams.engine.clocks import clocks
from streams.engine.ending import ended_at_last
from streams.engine.errors import EngineError, SettingsError, UnavailableError
from streams.engine.gauges import Gauges
from streams.engine.health import health, readiness
from streams.engine.held import POLL_SECONDS
from streams.engine.memory import seldom_collected
from streams.engine.routing import Router, to_the_only_shard
from streams.engine.settings import EngineSettings, settings_from
from streams.engine.topics import Topics
from streams.engine.turns import short_turns

T = TypeVar("T")
logger = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
STOP_SECONDS = 30.0
WAIT_SECONDS = 0.5


def worker_main(settings: EngineSettings, monitor_settings: Any, *, stop: threading.Event | None = None) -> int:
    """Run a worker with the product's monitor until a signal, or `stop`, ends it; return the exit code.

    0: ended by SIGTERM or SIGINT; 1: it could not go on; 2: it could not start. Either way one line says why. Without
    `stop` the process is the worker's own, and ends a minute after it was told to, whatever holds it.
    """
    from streams.monitor import Monitor

    over = stop or threading.Event()
    try:
        with nullcontext() if stop is not None else ended_at_last(over):
            return run_worker(
                settings,
                lambda shard: Monitor(monitor_settings, shard=shard),
                configuration=plain(monitor_settings),
                shard_map=ShardMap(monitor_settings.shards),
                stop=over,
            )
    except EngineError as problem:
        print(f"driftline worker: {problem}", file=sys.stderr)
        return 2


def run_worker(
    settings: EngineSettings,
    machines: Machines,
    *,
    configuration: Mapping[str, Any] | None = None,
    shard_map: ShardMap | None = None,
    on_output: OnOutput | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Run a worker until a signal (in the main thread) or `stop` ends it; return 0, or 1 on a failure.

    Blocks; safe in a thread of its own. `machines` gives the machine of each shard of the log, `shard_map` says which
    records go where. `configuration` is what the config record says is in force; `on_output` hears every output in the
    worker's thread. A broker that does not answer is waited for. Raises `EngineError` where it cannot start.
    """
    route = _router(settings, shard_map)
    gauges = Gauges(settings.shards)
    with seldom_collected(), short_turns():
        engine = _when_the_broker_answers(
            settings, lambda: _assemble(settings, machines, configuration or {}, route, gauges, on_output)
        )
        with _metrics(settings, engine, gauges):
            return asyncio.run(_run(engine, stop or threading.Event()))


def _router(settings: EngineSettings, shard_map: ShardMap | None) -> Router:
    if shard_map is None:
        return to_the_only_shard
    if shard_map.count != settings.shards:
        raise SettingsError(
            f"the shard map has {shard_map.count} shards and the log is to have {settings.shards}: "
            "they must be as many (DRIFTLINE_SHARDS)"
        )
    return shard_map.shards_of


def _when_the_broker_answers(settings: EngineSettings, start: Callable[[], T]) -> T:
    """Start, again and again while no broker answers: one that is started with its workers needs a moment longer."""
    deadline = time.monotonic() + settings.start_patience_seconds
    while True:
        try:
            return start()
        except UnavailableError as problem:
            if time.monotonic() > deadline:
                raise
            logger.warning("the worker waits to start: %s", problem)
            time.sleep(WAIT_SECONDS)


def _assemble(
    settings: EngineSettings,
    machines: Machines,
    configuration: Mapping[str, Any],
    route: Router,
    gauges: Gauges,
    on_output: OnOutput | None,
) -> Engine:
    topics = Topics(settings)
    topics.check()
    inputs = topics.input_partitions()
    surveys = [survey(settings, shard) for shard in range(settings.shards)]
    engine = assembled(settings, machines, surveys, topics, inputs, gauges, route=route, reader=_name())
    engine.on_output = on_output
    configure(settings, configuration, surveys, engine)
    return engine


@contextmanager
def _metrics(settings: EngineSettings, engine: Engine, gauges: Gauges) -> Iterator[None]:
    """Let Prometheus and supervisors ask for the length of a `with` block, where a port is given; raise `EngineError` where it cannot."""
    if not settings.metrics_port:
        yield
        return
    from streams.metrics import EngineCollector, MetricsError, MonitorCollector, serving

    watched = [held.watched for held in engine.shards.values()]
    try:
        pages = {
            "/health": lambda: health(gauges, time.monotonic()).page(),
            "/ready": lambda: readiness(gauges, time.monotonic(), settings.ready_lag_records).page(),
        }
        figures = EngineCollector(gauges, watched)
        collector = MonitorCollector(watched)
        with serving(collector, settings.metrics_port, settings.metrics_address, more=[figures], pages=pages):
            yield
    except MetricsError as problem:
        raise EngineError(str(problem)) from None


def plain(settings: Any) -> dict[str, Any]:
    """Return settings (a msgspec Struct, a dataclass or a mapping) as the plain data of a config record."""
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(settings))
    return values


def start_worker(settings: EngineSettings, **options: Any) -> subprocess.Popen[bytes]:
    """Start a worker as a process of its own, with these settings in its environment; `options` are Popen's."""
    command = [sys.executable, "-m", "streams.engine.worker"]
    return subprocess.Popen(command, env={**os.environ, **settings.as_environment()}, **options)


def _name() -> str:
    """Return what tells this worker from the others."""
    return f"{socket.gethostname()}-{os.getpid()}"


# ---------------------------------------------------------------------------------------------------------- running


async def _run(engine: Engine, stop: threading.Event) -> int:
    app = build_app(engine)
    app.finalize()
    _stop_on_signals(stop)
    # Opening a shard and writing a checkpoint block a thread each, and the clocks must not wait for them.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2 * len(engine.shards) + 4))
    beside = [asyncio.create_task(clock) for clock in clocks(engine)]
    try:
        await app.start()
        engine.gauges.stage = "running"
        await _until_over(app, engine, beside, stop)
        await _drain(engine)
    finally:
        stop.set()  # however it came: it is to end now
        engine.draining = True
        await _end(app, beside)
    failing = engine.failing
    if failing.reason is None and app.crash_reason is not None:
        failing.fail(f"{type(app.crash_reason).__name__}: {app.crash_reason}")
    if failing.reason is not None:
        print(f"driftline worker: {failing.reason}", file=sys.stderr)
    return 0 if failing.reason is None else 1


def _stop_on_signals(stop: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _until_over(app: App, engine: Engine, beside: list[asyncio.Task[None]], stop: threading.Event) -> None:
    while not (stop.is_set() or engine.failing.failed.is_set() or app.should_stop or app.crashed):
        for clock in beside:
            if clock.done():
                clock.result()  # a clock ends only by raising
        await asyncio.sleep(0.05)


async def _drain(engine: Engine) -> None:
    """Apply what is in the log already, for ten seconds at most, so that a clean end leaves nothing unsaid."""
    engine.draining = True
    engine.gauges.stage = "ending"
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await _until_confirmed(engine)
            await _until_applied(engine)
            await _until_confirmed(engine)
            await engine.checkpoint()
    except (TimeoutError, KafkaException):
        logger.warning("ended before the whole log was applied: the next start goes on from it")


async def _until_confirmed(engine: Engine) -> None:
    while engine.publisher.queued() and not engine.failing.failed.is_set():
        await asyncio.sleep(POLL_SECONDS)


async def _until_applied(engine: Engine) -> None:
    """Wait until the shards that are open here have applied what is in their logs now."""
    open_shards = {held.place: held for held in engine.open_shards()}
    ends = await asyncio.to_thread(engine.topics.ends, list(open_shards))
    marks = engine.bookmarks
    for place, held in open_shards.items():
        while held.is_open and place in marks and marks[place].next_offset < ends[place]:
            if engine.failing.failed.is_set():
                return
            await asyncio.sleep(POLL_SECONDS)


async def _end(app: App, beside: list[asyncio.Task[None]]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()
    for clock in beside:
        clock.cancel()
    await asyncio.gather(*beside, return_exceptions=True)


def main() -> int:
    """Run a worker with the settings of the environment and the monitor's defaults."""
    from streams.monitor import Settings

    try:
        settings = settings_from(os.environ)
    except EngineError as problem:
        print(f"driftline worker: {problem}", file=sys.stderr)
        return 2
    return worker_main(settings, Settings())


if __name__ == "__main__":
    sys.exit(main())
