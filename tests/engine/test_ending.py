"""A worker that was told to end ends, also where something in it never answers again."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

from streams.engine.ending import ended_at_last


def test_who_ends_in_time_is_left_alone() -> None:
    left, over = list[float](), threading.Event()
    with ended_at_last(over, 0.05, left.append):
        over.set()
    time.sleep(0.15)
    assert left == []
    assert threading.active_count() < 50


def test_who_does_not_end_is_ended_so_long_after_it_was_over_and_not_before() -> None:
    left, over = list[float](), threading.Event()
    with ended_at_last(over, 0.05, left.append):
        time.sleep(0.15)
        assert left == [], "nobody has said that it is over"
        over.set()
        time.sleep(0.3)
        assert left == [0.05]


def test_the_process_leaves_with_a_line_that_says_so() -> None:
    program = (
        "import threading\n"
        "from streams.engine.ending import ended_at_last\n"
        "over = threading.Event(); over.set()\n"
        "with ended_at_last(over, 0.2):\n"
        "    threading.Event().wait()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "did not come to its end" in done.stderr
