"""The head of a checkpoint: how far the log is applied, by which program, and what went in and came out by then.

Two runs of one log agree at equal positions in every field but `written_us`; that is what a witness compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import msgspec

from streams.engine.control import is_config, is_partial
from streams.engine.errors import StateError
from streams.engine.watermarks import observed_us
from streams.record import OWN_ORIGIN, Record

HEAD_KEY = b'["head"]'
"""The key of the head among the rows: the rows of the machine are JSON lists too, and none of them is called `head`."""


class Head(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One checkpoint of a shard.

    `position` is the offset of the log's next record to be applied; `state_version` that of the rows. `input_hash` and
    `output_hash` are running CRC-32s in order of the log, `inputs` and `outputs` how many there were. `log_begins` is
    the hash of the log's first record: another log has another one. `clock` is what moves time. `config` is the last
    config record of the log and `tick_us` the last moment claimed for all inputs: a start need not read the log for
    them. `written_us` is the wall clock, for those who watch.
    """

    position: int
    state_version: int
    inputs: int
    outputs: int
    input_hash: int
    output_hash: int
    log_begins: int
    clock: str = ""
    config: str = ""
    tick_us: int | None = None
    written_us: int = 0


class Running:
    """The running counts and hashes of a shard, in order of its log."""

    __slots__ = ("config", "input_hash", "inputs", "log_begins", "output_hash", "outputs", "tick_us")

    def __init__(self, head: Head | None = None) -> None:
        self.config = "" if head is None else head.config
        self.tick_us = None if head is None else head.tick_us
        self.inputs = 0 if head is None else head.inputs
        self.outputs = 0 if head is None else head.outputs
        self.input_hash = 0 if head is None else head.input_hash
        self.output_hash = 0 if head is None else head.output_hash
        self.log_begins = 0 if head is None else head.log_begins

    def take(self, records: Sequence[Record]) -> None:
        """Count records of the log.

        The hash of all bytes one after the other is that of each in turn: where the log is cut makes no difference.
        """
        if records and not self.inputs:
            self.log_begins = first_of(records[0])
        self.inputs += len(records)
        origins = [record.origin for record in records]
        parts = [b""] * (2 * len(records))
        parts[::2] = [origin.encode() for origin in origins]
        parts[1::2] = [record.value for record in records]
        self.input_hash = crc32(b"".join(parts), self.input_hash)
        if OWN_ORIGIN in origins:
            for record in records:
                if record.origin == OWN_ORIGIN:
                    self._note(record.value)

    def _note(self, own: bytes) -> None:
        """Remember what Driftline itself has said of the log."""
        if is_config(own):
            self.config = own.decode()
        elif not is_partial(own):  # one reader of several may be far ahead of the others
            self.tick_us = observed_us(own)

    def say(self, topic: str, key: str, value: bytes) -> None:
        """Count an output, as the bytes that go to its topic."""
        self.outputs += 1
        self.output_hash = crc32(value, crc32(key.encode(), crc32(topic.encode(), self.output_hash)))

    def head(self, *, position: int, state_version: int, clock: str, written_us: int) -> Head:
        """Return the head of a checkpoint here."""
        return Head(
            position=position,
            state_version=state_version,
            inputs=self.inputs,
            outputs=self.outputs,
            input_hash=self.input_hash,
            output_hash=self.output_hash,
            log_begins=self.log_begins,
            clock=clock,
            config=self.config,
            tick_us=self.tick_us,
            written_us=written_us,
        )


def begins(value: bytes, origin: str) -> int:
    """Return what tells one log from another: the hash of its first record."""
    return crc32(value, crc32(origin.encode()))


def first_of(record: Record) -> int:
    """Return `begins` of a record as it was read back."""
    return begins(record.value, record.origin)


encode_head = msgspec.json.Encoder().encode
_decode_head = msgspec.json.Decoder(Head).decode


def read_head(encoded: bytes, topic: str, shard: int) -> Head:
    """Return the head in a record of the topic `state`; raise `StateError` where it is not one of this program."""
    try:
        return _decode_head(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise StateError(f"{topic} holds a head of shard {shard} that this program cannot read: {problem}") from None
