"""A crash point kills at its place and time, and nowhere else; a name that is no place is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.engine import crashpoints
from streams.engine.crashpoints import POINTS, VARIABLE

ENGINE = Path(crashpoints.__file__).parent
PASSES = "from streams.engine.crashpoints import reached\nfor name in ('open.read', 'revoke') * 2: reached(name); print(name)"


@pytest.mark.parametrize(
    ("armed", "code", "passed"),
    [
        ("", 0, ["open.read", "revoke"] * 2),
        ("revoke", -signal.SIGKILL, ["open.read"]),
        ("open.read:2", -signal.SIGKILL, ["open.read", "revoke"]),
        ("open.read:2:0.01", -signal.SIGKILL, ["open.read", "revoke"]),
        ("open.read:3", 0, ["open.read", "revoke"] * 2),
        ("open.door", 1, []),
    ],
)
def test_a_worker_dies_where_it_is_told_to(armed: str, code: int, passed: list[str]) -> None:
    command = [sys.executable, "-u", "-c", PASSES]
    ended = subprocess.run(command, env={**os.environ, VARIABLE: armed}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.split()) == (code, passed)


def test_every_point_is_somewhere_in_the_engine() -> None:
    source = "".join(path.read_text("utf-8") for path in ENGINE.rglob("*.py") if path.stem != "crashpoints")
    assert [name for name in POINTS if source.count(f'reached("{name}")') != 1] == []
