"""TOML documents made by chance, in every way of writing, whose values all carry a mark of their own.

A mark stands on the line on which its value begins, so the text itself says where each value is. Every table with a
header has the key `here` on the line below it.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from hypothesis import strategies as st

FILLINGS = ("", "a b", "]", "}", "#", ",", "[[x]]", "k = 1", "[table]")
MARK = re.compile(r"m?(7\d{6})")


class Author:
    """Writes one document, by what `draw` decides."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.numbers = count(7_000_000)
        self.text = ""
        self.tables: list[list[str]] = []

    def choice(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def times(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def mark(self) -> str:
        return str(next(self.numbers))

    def new_key(self) -> str:
        """Return a key as it is written; no other key of the document has its name."""
        name = f"k{self.mark()}"
        return str(
            self.choice(name, f'"{name}"', f"'{name}'", f'"{name}.\\"]#"', f"'{name} = [\"'", f'"{name}\\u0041"')
        )

    def space(self) -> str:
        return str(self.choice("", " ", "\t "))

    def gap(self) -> str:
        """Return what may stand between the elements of an array."""
        return str(self.choice("", " ", "\n", "\n\n  ", " # ] , }\n", '\n# """\n  '))

    def value(self, depth: int) -> str:
        if depth and self.draw(st.booleans()):
            return self.array(depth - 1) if self.draw(st.booleans()) else self.inline(depth - 1)
        return self.scalar()

    def scalar(self) -> str:
        mark, filling = self.mark(), self.choice(*FILLINGS)
        return str(
            self.choice(
                mark,
                f"{mark}.5e+3",
                f'"m{mark} \\" \\\\ {filling}"',
                f"'m{mark} \\ {filling}'",
                f'"""m{mark}\n{filling} "" \\""" \n\\\n  {filling}"""',
                f'"""m{mark}{filling}"""""',
                f"'''m{mark}\n{filling} '' \\\n{filling}'''",
                f"'''m{mark}{filling}'''''",
                '""',
                "''''''",
                "1979-05-27 07:32:00",
                "true",
            )
        )

    def array(self, depth: int) -> str:
        parts = [f"{self.gap()}{self.value(depth)}{self.gap()}" for _ in self.times(3)]
        return "[" + ",".join(parts) + (("," if parts and self.draw(st.booleans()) else "") + self.gap() + "]")

    def inline(self, depth: int) -> str:
        return "{" + ",".join(f"{self.space()}{self.pair(depth)}{self.space()}" for _ in self.times(2)) + "}"

    def pair(self, depth: int) -> str:
        keys = [self.new_key() for _ in range(self.choice(1, 1, 2, 3))]
        dot = self.choice(".", " . ")
        return f"{dot.join(keys)}{self.space()}={self.space()}{self.value(depth)}"

    def body(self) -> None:
        for _ in self.times(3):
            self.text += (
                f"{self.space()}{self.pair(2)}{self.choice('', ' # ] = [')}\n{self.choice('', '', '  # x', ' ')}\n"
            )

    def table(self, path: list[str], opening: str, closing: str) -> None:
        dot = self.choice(".", " .\t")
        self.text += f"{self.space()}{opening}{self.space()}{dot.join(path)}{self.space()}{closing}{self.space()}\n"
        self.text += f"here = {self.mark()}\n"
        self.body()

    def section(self) -> None:
        """Write a table, or an array of tables with tables inside, at the top or within one that is there."""
        parent = self.choice([], *self.tables)
        path = [*parent, self.new_key()]
        if self.draw(st.booleans()):
            self.table(path, "[", "]")
        else:
            inside, arrays = self.new_key(), self.new_key()
            for _ in range(self.choice(1, 2, 3)):
                self.table(path, "[[", "]]")
                if self.draw(st.booleans()):
                    self.table([*path, inside], "[", "]")
                for _ in self.times(2):
                    self.table([*path, arrays], "[[", "]]")
        self.tables.append(path)

    def later_parent(self) -> None:
        """Write a table before the one that it is in."""
        outer, inner = self.new_key(), self.new_key()
        self.table([outer, inner], "[", "]")
        self.table([outer], "[", "]")


@st.composite
def documents(draw: Any) -> str:
    """Return a sound TOML document."""
    author = Author(draw)
    author.text = draw(st.sampled_from(["", "\n", "# [x]\n\n"]))
    author.body()
    for _ in author.times(4):
        author.section()
        if draw(st.booleans()):
            author.later_parent()
    text = author.text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text.rstrip("\n")
