"""The garbage collector while a worker runs: what it goes through again and again never becomes garbage.

A worker holds tens of thousands of records that wait and a state of many rows, none of it in cycles; the interpreter's
own rhythm, a look at everything young each 700 objects, took half of the time of reading.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 50_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Collect seldom for the length of a `with` block, and nothing of what was there before it."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def keep() -> None:
    """Collect nothing of what is there now either: a state that was put back, of which a look takes a second.

    What was kept before is looked at once more, or a state that was let go would be kept for ever: its parts know each
    other. Only within `seldom_collected`, whose end gives everything back.
    """
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
        gc.freeze()
