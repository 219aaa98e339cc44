"""A log of two parts: what makes the accounts known is applied and saved by a worker of its own, and only the rest is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streams.engine.settings import EngineSettings
from tests.bench.engine.contest import Contestant, own_python, run
from tests.bench.engine.fill import Entry, Filler
from tests.bench.engine.result import Task


def log_in_two_parts(
    filler: Filler,
    settings: EngineSettings,
    contestant: Contestant,
    task: Task,
    parts: tuple[Sequence[Entry], Sequence[Entry]],
    configuration: Mapping[str, Any],
) -> Task:
    """Fill Driftline's log with both parts, the first applied by now; return the task as it is from there on.

    Where the first part is empty there is nothing to apply, and the log is the second.
    """
    known, rest = parts
    filler.log(settings, known or rest, dict(configuration))
    if not known:
        return task
    run(contestant, msgspec.structs.replace(task, events=task.known, known=0), own_python())
    return msgspec.structs.replace(task, log_end=filler.log_on(settings, rest))
