"""Whatever runs until it is told to stop, in a thread for the length of a `with` block."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def in_thread(run: Callable[[threading.Event], object], returns: object = 0, seconds: float = 90.0) -> Iterator[None]:
    """Run it, give it the event that tells it to stop, and set that whatever happens in the block: nothing goes on beside the tests after it.

    Raises AssertionError where it does not end in time, or ends with anything else than `returns`.
    """
    stop, ended = threading.Event(), list[object]()

    def work() -> None:
        try:
            ended.append(run(stop))
        except Exception as problem:  # noqa: BLE001  # it is shown below, in the thread of the test
            ended.append(problem)

    thread = threading.Thread(target=work, daemon=True, name="what a test runs")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(seconds)
    assert ended == [returns], ended or "it did not end"
