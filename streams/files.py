"""Read files of events: plain or gzip, from disk or standard input, several of them merged in order of arrival."""

from __future__ import annotations

import gzip
import heapq
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from io import BufferedReader, RawIOBase
from operator import itemgetter
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec

from ledger.times import to_us
from streams.lines import Placed, parse_placed
from streams.record import Record

LINE_BYTES_MAX = 8 << 20


class InputError(Exception):
    """A file that cannot be read to its end; the message is one clear line that names it."""


class _Arrival(msgspec.Struct, gc=False):
    observed_at: Annotated[datetime, msgspec.Meta(tz=True)]


class _Envelope(msgspec.Struct, gc=False):
    value: _Arrival


_envelope = msgspec.json.Decoder(_Envelope)


def read_records(paths: list[str], on_bytes: Callable[[int], None] | None = None) -> Iterator[Record]:
    """Yield the records of `paths` in order, of whatever shards they are; see `read_placed`."""
    return (placed.record for placed in read_placed(paths, on_bytes))


def read_placed(paths: list[str], on_bytes: Callable[[int], None] | None = None) -> Iterator[Placed]:
    """Yield the records of `paths` (`-` is standard input) in order, with their shards; several are merged by `observed_at`.

    `on_bytes` is told how many bytes of the files have been read. Raises InputError, also half-way.
    """
    with ExitStack() as stack:
        sources = [(path, _opened(path, stack)) for path in paths]
        streams = [_lines(path, file, on_bytes) for path, file in sources]
        lines: Iterable[tuple[str, bytes]] = streams[0] if len(streams) == 1 else _merged(streams)
        for origin, line in lines:
            yield parse_placed(line, origin)


def _opened(path: str, stack: ExitStack) -> BinaryIO:
    try:
        file = _standard_input(stack) if path == "-" else stack.enter_context(Path(path).open("rb"))  # noqa: SIM115  # the stack closes it
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
    return cast("BinaryIO", stack.enter_context(gzip.open(file))) if is_gzip else file


def _standard_input(stack: ExitStack) -> BufferedReader:
    """Return standard input as something that can be looked ahead in, and given back unclosed."""
    file: BufferedReader = BufferedReader(cast("RawIOBase", sys.stdin.buffer))
    stack.callback(file.detach)
    return file


def _lines(path: str, file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[tuple[str, bytes]]:
    """Yield (origin, line) of one file; a line beyond all measure is cut, and so quarantined, not read into memory."""
    number = unreported = 0
    try:
        while line := file.readline(LINE_BYTES_MAX):
            number += 1
            yield_line = line.removeprefix(BOM_UTF8) if number == 1 else line
            while not line.endswith(b"\n") and (line := file.readline(LINE_BYTES_MAX)):
                pass
            unreported += len(yield_line)
            if on_bytes is not None and unreported > 1 << 18:
                on_bytes(unreported)
                unreported = 0
            if not yield_line.isspace():
                yield f"{path}:{number}", yield_line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot read {path} beyond line {number}: {error}") from None


def _merged(streams: list[Iterator[tuple[str, bytes]]]) -> Iterator[tuple[str, bytes]]:
    """Merge by arrival, each file keeping its own order."""
    dated = [_dated(stream, index) for index, stream in enumerate(streams)]
    for _, _, entry in heapq.merge(*dated, key=itemgetter(0, 1)):
        yield entry


def _dated(stream: Iterator[tuple[str, bytes]], index: int) -> Iterator[tuple[int, int, tuple[str, bytes]]]:
    """Yield each line with when it arrived, but not later than the line behind it: one wild date holds nothing back.

    A line whose arrival cannot be read keeps its place behind the line before it.
    """
    before_us = 0
    waiting: tuple[int, tuple[str, bytes]] | None = None
    for entry in stream:
        before_us = arrived_us = _arrival_us(entry[1], before_us)
        if waiting is not None:
            yield min(waiting[0], arrived_us), index, waiting[1]
        waiting = (arrived_us, entry)
    if waiting is not None:
        yield waiting[0], index, waiting[1]


def _arrival_us(line: bytes, otherwise_us: int) -> int:
    try:
        return to_us(_envelope.decode(line).value.observed_at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        return otherwise_us  # the monitor will quarantine it
