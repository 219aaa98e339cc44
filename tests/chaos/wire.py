"""As much of Kafka's protocol as it takes to turn the answer to a request into one that says that it failed.

Only the error code is put in; the rest of the answer stays as the broker gave it. So what is called a failure has
happened, which is what a client must be ready for after every answer that it cannot trust.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

PRODUCE, OFFSET_COMMIT, ADD_PARTITIONS, END_TXN = 0, 8, 24, 26
# The version of each from on which an answer is flexible: lengths are varints, and tagged fields follow.
_FLEXIBLE = {PRODUCE: 9, OFFSET_COMMIT: 8, ADD_PARTITIONS: 3, END_TXN: 3}
_TOO_NEW = {PRODUCE: 14, OFFSET_COMMIT: 10, ADD_PARTITIONS: 4, END_TXN: 6}


class Asked(NamedTuple):
    """What a request is: which call, and in which version."""

    call: int
    version: int


def asked(frame: bytes) -> tuple[int, Asked]:
    """Return the number that pairs a request with its answer, and what it asks."""
    call, version, number = struct.unpack_from(">hhi", frame)
    return number, Asked(call, version)


def number_of(frame: bytes) -> int:
    """Return the number of the request that an answer is to."""
    number: int = struct.unpack_from(">i", frame)[0]
    return number


def spoiled(frame: bytes, to: Asked, code: int) -> bytes:
    """Return an answer with `code` for every partition in it; as it was where this version of it is not known."""
    if to.call not in _FLEXIBLE or to.version >= _TOO_NEW[to.call]:
        return frame
    walk = _Walk(bytearray(frame), flexible=to.version >= _FLEXIBLE[to.call])
    try:
        _WALKS[to.call](walk, to.version, code)
    except (struct.error, IndexError):
        return frame
    return bytes(walk.frame)


class _Walk:
    """A place in an answer, behind its header."""

    def __init__(self, frame: bytearray, *, flexible: bool) -> None:
        self.frame, self.flexible, self.at = frame, flexible, 4
        if flexible:
            self.skip_tags()

    def skip(self, length: int) -> None:
        self.at += length

    def length(self, size: int) -> int:
        """Read the length of a text (size 2) or of an array (size 4)."""
        if self.flexible:
            return self.varint() - 1
        found: int = struct.unpack_from(">h" if size == 2 else ">i", self.frame, self.at)[0]
        self.at += size
        return found

    def varint(self) -> int:
        found = shift = 0
        while True:
            byte = self.frame[self.at]
            self.at += 1
            found |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return found

    def skip_text(self) -> None:
        self.skip(max(0, self.length(2)))

    def skip_tags(self) -> None:
        for _ in range(self.varint() if self.flexible else 0):
            self.varint()
            self.skip(self.varint())

    def put(self, code: int) -> None:
        struct.pack_into(">h", self.frame, self.at, code)
        self.at += 2


def _partitions(walk: _Walk, code: int) -> None:
    for _ in range(walk.length(4)):
        walk.skip_text()
        for _ in range(walk.length(4)):
            walk.skip(4)
            walk.put(code)
            walk.skip_tags()
        walk.skip_tags()


def _on_produce(walk: _Walk, version: int, code: int) -> None:
    if walk.length(4) < 1:
        return
    walk.skip_text()
    if walk.length(4) < 1:
        return
    walk.skip(4)
    walk.put(code)  # librdkafka asks for one partition at a time


def _on_commit(walk: _Walk, version: int, code: int) -> None:
    if version >= 3:
        walk.skip(4)
    _partitions(walk, code)


def _on_add(walk: _Walk, version: int, code: int) -> None:
    walk.skip(4)
    _partitions(walk, code)


def _on_end(walk: _Walk, version: int, code: int) -> None:
    walk.skip(4)
    walk.put(code)


_WALKS: dict[int, Callable[[_Walk, int, int], None]] = {
    PRODUCE: _on_produce, OFFSET_COMMIT: _on_commit, ADD_PARTITIONS: _on_add, END_TXN: _on_end,
}  # fmt: skip
