"""On a real broker a worker that stands by is ready too, and none is ready while the broker says nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from streams.engine import health
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.worker import run_worker
from streams.monitor import Monitor
from tests.engine.in_thread import in_thread
from tests.kafka.broker import KafkaBroker
from tests.kafka.working import wait
from tests.metrics.scrape import page


def ready(port: int) -> tuple[int, Any]:
    return page(port, "/ready")


@contextmanager
def worker(settings: EngineSettings) -> Iterator[int]:
    """Run a worker in a thread for the length of a `with` block; yield the port on which it says how it is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    asked = msgspec.structs.replace(settings, metrics_port=port, metrics_address="127.0.0.1")
    with in_thread(lambda stop: run_worker(asked, lambda _: Monitor(), stop=stop)):
        yield port


def test_one_worker_holds_the_shard_and_the_other_stands_by_ready(on_kafka: Callable[..., EngineSettings]) -> None:
    settings = on_kafka(checkpoint_seconds=0.3)
    Topics(settings).create()
    with worker(settings) as one, worker(settings) as other:
        wait(lambda: {ready(port)[1].get("shards", {}).get("0") for port in (one, other)} == {"open", "standby"}, 90)
        wait(lambda: [ready(port)[0] for port in (one, other)] == [200, 200])


def test_two_workers_say_why_they_take_nothing_in_under_the_clock_of_events_until_one_has_gone(
    on_kafka: Callable[..., EngineSettings],
) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    Topics(settings).create()
    with worker(settings) as one:
        with worker(settings) as other:
            wait(lambda: all("and another has" in str(ready(port)[1].get("problems")) for port in (one, other)), 90)
        wait(lambda: ready(one)[0] == 200)


def test_a_worker_is_not_ready_while_the_broker_says_nothing(
    kafka: KafkaBroker, on_kafka: Callable[..., EngineSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "BROKER_SECONDS_MAX", 2.5)
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    Topics(settings).create()
    with worker(settings) as port:
        wait(lambda: ready(port)[0] == 200)
        kafka.pause()
        try:
            wait(lambda: ready(port)[0] == 503, 20)
            assert any("the broker has not answered for" in problem for problem in ready(port)[1]["problems"])
        finally:
            kafka.resume()
        wait(lambda: ready(port)[0] == 200)
