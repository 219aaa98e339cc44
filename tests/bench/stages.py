"""Where the time of a replay goes, by stage: functions of the monitor wrapped in a clock, each counted without what it
calls of another stage.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter_ns
from typing import Any
from unittest.mock import patch

from alerts.lifecycle import AlertBook
from ledger.holdings import Holdings
from ledger.reconciliation import Reconciliation
from ledger.seen import SeenEvents
from streams.monitor import controls, gate, machine, wording
from streams.monitor.sentinels import Sentinels

# Which functions make up which stage; `parse_line` is wrapped by the caller, who calls it.
STAGES: dict[str, list[tuple[Any, str]]] = {
    "parse": [(machine, "parse")],
    "dedupe": [(gate, "digest"), (SeenEvents, "see")],
    "positions": [(Holdings, "apply_transfer"), (Holdings, "apply_snapshot"), (Holdings, "forget_before")],
    "models": [(Sentinels, "watch_dust"), (Sentinels, "watch_size")],
    "alerts": [
        (AlertBook, "raise_"),
        (AlertBook, "clear"),
        (wording, "drift_signal"),
        (wording, "drift_end"),
    ],
    "checks": [
        (Reconciliation, "on_event"),
        (Reconciliation, "on_transfer"),
        (Reconciliation, "on_posting"),
        (Reconciliation, "before_snapshot"),
        (Reconciliation, "on_snapshot"),
        (Reconciliation, "forget"),
        (controls, "fire"),
    ],
}


class Stopwatch:
    """Adds up nanoseconds by stage; time in a stage called from another is taken off the caller."""

    def __init__(self) -> None:
        self.spent_ns: dict[str, int] = dict.fromkeys(STAGES, 0)
        self.calls = 0
        self._inner_ns = [0]

    def wrap(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function` with its time counted to `stage`."""
        spent_ns, inner_ns = self.spent_ns, self._inner_ns

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            inner_ns.append(0)
            start = perf_counter_ns()
            try:
                return function(*args, **kwargs)
            finally:
                took = perf_counter_ns() - start
                spent_ns[stage] += took - inner_ns.pop()
                inner_ns[-1] += took
                self.calls += 1

        return timed

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Wrap the functions of all stages for as long as this lasts."""
        with ExitStack() as stack:
            for stage, functions in STAGES.items():
                for owner, name in functions:
                    stack.enter_context(patch.object(owner, name, self.wrap(stage, getattr(owner, name))))
            yield


def cost_of_a_call_ns(calls: int = 20_000) -> float:
    """Return what wrapping alone adds to a call, in nanoseconds."""
    timed = Stopwatch().wrap("parse", _nothing)
    start = perf_counter_ns()
    for _ in range(calls):
        timed()
    wrapped = perf_counter_ns() - start
    start = perf_counter_ns()
    for _ in range(calls):
        _nothing()
    return (wrapped - (perf_counter_ns() - start)) / calls


def _nothing() -> None:
    return None
