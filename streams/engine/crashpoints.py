"""Named places at which a test lets a worker die as in a power cut: what is half done there must not matter.

A random kill hits the long stretches and misses the short ones that count, such as between a confirmation and the
checkpoint that relies on it. `DRIFTLINE_CRASH_AT` names the place: ``transaction.half``, or ``transaction.half:3`` for
the third time that it is reached, or ``transaction.half:3:0.2`` to stand still there for 0.2 s first, so that what was
handed to the producer is on its way. Without it nothing happens.
"""

from __future__ import annotations

import os
import signal
import time

VARIABLE = "DRIFTLINE_CRASH_AT"

# In the order in which a record meets them; then those of a shard that comes and goes.
POINTS = (
    "intake.fetched",  # fetched from an input, not appended to the log
    "intake.appended",  # handed to the producer, not confirmed
    "commit.before",  # confirmed, the offset not committed
    "commit.after",
    "monitor.stepped",  # applied, nothing said
    "monitor.published",  # said, not confirmed
    "checkpoint.captured",  # the rows taken, what was said not confirmed
    "checkpoint.confirmed",  # confirmed, not written
    "transaction.half",  # half of the rows sent
    "transaction.whole",  # all rows and the head sent, not committed
    "transaction.committed",
    "open.fenced",  # the shard taken, nothing read
    "open.read",  # read, not put back
    "open.restored",
    "revoke",  # the partitions are about to go
)

_NAME, _TIMES, _DWELL = (os.environ.get(VARIABLE, "") + "::").split(":")[:3]
_left = int(_TIMES or 1)
assert _NAME in ("", *POINTS), f"{VARIABLE} names no place: {_NAME}"


def reached(name: str) -> None:
    """Die here without a word, where this is the place and the time."""
    global _left  # noqa: PLW0603  # the process has one end
    if not _NAME or name != _NAME:
        return
    _left -= 1
    if not _left:
        time.sleep(float(_DWELL or 0))
        os.kill(os.getpid(), signal.SIGKILL)
