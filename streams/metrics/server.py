"""The HTTP server that Prometheus scrapes, for as long as a worker runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from streams.metrics.collector import MonitorCollector


class MetricsError(Exception):
    """The metrics cannot be served; the message says where and why."""


@contextmanager
def serving(collector: MonitorCollector, port: int, address: str) -> Iterator[int]:
    """Serve what a collector reads for the length of a `with` block; yield the port, which of 0 is any free one."""
    registry = CollectorRegistry()
    registry.register(collector)
    try:
        server, thread = start_http_server(port, address, registry)
    except OSError as problem:
        raise MetricsError(f"cannot serve metrics on {address}:{port}: {problem.strerror or problem}") from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
