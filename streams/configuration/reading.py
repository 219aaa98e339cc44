"""Read a settings file: plain data, the line of everything in it, and every mistake at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path as File
from typing import Any

from streams.configuration.locate import locate
from streams.configuration.mistakes import Path
from streams.configuration.sense import contradictions, empty_scopes
from streams.configuration.shape import misfits
from streams.configuration.shards import empty_rules, map_mistakes

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END = " (at end of document)"


class Document:
    """A settings file as plain data. `unread` is why it has none, as a line that names the file."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.plain: dict[str, Any] = {}
        self.lines: dict[Path, int] = {}
        self.unread: str | None = None
        try:
            self.plain = tomllib.loads(text)
            self.lines = locate(text)
        except RecursionError:
            self.unread = f"{name}: values stand inside each other too deeply"
        except ValueError as error:  # tomllib's own error is one; a number of endless digits is another
            self.unread = _syntax(name, text, str(error))

    def mistakes(self, kind: Any) -> list[str]:
        """Return all that is wrong with the file where it should be of the type `kind`, a line each, in its order."""
        if self.unread is not None:
            return [self.unread]
        policy, path = self.plain.get("policy"), ("policy",)
        shards, at_shards = self.plain.get("shards"), ("shards",)
        found = [
            *misfits(self.plain, kind), *contradictions(policy, path), *empty_scopes(policy, path),
            *map_mistakes(shards, at_shards), *empty_rules(shards, at_shards),
        ]  # fmt: skip
        placed = sorted(((self.line_of(mistake.path), number), mistake) for number, mistake in enumerate(found))
        return [mistake.line_text(self.name, line) for (line, _), mistake in placed]

    def line_of(self, path: Path) -> int:
        """Return the line of a value; of what is missing, the line of the table that it is missing in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(file: File) -> Document:
    """Return the document in a file, also of one that cannot be read: it says so itself."""
    name = str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        return _unread(name, f"{name}: {error.strerror or error}")
    try:
        return Document(name, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _unread(name, f"{name}:{line}: Expected UTF-8, got a byte that is not")


def _unread(name: str, why: str) -> Document:
    document = Document(name, "")
    document.unread = why
    return document


def _syntax(name: str, text: str, error: str) -> str:
    """Return what is wrong with the TOML itself, on the line that tomllib names."""
    line = 1
    if place := _AT_LINE.search(error):
        line, error = int(place[1]), error[: place.start()]
    elif error.endswith(_AT_END):
        line, error = text.rstrip().count("\n") + 1, error.removesuffix(_AT_END) + " at the end of the file"
    elif error.startswith("Exceeds the limit"):
        error = "a number has too many digits"
    return f"{name}:{line}: not TOML: {error}"
