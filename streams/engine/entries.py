"""One message of the log: the bytes of an input record unchanged, and headers that say where it came from and when.

`input` names topic, partition and offset (``transfers/0/17``); `logged_at` is the moment of the append, in whole
microseconds since 1970 UTC. What Driftline writes itself has an input of its own, which no broker partition can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from streams.record import Record

INPUT_HEADER = "input"
LOGGED_AT_HEADER = "logged_at"

Headers = Sequence[tuple[str, str | bytes | None]]  # as both Kafka libraries type them; the values read are bytes


def entry_headers(origin: str, logged_at_us: int) -> list[tuple[str, str | bytes | None]]:
    """Return the headers of an entry."""
    return [(INPUT_HEADER, origin.encode()), (LOGGED_AT_HEADER, b"%d" % logged_at_us)]


class Entry(Protocol):
    """A message of the log as it was read."""

    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


def entry_record(value: bytes | None, headers: Headers | None) -> Record:
    """Return the record that an entry holds; never raise.

    An entry that intake did not write (its headers are missing or broken) comes back with an empty topic, so that the
    monitor quarantines it. An empty message (a Kafka tombstone) has no bytes.
    """
    return _own_record(value, headers) or _other_record(value, headers or ())


def entry_records(entries: Iterable[Entry]) -> list[Record]:
    """Return the record of each entry, see `entry_record`."""
    return [
        _own_record(entry.value, headers := entry.headers) or _other_record(entry.value, headers) for entry in entries
    ]


def _own_record(value: bytes | None, headers: Headers | None) -> Record | None:
    """Return the record of an entry as intake writes them, None for all others."""
    try:
        (first, origin), (second, logged_at) = headers  # type: ignore[misc]  # what it is not is refused below
        if first == INPUT_HEADER and second == LOGGED_AT_HEADER:
            text = origin.decode()  # type: ignore[union-attr]
            return Record(text.partition("/")[0], value or b"", text, int(logged_at))  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError):
        pass
    return None


def _other_record(value: bytes | None, headers: Headers) -> Record:
    origin, logged_at = _values(headers)
    try:
        return Record(origin.partition("/")[0], value or b"", origin, int(logged_at))
    except ValueError:
        return Record("", value or b"", origin)


def _values(headers: Headers) -> tuple[str, bytes]:
    if len(headers) == 2 and headers[0][0] == INPUT_HEADER and headers[1][0] == LOGGED_AT_HEADER:
        origin, logged_at = headers[0][1], headers[1][1]
    else:
        found = dict(headers)
        origin, logged_at = found.get(INPUT_HEADER), found.get(LOGGED_AT_HEADER)
    return _bytes(origin).decode("utf-8", "replace"), _bytes(logged_at)


def _bytes(value: str | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""
