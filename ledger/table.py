"""Rows by key that know which of them changed: how every part of the ledger keeps what must survive a restart."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Key = str | int | tuple[str | int, ...]
K = TypeVar("K", bound=Key)
R = TypeVar("R")


class Table(Generic[K, R]):
    """Rows of one kind. `row_type` is a msgspec Struct or a type of plain data; a row changed in place is `edit`ed.

    `touched` collects the keys that changed or went since they were last taken to be told. A row that came and went in
    between need never be told: most deadlines of a busy hour are such.
    """

    __slots__ = ("_decode", "_gone", "_untold", "row_type", "rows", "touched")

    def __init__(self, row_type: type[R]) -> None:
        # msgspec makes what it knows of a type when it first meets it: here, and not in two threads at once, which put
        # two shards back and end the process.
        self.row_type = row_type
        self._decode = msgspec.json.Decoder(row_type).decode
        self.rows: dict[K, R] = {}
        self.touched: set[K] = set()
        self._untold: set[K] = set()  # of the rows, those that no checkpoint was told of
        self._gone: set[K] = set()  # rows that one was told of, and that are no more

    def __contains__(self, key: K) -> bool:
        return key in self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, key: K) -> R | None:
        """Return a row to look at; None where there is none."""
        return self.rows.get(key)

    def edit(self, key: K) -> R | None:
        """Return a row to change, and mark it; None where there is none."""
        row = self.rows.get(key)
        if row is not None:
            self.touched.add(key)
        return row

    def put(self, key: K, row: R) -> R:
        """Set a row, mark it, and return it."""
        if key not in self.rows and key not in self._gone:
            self._untold.add(key)
        self._gone.discard(key)
        self.rows[key] = row
        self.touched.add(key)
        return row

    def drop(self, key: K) -> R | None:
        """Remove and return a row; None where there was none."""
        row = self.rows.pop(key, None)
        if row is not None:
            if key in self._untold:
                self._untold.discard(key)
                self.touched.discard(key)
            else:
                self._gone.add(key)
                self.touched.add(key)
        return row

    def load(self, key: K, encoded: bytes) -> None:
        """Put back a row that was encoded as JSON, as unchanged."""
        self.rows[key] = self._decode(encoded)

    def tell(self, key: K) -> bool:
        """Take it that a row is told as it is now, or that it is gone; False where nothing of it was told or need be."""
        is_news = key in self.rows or key in self._gone
        self._untold.discard(key)
        self._gone.discard(key)
        return is_news

    def told(self) -> None:
        """Take it that all rows are told as they are now."""
        for marks in (self.touched, self._untold, self._gone):
            marks.clear()
