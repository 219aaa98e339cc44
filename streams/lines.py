"""One line of a JSONL file as a record of the log, and a record of the log as one line.

A plain file holds ``{"topic": ..., "value": {...}}``; an exported log adds where each record came from, when it was
logged and on which shard. The bytes of `value` are never read and written again: they are cut out of the line and
spliced into it as they are, so a replay of an exported log sees byte for byte what the live run saw.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec

from ledger.shards import SHARDS_MAX
from ledger.times import to_text, to_us
from streams.record import Record

_WHITE_SPACE = b" \t\r\n"


class _Line(msgspec.Struct, frozen=True, gc=False):
    topic: str
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    raw_b64: bytes | msgspec.UnsetType = msgspec.UNSET  # msgspec reads base64 text into bytes
    input: str | msgspec.UnsetType = msgspec.UNSET
    logged_at: Annotated[datetime, msgspec.Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET
    shard: Annotated[int, msgspec.Meta(ge=0, lt=SHARDS_MAX)] | msgspec.UnsetType = msgspec.UNSET


class Placed(NamedTuple):
    """A record, and the shard of the log that an exported line says it is of; None for a line of a plain file."""

    record: Record
    shard: int | None


_decode_line = msgspec.json.Decoder(_Line).decode
_quote = msgspec.json.Encoder().encode
_UNSET = msgspec.UNSET


def parse_line(line: bytes, origin: str = "") -> Record:
    """Return the record of one line (an envelope, plain or exported); never raise on any bytes.

    `origin` is what the caller knows about the line (file and number); what the line says itself (`input`) goes
    before it. A line that is no envelope comes back with an empty topic and the line itself, without its line end, as
    the value: the monitor quarantines it.

    >>> parse_line(b'{"topic":"transfers","value":{"amount":"1.50"},"input":"transfers/0/17"}')
    Record(topic='transfers', value=b'{"amount":"1.50"}', origin='transfers/0/17', logged_at_us=None)
    >>> parse_line(b'not JSON', "day.jsonl:3")
    Record(topic='', value=b'not JSON', origin='day.jsonl:3', logged_at_us=None)
    """
    return parse_placed(line, origin).record


def parse_placed(line: bytes, origin: str = "") -> Placed:
    """Return the record of one line, as `parse_line` does, and its shard.

    >>> parse_placed(b'{"topic":"ledger","value":{},"input":"ledger/0/1","shard":2}').shard
    2
    """
    try:
        parsed = _decode_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Placed(Record("", line.rstrip(b"\r\n"), origin), None)
    value, stamp, source = parsed.value, parsed.logged_at, parsed.input
    if isinstance(value, msgspec.Raw):
        content = bytes(value)
    elif isinstance(parsed.raw_b64, bytes):
        content = parsed.raw_b64
    else:
        return Placed(Record("", line.rstrip(b"\r\n"), origin), None)
    record = Record(
        parsed.topic,
        content,
        origin if source is _UNSET else source,
        None if stamp is _UNSET else to_us(stamp),
    )
    return Placed(record, None if parsed.shard is _UNSET else parsed.shard)


def format_line(record: Record, shard: int = 0) -> bytes:
    """Return the exported line of a record of the log, without a line end.

    The value is spliced in as it is where it is JSON that stays on one line, and as `raw_b64` where it is not;
    `parse_line` gives the same bytes back either way.
    """
    parts = [b'{"topic":', _quote(record.topic)]
    if _can_be_spliced(record.value):
        parts += [b',"value":', record.value]
    else:
        parts += [b',"raw_b64":"', base64.b64encode(record.value), b'"']
    parts += [b',"input":', _quote(record.origin)]
    if record.logged_at_us is not None:
        parts += [b',"logged_at":"', to_text(record.logged_at_us).encode(), b'"']
    parts.append(b',"shard":%d}' % shard)
    return b"".join(parts)


def _can_be_spliced(value: bytes) -> bool:
    """Say whether `value` is JSON that survives as a part of a line: white space at its ends or a line end would not."""
    if not value or value[:1] in _WHITE_SPACE or value[-1:] in _WHITE_SPACE or b"\n" in value or b"\r" in value:
        return False
    try:
        msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
