"""One message of the log: the bytes of an input record unchanged, and a key that says where it came from and when.

The key is a JSON list: topic, partition and offset of the input (``"transfers/0/17"``), and the moment of the append in
whole microseconds since 1970 UTC. What Driftline writes itself has an input of its own, which no broker partition can have.
It is no header, since to read two of these took longer than all the rest of reading an entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from streams.record import Record

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, int]).decode


def entry_key(origin: str, logged_at_us: int) -> bytes:
    """Return the key of an entry."""
    return _encode((origin, logged_at_us))


class Entry(Protocol):
    """A message of the log as it was read."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


def entry_record(key: bytes | None, value: bytes | None) -> Record:
    """Return the record that an entry holds; never raise.

    An entry that intake did not write (its key is missing or another's) comes back with an empty topic, so that the
    monitor quarantines it. An empty message (a Kafka tombstone) has no bytes.
    """
    try:
        origin, logged_at_us = _decode(key or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Record("", value or b"")
    return Record(origin.partition("/")[0], value or b"", origin, logged_at_us)


def entry_records(entries: Sequence[Entry]) -> list[Record]:
    """Return the record of each entry, see `entry_record`."""
    try:
        return [
            Record(origin.partition("/")[0], entry.value or b"", origin, logged_at_us)
            for entry in entries
            for origin, logged_at_us in (_decode(entry.key or b""),)
        ]
    except (msgspec.DecodeError, UnicodeDecodeError):  # one of them is not intake's
        return [entry_record(entry.key, entry.value) for entry in entries]
