"""What ends a worker that cannot come to its end: a broker that is gone may hold a thread for longer than anybody waits.

Leaving at once is what a kill does, and that loses nothing: the next start goes on from the last checkpoint.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LAST_SECONDS = 60.0  # more than a clean end may take with all its waits


@contextmanager
def ended_at_last(
    over: threading.Event, seconds: float = LAST_SECONDS, leave: Callable[[float], object] | None = None
) -> Iterator[None]:
    """End the process where a `with` block is not left so many seconds after `over` was set."""
    left = threading.Event()

    def watch() -> None:
        over.wait()
        if not left.wait(seconds):
            (leave or _leave)(seconds)

    threading.Thread(target=watch, name="ended-at-last", daemon=True).start()
    try:
        yield
    finally:
        left.set()
        over.set()


def _leave(seconds: float) -> None:
    print(
        f"driftline worker: did not come to its end in {seconds:g} s, and leaves; the next start goes on from the last checkpoint",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
