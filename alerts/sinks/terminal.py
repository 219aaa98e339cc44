"""Alert records for somebody at a terminal: a line each, in colour by severity, and plain where it is no terminal."""

from __future__ import annotations

import sys
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from alerts.records import Alert, AlertState, Severity
from alerts.sinks.base import SinkError

_STYLES: Final = {
    Severity.P1: "bold red",
    Severity.P2: "dark_orange",
    Severity.P3: "yellow",
    Severity.P4: "cyan",
}
_ALIVE: Final = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


class TerminalSink:
    """Lines of time, severity, type, state, scope and explanation on a stream that stays the caller's own."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`; to standard output if none is given."""
        self._stream = sys.stdout if stream is None else stream
        # Wrapping is left to the terminal, so that one record stays one line for whoever copies it.
        self._console = Console(file=self._stream, soft_wrap=True) if self._stream.isatty() else None
        self._closed = False

    def send(self, alert: Alert) -> None:
        """Print the record and flush. Raises SinkError where the stream is gone, or the sink is closed."""
        if self._closed:
            raise SinkError("the terminal sink is closed", retry=False)
        try:
            self._print(alert)
        except (OSError, ValueError) as error:  # ValueError: a stream that its owner has closed
            raise SinkError(f"cannot print alerts: {error}", retry=False) from error

    def close(self) -> None:
        """Print nothing more; the stream is left open."""
        self._closed = True

    def _print(self, alert: Alert) -> None:
        line = printable(line_of(alert), self._stream.encoding)
        if self._console is None:
            self._stream.write(line + "\n")
        else:
            # A Text is shown as it is: rich reads no markup in it.
            self._console.print(Text(line, style=_style(alert)))
        self._stream.flush()


def line_of(alert: Alert) -> str:
    """Return what is shown of a record, as one line, not yet safe to print."""
    scope = " ".join(f"{name}={value}" for name, value in alert.scope.to_plain().items())
    head = (alert.updated_at, alert.severity.value, alert.type, alert.state.value, scope)
    return f"{' '.join(part for part in head if part)} - {alert.explanation}"


def printable(text: str, encoding: str | None) -> str:
    """Return the text with everything escaped that a terminal obeys or hides, or that the encoding lacks.

    Control characters, line ends, marks that turn the direction of writing and invisible characters all become
    backslash escapes, so no event can move the cursor, colour the screen or write a line of its own.

    >>> printable("a" + chr(27) + "[31m", "utf-8") == "a" + chr(92) + "x1b[31m"
    True
    """
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    name = encoding or "utf-8"
    return safe.encode(name, "backslashreplace").decode(name)


def _style(alert: Alert) -> str:
    """Return the colour of the severity, or green for an alert that has ended."""
    return _STYLES[alert.severity] if alert.state in _ALIVE else "green"
