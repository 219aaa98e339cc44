"""Alert records into a file, one line of JSON each, there to read as soon as they are said."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from alerts.records import Alert, encode
from alerts.sinks.base import SinkError


class JsonlSink:
    """A file of alert records. Each goes out as one append of a whole line, so a reader never sees half of one.

    An existing file is continued, or emptied first with `fresh`. A line that a crash tore is ended before the next
    record. Nothing is forced to the disk: what the system has, it keeps when the program dies, not when power fails.
    """

    def __init__(self, path: Path | str, *, fresh: bool = False) -> None:
        """Open the file. Raises SinkError where its folder is missing or it cannot be written."""
        self._path = Path(path)
        if not self._path.parent.is_dir():
            raise SinkError(f"cannot write alerts to {path}: there is no folder {self._path.parent}", retry=False)
        try:
            self._file: int | None = _opened(self._path, fresh)
        except OSError as error:
            raise SinkError(f"cannot write alerts to {path}: {error.strerror}", retry=False) from error

    def send(self, alert: Alert) -> None:
        """Append the record. Raises SinkError where the system refuses it, or the sink is closed."""
        if self._file is None:
            raise SinkError(f"{self._path} is closed", retry=False)
        try:
            _write_whole(self._file, encode(alert) + b"\n")
        except OSError as error:
            raise SinkError(f"cannot write alerts to {self._path}: {error.strerror}", retry=True) from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _opened(path: Path, fresh: bool) -> int:
    torn = not fresh and _ends_torn(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_TRUNC if fresh else 0)
    file = os.open(path, flags, 0o644)
    if torn:
        _write_whole(file, b"\n")
    return file


def _ends_torn(path: Path) -> bool:
    """Say whether the last line of a regular file lacks its end. A pipe or a device cannot be asked."""
    if not path.exists() or not stat.S_ISREG(path.stat().st_mode) or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _write_whole(file: int, data: bytes) -> None:
    """Append all bytes. One call takes them all but where the disk is almost full; then the rest follows or fails."""
    while data:
        data = data[os.write(file, data) :]
