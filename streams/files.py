"""Read files of events: plain or gzip, from disk or standard input, several of them merged in order of arrival."""

from __future__ import annotations

import gzip
import heapq
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from streams.lines import parse_line
from streams.record import Record

LINE_BYTES_MAX = 8 << 20


class InputError(Exception):
    """A file that cannot be read to its end; the message is one clear line that names it."""


class _Arrival(msgspec.Struct, gc=False):
    observed_at: str


class _Envelope(msgspec.Struct, gc=False):
    value: _Arrival


_envelope = msgspec.json.Decoder(_Envelope)


def read_records(paths: list[str], on_bytes: Callable[[int], None] | None = None) -> Iterator[Record]:
    """Yield the records of `paths` (`-` is standard input) in order; several are merged by `observed_at`.

    `on_bytes` is told how many bytes of the files have been read. Raises InputError, also half-way.
    """
    with ExitStack() as stack:
        sources = [(path, _opened(path, stack)) for path in paths]
        streams = [_lines(path, file, on_bytes) for path, file in sources]
        lines: Iterable[tuple[str, bytes]] = streams[0] if len(streams) == 1 else _merged(streams)
        for origin, line in lines:
            yield parse_line(line, origin)


def _opened(path: str, stack: ExitStack) -> BinaryIO:
    if path == "-":
        return sys.stdin.buffer
    try:
        file = stack.enter_context(Path(path).open("rb"))  # noqa: SIM115  # the stack closes it
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
    return cast("BinaryIO", stack.enter_context(gzip.open(file))) if is_gzip else file


def _lines(path: str, file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[tuple[str, bytes]]:
    """Yield (origin, line) of one file; a line beyond all measure is cut, and so quarantined, not read into memory."""
    number = unreported = 0
    try:
        while line := file.readline(LINE_BYTES_MAX):
            number += 1
            yield_line = line
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
    """Merge by arrival; a line whose arrival cannot be read stays behind the line before it."""

    def dated(stream: Iterator[tuple[str, bytes]], index: int) -> Iterator[tuple[str, int, tuple[str, bytes]]]:
        arrival = ""
        for entry in stream:
            # What cannot be read keeps its place: the monitor will quarantine it.
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                arrival = max(arrival, _envelope.decode(entry[1]).value.observed_at)
            yield arrival, index, entry

    for _, _, entry in heapq.merge(*(dated(stream, index) for index, stream in enumerate(streams))):
        yield entry
