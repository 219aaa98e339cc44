"""The environment of the rivals: their packages ask for others than ours, so it is one of its own, from a lock with hashes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("rivals.lock")
FOLDER = Path(__file__).parents[3] / ".venv-rivals"
INSTALL = ("-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK))


class NoRivalsError(Exception):
    """The rivals cannot be installed here; the text says why."""


def rivals_python() -> Path:
    """Return the Python that has the rivals, installing them where they are not there or of another lock."""
    python, mark = FOLDER / "bin" / "python", FOLDER / ".lock"
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not mark.is_file() or mark.read_text("utf-8") != wanted:
        print("Setting up the environment of the rivals: about a minute, once.", flush=True)
        _do([sys.executable, "-m", "venv", "--clear", str(FOLDER)])
        _do([str(python), *INSTALL])
        mark.write_text(wanted, "utf-8")
    return python


def _do(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NoRivalsError(said[-1] if said else f"{command[0]} ended with {done.returncode}")
