"""An alert book as its rows, in the text of a checkpoint, and back: what every law about restarts needs."""

from __future__ import annotations

import json
from typing import Any

from alerts.lifecycle import AlertBook, row_to_plain

Rows = dict[tuple[str, ...], str]


def rows_of(book: AlertBook) -> Rows:
    """Return every row of the book."""
    keys = [*(("alert", key) for key in book.rows), *(("incident", *key) for key in book.incidents.keys())]  # noqa: SIM118  # a method, not a mapping
    return {key: json.dumps(row) for key in keys if (row := _row(book, key)) is not None}


def keep_changes(book: AlertBook, rows: Rows) -> None:
    """Bring `rows` up to date with what changed in the book since the last call."""
    keys: list[tuple[str, ...]] = [("alert", key) for key in book.drain_changed()]
    keys += [("incident", *key) for key in book.incidents.touched]
    book.incidents.touched.clear()
    for key in keys:
        row = _row(book, key)
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = json.dumps(row)


def book_of(rows: Rows) -> AlertBook:
    """Return the book whose rows these were; it must not matter in which order they come."""
    book = AlertBook()
    for (kind, *rest), text in reversed(rows.items()):
        if kind == "alert":
            book.load_row(rest[0], json.loads(text))
        else:
            book.incidents.load(rest[0], rest[1], json.loads(text))
    return book


def restarted(book: AlertBook) -> AlertBook:
    """Return the book that goes on after a crash."""
    return book_of(rows_of(book))


def _row(book: AlertBook, key: tuple[str, ...]) -> Any:
    if key[0] == "incident":
        return book.incidents.to_plain(*key[1:])
    row = book.rows.get(key[1])
    return None if row is None else row_to_plain(row)
