"""A mistake in a settings file: where it stands, and what was expected there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

Path = tuple[str | int, ...]
"""How to reach a value: keys of tables and places in arrays, from 0."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Mistake(Struct, frozen=True):
    """What is wrong with the value at `path`, as one sentence; a key that is missing has a path as well."""

    path: Path
    text: str

    def __str__(self) -> str:
        return f"{written(self.path)}: {self.text}" if self.path else self.text

    def line_text(self, file: str, line: int) -> str:
        """Return the mistake as one line that an editor can jump to."""
        return f"{file}:{line}: {self}"


def written(path: Path) -> str:
    """Return a path as people write it.

    >>> written(("policy", "rule", 3, "within_s"))
    'policy.rule[3].within_s'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else json.dumps(part))
    return text


def shown(value: str) -> str:
    """Return a name from a file as it may be shown: at most 60 signs, and none that acts on a terminal."""
    short = value if len(value) <= 60 else value[:57] + "..."
    return f"`{short}`" if short.isprintable() else json.dumps(short)


def listed(names: Iterable[str]) -> str:
    """Return names as a list in a sentence."""
    return ", ".join(f"`{name}`" for name in names)


def meant(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean ...?` where a known name is near, and nothing else."""
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
