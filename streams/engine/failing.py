"""How a worker comes to its end: the first thing that fails says why, and after it nothing more is taken up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from streams.engine.errors import EngineError
from streams.engine.gauges import Gauges

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Failing:
    """Whether a worker has failed, and why."""

    def __init__(self, gauges: Gauges) -> None:
        self.failed = asyncio.Event()
        self.reason: str | None = None
        self._gauges = gauges

    def guard(self, action: Callable[[], T]) -> T | None:
        """Run a step of the engine; where it fails, note why and end the worker, for Faust's agents must not raise.

        A Faust agent that raises acknowledges what it was given and goes on with the next. None once it has failed.
        """
        if self.failed.is_set():
            return None
        try:
            return action()
        except EngineError as problem:
            self.fail(str(problem))
        except Exception as problem:  # whatever it is, nothing after it may be taken up
            logger.error("the engine fails", exc_info=problem)
            self.fail(f"{type(problem).__name__}: {problem}")
        return None

    def fail(self, reason: str) -> None:
        """End the worker; the first reason is the one that is told."""
        self.reason = self._gauges.failure = self.reason or reason
        self.failed.set()
