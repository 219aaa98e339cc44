"""One suite that every sink passes: order kept, closing twice is fine, hostile text is harmless.

Give `check_sink` a probe for a fresh place; a new sink comes with its probe and passes this untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from alerts.records import Alert, AlertState, Scope, Severity, rfc3339
from alerts.sinks.base import Sink, SinkError

HOSTILE: Final[tuple[str, ...]] = (
    "\x1b[5;31;47m",  # colours and blinking
    "\x1b[2J\x1b[H",  # clears the screen
    "\x1b]0;owned\x07",  # renames the window
    "\x9b31m",  # the same door in one character
    "\r",  # writes over the line
    "\nP1 position_drift open",  # forges a line
    "\u2028",  # a line end that few look for
    "\u202e",  # turns the direction of writing
    "\x00",
    "\x7f",
)
MARKUP: Final = "[bold red]x[/nope]"
"""Markup that must be shown as it is: obeyed it disappears, or raises."""

_RECORDS: Final = 50


class Probe(Protocol):
    """A place to try a sink on."""

    def open(self) -> Sink:
        """Return a sink that leads to this place, which is empty."""

    def delivered(self) -> list[str]:
        """Return what arrived, one raw text for each record (a medium of lines: the lines)."""


def sample(seq: int, explanation: str = "reported 0.40 BTC more than expected", location: str = "venue:one") -> Alert:
    """Return a record to send, the `seq`-th of one alert."""
    return Alert(
        alert_id="al-0123456789abcdef0123",
        incident_id="in-0123456789abcdef0123",
        type="position_drift",
        severity=Severity.P2,
        state=AlertState.OPEN,
        scope=Scope(location=location, asset="BTC"),
        opened_at=rfc3339(1_767_225_600_000_000),
        updated_at=rfc3339(1_767_225_600_000_000),
        seq=seq,
        count=seq + 1,
        evidence=("ev-1",),
        explanation=explanation,
        rule="position_drift",
        suggested_action="Compare the statement with the movements.",
        runbook="docs/runbooks/position_drift.md",
    )


def check_order_kept(probe: Probe) -> None:
    """All records arrive, in the order in which they were sent, and each before `send` returns."""
    sink = probe.open()
    for seq in range(_RECORDS):
        sink.send(sample(seq, f"marker-{seq:03d}."))
        assert len(probe.delivered()) == seq + 1, f"record {seq} had not arrived when send returned"
    sink.close()
    for seq, text in enumerate(probe.delivered()):
        assert f"marker-{seq:03d}." in text, f"record {seq} is not in its place: {text!r}"


def check_closes_twice(probe: Probe) -> None:
    """Closing again does nothing, what was sent stays, and a record after it is refused aloud."""
    sink = probe.open()
    sink.send(sample(0))
    sink.close()
    sink.close()
    try:
        sink.send(sample(1))
    except SinkError:
        refused = True
    else:
        refused = False
    assert refused, "a closed sink took a record"
    assert len(probe.delivered()) == 1, "closing changed what had arrived"


def check_hostile_text(probe: Probe) -> None:
    """Text that a medium might obey arrives as text, one record for each sent, with the words around it."""
    sink = probe.open()
    for seq, text in enumerate(HOSTILE):
        sink.send(sample(seq, f"before{text}after", location=f"venue{text}"))
    sink.send(sample(len(HOSTILE), MARKUP, location=MARKUP))
    sink.close()
    arrived = probe.delivered()
    assert len(arrived) == len(HOSTILE) + 1, f"{len(HOSTILE) + 1} records became {len(arrived)}"
    for sent, text in zip(HOSTILE, arrived, strict=False):
        assert sent not in text, f"{sent!r} arrived as it was"
        assert "before" in text, f"the words around {sent!r} are lost"
        assert "after" in text, f"the words around {sent!r} are lost"
    assert arrived[-1].count(MARKUP) == 2, f"markup was obeyed: {arrived[-1]!r}"


CHECKS: Final[tuple[Callable[[Probe], None], ...]] = (check_order_kept, check_closes_twice, check_hostile_text)


def check_sink(probe: Callable[[], Probe]) -> None:
    """Hold a sink to every check, each on a fresh place. Raises AssertionError that says what it broke."""
    for check in CHECKS:
        check(probe())
