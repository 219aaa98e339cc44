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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import msgspec
from confluent_kafka import KafkaException

from streams.engine.agents import POLL_SECONDS, Engine, OnOutput
from streams.engine.app import App, build_app
from streams.engine.bookmarks import Bookmarks, Partition
from streams.engine.control import config_record
from streams.engine.errors import EngineError
from streams.engine.gauges import Gauges
from streams.engine.health import health, readiness
from streams.engine.intake import Intake, wall_us
from streams.engine.keeper import Keeper, Remembers
from streams.engine.logfile import read_records
from streams.engine.memory import seldom_collected
from streams.engine.publisher import Publisher
from streams.engine.settings import EngineSettings, settings_from
from streams.engine.shard import Shard, Steps
from streams.engine.survey import Survey, survey_log
from streams.engine.topics import Topics
from streams.engine.watermarks import Watermarks

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 10.0
STOP_SECONDS = 30.0


def worker_main(settings: EngineSettings, monitor_settings: Any, *, stop: threading.Event | None = None) -> int:
    """Run a worker with the product's monitor until a signal, or `stop`, ends it; return the exit code.

    0: ended by SIGTERM or SIGINT; 1: it could not go on; 2: it could not start. Either way one line says why.
    """
    from streams.monitor import Monitor

    try:
        return run_worker(settings, Monitor(monitor_settings), configuration=plain(monitor_settings), stop=stop)
    except EngineError as problem:
        print(f"driftline worker: {problem}", file=sys.stderr)
        return 2


def run_worker(
    settings: EngineSettings,
    monitor: Steps,
    *,
    configuration: Mapping[str, Any] | None = None,
    on_output: OnOutput | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Run a worker with `monitor` until a signal (in the main thread) or `stop` ends it; return 0, or 1 on a failure.

    Blocks; safe in a thread of its own, one monitor for each worker. `configuration` is what the config record says is
    in force; `on_output` hears every output in the worker's thread. Raises `EngineError` where it cannot start.
    """
    topics = Topics(settings)
    topics.check()
    inputs = topics.input_partitions()
    survey = survey_log(read_records(settings.broker, settings.log_topic))
    publisher, bookmarks = Publisher(settings), Bookmarks(settings.log_topic)
    intake = Intake(settings, publisher, bookmarks, Watermarks(survey.last_tick_us), reader=_name())
    _configure(settings, configuration or {}, survey, intake, publisher, inputs)
    shard = Shard(0, monitor, survey.end_offset)
    keeper = Keeper(settings, shard, cast(Remembers, monitor)) if settings.checkpoint_seconds else None
    gauges = Gauges()

    async def run() -> int:
        engine = Engine(settings, publisher, bookmarks, intake, shard, topics, inputs, on_output, keeper, gauges)
        return await _run(engine, stop or threading.Event())

    with _metrics(settings, monitor, shard, survey.end_offset, gauges), seldom_collected():
        return asyncio.run(run())


@contextmanager
def _metrics(
    settings: EngineSettings, monitor: Any, shard: Shard, from_position: int, gauges: Gauges
) -> Iterator[None]:
    """Let Prometheus and supervisors ask for the length of a `with` block, where a port is given; raise `EngineError` where it cannot."""
    if not settings.metrics_port:
        yield
        return
    from streams.metrics import EngineCollector, MetricsError, MonitorCollector, serving

    collector = MonitorCollector(monitor, lambda: shard.position if shard.is_open else None, from_position)
    try:
        pages = {
            "/health": lambda: health(gauges, time.monotonic()).page(),
            "/ready": lambda: readiness(gauges, time.monotonic(), settings.ready_lag_records).page(),
        }
        engine = EngineCollector(gauges, monitor)
        with serving(collector, settings.metrics_port, settings.metrics_address, more=[engine], pages=pages):
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


def _configure(
    settings: EngineSettings,
    configuration: Mapping[str, Any],
    survey: Survey,
    intake: Intake,
    publisher: Publisher,
    inputs: list[Partition],
) -> None:
    wanted, names = plain(configuration), intake.input_names(inputs)
    if survey.needs_config(settings.clock, wanted, names):
        intake.append_own(config_record(settings.clock, wanted, survey.end_offset, wall_us(), names))
        publisher.flush(settings.delivery_timeout_seconds)


# ---------------------------------------------------------------------------------------------------------- running


async def _run(engine: Engine, stop: threading.Event) -> int:
    app = build_app(engine)
    app.finalize()
    _stop_on_signals(stop)
    clocks = [asyncio.create_task(clock) for clock in engine.clocks()]
    try:
        await app.start()
        engine.gauges.stage = "running"
        await _until_over(app, engine, clocks, stop)
        await _drain(engine)
    finally:
        await _end(app, clocks)
    if engine.failure is None and app.crash_reason is not None:
        engine.failure = f"{type(app.crash_reason).__name__}: {app.crash_reason}"
    if engine.failure is not None:
        print(f"driftline worker: {engine.failure}", file=sys.stderr)
    return 0 if engine.failure is None else 1


def _stop_on_signals(stop: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _until_over(app: App, engine: Engine, clocks: list[asyncio.Task[None]], stop: threading.Event) -> None:
    while not (stop.is_set() or engine.failed.is_set() or app.should_stop or app.crashed):
        for clock in clocks:
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
    while engine.publisher.queued() and not engine.failed.is_set():
        await asyncio.sleep(POLL_SECONDS)


async def _until_applied(engine: Engine) -> None:
    partition = (engine.settings.log_topic, engine.shard.number)
    end = (await asyncio.to_thread(engine.topics.ends, [partition]))[partition]
    marks = engine.bookmarks
    while engine.shard.is_open and partition in marks and marks[partition].next_offset < end:
        if engine.failed.is_set():
            return
        await asyncio.sleep(POLL_SECONDS)


async def _end(app: App, clocks: list[asyncio.Task[None]]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await app.stop()
    for clock in clocks:
        clock.cancel()
    await asyncio.gather(*clocks, return_exceptions=True)


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
