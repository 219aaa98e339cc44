"""What every sink promises, and how it says that it cannot keep the promise.

A sink gets the records in the order in which the book wrote them and keeps that order. Text inside a record is data of
strangers: a sink escapes whatever its medium would obey. `alerts.checks` holds every sink to this.
"""

from __future__ import annotations

from typing import Protocol

from alerts.records import Alert


class SinkError(Exception):
    """A record could not be delivered. The message says where and why; `retry` says whether to try again can help."""

    def __init__(self, message: str, *, retry: bool) -> None:
        """Keep the message and whether another attempt makes sense."""
        super().__init__(message)
        self.retry = retry


class Sink(Protocol):
    """A place that alert records go to."""

    def send(self, alert: Alert) -> None:
        """Deliver one record before returning. Raises SinkError; after `close` always."""

    def close(self) -> None:
        """Let go of the place; a second call does nothing."""
