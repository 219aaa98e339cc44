"""A wall clock that a test may step, for worker processes: so many microseconds beside the machine's, from a shared file.

Only what Python asks for is moved (`time.time`, `time.time_ns`); the monotonic clock goes on, as it does on a machine
whose clock is set.
"""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

VARIABLE = "CHAOS_CLOCK"
_OFFSET = struct.Struct("<q")


class Clock:
    """The file by which workers are told how far beside the time they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_OFFSET.pack(0))
        self.first_us: int | None = None  # when it was first stepped

    def step_to(self, offset_us: int) -> None:
        """Put the workers' clocks so far beside the machine's, now."""
        self.first_us = self.first_us or time.time_ns() // 1_000
        with self.path.open("r+b") as file:
            file.write(_OFFSET.pack(offset_us))


def follow(path: Path) -> None:
    """Let this process's wall clock go as the file says."""
    with path.open("r+b") as file:
        offset = mmap.mmap(file.fileno(), _OFFSET.size, access=mmap.ACCESS_READ)
    real_ns = time.time_ns

    def stepped_ns() -> int:
        return real_ns() + 1_000 * int(_OFFSET.unpack_from(offset)[0])

    time.time_ns = stepped_ns
    time.time = lambda: stepped_ns() / 1e9
