"""The garbage collector while a worker runs: what it goes through again and again never becomes garbage.

A worker holds tens of thousands of records that wait and a state of many rows, none of it in cycles; the interpreter's
own rhythm, a look at everything young each 700 objects, took half of the time of reading.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 50_000
_gone = threading.Event()  # set when something of what is kept was let go


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


@contextmanager
def kept() -> Iterator[None]:
    """Collect nothing for the length of a `with` block, nor later what was made in it: a state that is put back.

    A look at it takes a second, and it is no garbage. Within `seldom_collected`, whose end gives everything back; one
    thread at a time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count():
            gc.freeze()
        if collects:
            gc.enable()


def let_go() -> None:
    """Note that a state was let go that had been kept: its parts know each other, so that only a look finds it."""
    _gone.set()


def look_again() -> None:
    """Collect what was let go of what is kept, where anything was, and keep the rest on.

    It takes as long as there is state, so it is for when nobody waits: after the shards that came have been opened.
    """
    if _gone.is_set():
        _gone.clear()  # before: one that goes meanwhile is looked for the next time
        if gc.get_freeze_count():
            gc.unfreeze()
            gc.collect()
            gc.freeze()
