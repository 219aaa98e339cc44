"""How long a thread may keep the interpreter while another waits for it.

The thread that fetches needs it for moments only, many of them for each answer of the broker. With the interpreter's own
5 ms for each turn it waited longer than it worked, and the monitor then for it; a live event waited as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.0005


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take short turns for the length of a `with` block."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
