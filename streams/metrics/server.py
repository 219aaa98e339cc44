"""The HTTP server that Prometheus scrapes for as long as a worker runs, with the pages that a supervisor asks for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

Page = Callable[[], tuple[bool, bytes]]
"""What a page says: whether all is well (200, else 503), and its JSON."""
OKAY, UNAVAILABLE = "200 OK", "503 Service Unavailable"
STOP_SECONDS = 0.05


class MetricsError(Exception):
    """The metrics cannot be served; the message says where and why."""


@contextmanager
def serving(
    collector: Collector,
    port: int,
    address: str,
    *,
    more: Iterable[Collector] = (),
    pages: Mapping[str, Page] | None = None,
) -> Iterator[int]:
    """Serve what collectors read for the length of a `with` block; yield the port, which of 0 is any free one.

    `pages` gives what is said under other paths, such as ``/health``.
    """
    registry = CollectorRegistry()
    for one in (collector, *more):
        registry.register(one)
    try:
        server = make_server(address, port, _application(registry, pages or {}), _Server, _Quiet)
    except OSError as problem:
        raise MetricsError(f"cannot serve metrics on {address}:{port}: {problem.strerror or problem}") from None
    thread = threading.Thread(target=server.serve_forever, args=(STOP_SECONDS,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own: a slow reader keeps nobody waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that the base class gives it
        """Write no line for each request."""


def _application(registry: CollectorRegistry, pages: Mapping[str, Page]) -> Any:
    metrics = make_wsgi_app(registry)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        page = pages.get(environ.get("PATH_INFO", ""))
        if page is None:
            answer: Iterable[bytes] = metrics(environ, start_response)
            return answer
        is_well, body = page()
        start_response(OKAY if is_well else UNAVAILABLE, [("Content-Type", "application/json")])
        return [body]

    return application
