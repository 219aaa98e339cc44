"""A worker with a planted defect: ``python -m tests.chaos.worker``, with what is asked for in its environment."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from streams.engine import keeper, publisher, worker
from streams.engine.checkpoints import Saved
from streams.engine.settings import EngineSettings
from tests.chaos.defects import DEFECTS, swap

DEFECT, LINGER, READING = "CHAOS_DEFECT", "CHAOS_LINGER_MS", "CHAOS_READ_SECONDS"
MODULE = ("-m", "tests.chaos.worker")
Options = Callable[[EngineSettings], dict[str, Any]]


def main() -> int:
    """Plant what the environment asks for and run a worker."""
    name, linger_ms = os.environ.get(DEFECT, ""), int(os.environ.get(LINGER) or 0)
    if name:
        DEFECTS[name].plant()
    if linger_ms:
        # batch.size would send a full batch earlier, and librdkafka wants no linger longer than the delivery may take.
        late = {"linger.ms": linger_ms, "batch.size": 64 * 1024 * 1024, "batch.num.messages": 1_000_000}

        def make(old: Options) -> Options:
            return lambda settings: old(settings) | late

        swap(publisher, "producer_options", make)
    seconds = float(os.environ.get(READING) or 0)
    if seconds:
        swap(keeper, "read_saved", lambda old: _slowly(old, seconds))
    return worker.main()


def _slowly(read: Callable[..., Saved], seconds: float) -> Callable[..., Saved]:
    times = count()

    def read_slowly(*asked: Any) -> Saved:
        saved = read(*asked)
        time.sleep(seconds * (next(times) % 2))
        return saved

    return read_slowly


if __name__ == "__main__":
    sys.exit(main())
