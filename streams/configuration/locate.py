"""Where every key and element of a TOML document stands: the library that reads TOML does not say.

The document has been read by `tomllib` before, so it is known to be sound: here it is only walked through, and nothing
is checked a second time.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left

from streams.configuration.mistakes import Path

_BLANK = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'  # up to two quotes may stand right before the three that end it
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def locate(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key, table and array element of a sound TOML document.

    A table has the line of its header; one that has no header of its own, the line on which it is first named.
    """
    return _Walk(text.replace("\r\n", "\n")).all()


class _Walk:
    """One way through a document: `at` is how far it has come, `tables` counts the elements of arrays of tables."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}
        self.ends = [place for place, sign in enumerate(text) if sign == "\n"]

    def all(self) -> dict[Path, int]:
        table: Path = ()
        self._pass_blank()
        while self.at < len(self.text):
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._pass_blank()
        return self.lines

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _line(self) -> int:
        return bisect_left(self.ends, self.at) + 1

    def _pass(self, pattern: re.Pattern[str]) -> str:
        """Go past what fits the pattern, if anything does, and return it."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _pass_blank(self) -> None:
        self._pass(_BLANK)

    def _header(self) -> Path:
        """Go past the header of a table, or of an element of an array of tables, and return its path."""
        line, brackets = self._line(), 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        self._pass_blank()
        *parents, last = self._keys()
        self._pass_blank()
        self.at += brackets
        path: Path = (*self._resolved(parents, line), last)
        if brackets == 2:
            self.lines.setdefault(path, line)
            number = self.tables.get(path, 0)
            self.tables[path] = number + 1
            path = (*path, number)
        self.lines[path] = line
        return path

    def _resolved(self, keys: list[str], line: int) -> Path:
        """Return the path that the first keys of a header mean: in an array of tables, its latest element."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        return path

    def _keys(self) -> list[str]:
        keys = [_key(self._pass(_KEY))]
        while self._pass(_DOT):
            keys.append(_key(self._pass(_KEY)))
        return keys

    def _pair(self, table: Path) -> None:
        line, path = self._line(), table
        for key in self._keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._pass_blank()
        self.at += 1  # the equals sign
        self._pass_blank()
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self._next()
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif not self._pass(_TEXT):
            self._pass(_SCALAR)

    def _array(self, path: Path) -> None:
        number = 0
        self.at += 1
        self._pass_blank()
        while self._next() != "]":
            element = (*path, number)
            self.lines[element] = self._line()
            self._value(element)
            self._pass_comma()
            number += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        self._pass_blank()
        while self._next() != "}":
            self._pair(path)
            self._pass_comma()
        self.at += 1

    def _pass_comma(self) -> None:
        self._pass_blank()
        if self._next() == ",":
            self.at += 1
            self._pass_blank()


def _key(written: str) -> str:
    """Return the key that is written bare or in quotes."""
    if written[0] == "'":
        return written[1:-1]
    return str(tomllib.loads(f"key = {written}")["key"]) if written[0] == '"' else written
