"""`driftline witness`: a second machine over the log, that says where the state written is not what the log gives."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial

import click
import msgspec

from streams.cli.rebuild import settings_of
from streams.engine.clients import KAFKA_LOGGER
from streams.engine.errors import EngineError
from streams.engine.health import witness_health, witness_readiness
from streams.engine.settings import EngineSettings
from streams.engine.testimony import Testimony, TestimonyPublisher, WitnessFigures
from streams.engine.witness import StoppedError, Verdict, Witness
from streams.metrics import MetricsError, WitnessCollector, serving
from streams.monitor import Monitor


@click.command(name="witness")
@click.option("--broker", metavar="HOST:PORT", help="The Kafka broker.")
@click.option("--topic-prefix", help="What stands before every topic's name.")
@click.option("--shard", type=click.IntRange(min=0), default=0, show_default=True, help="Which shard.")
@click.option("--once", is_flag=True, help="Compare the latest checkpoint, say nothing to anybody else, and end.")
@click.option("--metrics-port", type=click.IntRange(0, 65_535), help="Let Prometheus and supervisors ask on this port.")
def command(broker: str | None, topic_prefix: str | None, shard: int, once: bool, metrics_port: int | None) -> None:
    """Compare each checkpoint with what the log gives, until SIGTERM or SIGINT; where they differ, raise an alert.

    Exits 0 where the last one compared was equal, 1 where it was not, 2 where it cannot go on.
    """
    KAFKA_LOGGER.setLevel(logging.CRITICAL)  # one clear line below says more than the client's own
    try:
        settings = settings_of(broker, topic_prefix)
        if metrics_port is not None:
            settings = msgspec.structs.replace(settings, metrics_port=metrics_port)
        agrees = _once(settings, shard) if once else attend(settings, shard, _stop_on_signals())
    except (EngineError, MetricsError) as error:
        click.echo(f"driftline witness: {error}", err=True)
        sys.exit(2)
    sys.exit(0 if agrees else 1)


def _once(settings: EngineSettings, shard: int) -> bool:
    with closing(Witness(settings, shard, partial(Monitor, shard=shard))) as witness:
        verdict = witness.look()
    if verdict is None:
        raise EngineError(f"there is no state of shard {shard} yet")
    click.echo(verdict)
    return verdict.agrees


def attend(settings: EngineSettings, shard: int, stop: threading.Event) -> bool:
    """Follow a shard until `stop`: say what is found, on the terminal, as alerts and as metrics; return the last word."""
    figures = WitnessFigures(shard)

    def turn() -> None:
        figures.turned_s = time.monotonic()

    witness = Witness(settings, shard, partial(Monitor, shard=shard), stop, turn)
    with _metrics(settings, figures), closing(witness), suppress(StoppedError):
        testimony, publisher = Testimony(), TestimonyPublisher(settings)
        verdict = witness.look()
        while not stop.is_set():
            if verdict is not None:
                agreed_before = figures.agrees
                figures.hear(verdict)
                _tell(verdict, agreed_before)
                alert = testimony.hear(verdict)
                if alert is not None:
                    publisher.say(alert)
            verdict = witness.next()
    return figures.agrees is not False


def _tell(verdict: Verdict, agreed_before: bool | None) -> None:
    """Say what is news: a disagreement each time that it opens, an agreement when all rows were compared or it is back."""
    if verdict.agrees != agreed_before or verdict.is_whole:
        click.echo(verdict)


@contextmanager
def _metrics(settings: EngineSettings, figures: WitnessFigures) -> Iterator[None]:
    if not settings.metrics_port:
        yield
        return
    pages = {
        "/health": lambda: witness_health(figures, time.monotonic()).page(),
        "/ready": lambda: witness_readiness(figures, time.monotonic()).page(),
    }
    with serving(WitnessCollector(figures), settings.metrics_port, settings.metrics_address, pages=pages):
        yield


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    return stop
