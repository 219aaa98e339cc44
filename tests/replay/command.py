"""`driftline replay` as a test sees it: exit code, both streams, and the files that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner

from streams.cli import cli

OUTPUTS = ("alerts", "positions", "quarantine", "decisions")


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one command; the files are read when they are asked for."""

    exit_code: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return read_rows(self.folder / "alerts.jsonl")

    @property
    def positions(self) -> list[dict[str, Any]]:
        return read_rows(self.folder / "positions.jsonl")

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        return read_rows(self.folder / "quarantine.jsonl")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the JSON lines of a file; a line that is cut or blank is an error."""
    content = path.read_bytes()
    assert not content or content.endswith(b"\n")
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in content.splitlines()]


def command(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of `driftline ARGUMENTS`."""
    result = CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def replay(folder: Path, *files: str, stdin: bytes = b"") -> Run:
    """Replay `files` with every output written into a fresh folder inside `folder`."""
    outputs = folder / f"out-{len(list(folder.iterdir()))}"
    outputs.mkdir()
    options = [part for name in OUTPUTS for part in (f"--{name}", str(outputs / f"{name}.jsonl"))]
    return Run(*command("replay", *files, *options, stdin=stdin), outputs)
