"""Two ways to show a run: a live screen on a terminal, and plain lines anywhere else."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alerts.records import Alert
from alerts.sinks.terminal import TerminalSink, printable
from streams.demo.floor import Figures
from streams.demo.watch import Watch, place_of
from streams.monitor.report import PositionRow

ALERTS_SHOWN = 8
POSITIONS_SHOWN = 20
NOTES_SHOWN = 6
STATUS_EVERY_S = 10.0
_STYLES = {"P1": "bold red", "P2": "dark_orange", "P3": "yellow", "P4": "cyan"}


class Screen(Protocol):
    """Something to look at while the demo runs."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def note(self, text: str) -> None:
        """Say something about the run."""

    def refresh(self, watch: Watch, sent: int, alerts: list[Alert]) -> None:
        """Show how things stand, and the alerts said since the last time."""

    def close(self) -> None:
        """Let the picture stand; notes go on below it."""


class PlainScreen:
    """A line for each alert record, a line of figures now and then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._sink = TerminalSink(stream)
        self._due_s = STATUS_EVERY_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing stands still in plain lines."""

    def note(self, text: str) -> None:
        self._stream.write(printable(text, self._stream.encoding) + "\n")
        self._stream.flush()

    def refresh(self, watch: Watch, sent: int, alerts: list[Alert]) -> None:
        for alert in alerts:
            self._sink.send(alert)
        if watch.elapsed_s >= self._due_s:
            self._due_s += STATUS_EVERY_S
            self.note(figures(watch, sent))
            self.note(f"        {flow(watch.floor.figures())}")


class LiveScreen:
    """Positions being reconciled, and alerts as they open and close."""

    def __init__(self) -> None:
        self._live = Live(console=Console(), refresh_per_second=4, transient=False)
        self._alerts: list[Alert] = []
        self._notes: list[str] = []
        self._open = False

    def __enter__(self) -> Self:
        self._live.__enter__()
        self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._live.__exit__(None, None, None)

    def note(self, text: str) -> None:
        if not self._open:  # the picture stands still: what is said now is said below it
            self._live.console.print(Text(printable(text, "utf-8"), style="bold"))
        self._notes = [*self._notes, text][-NOTES_SHOWN:]

    def refresh(self, watch: Watch, sent: int, alerts: list[Alert]) -> None:
        self._alerts = [*self._alerts, *alerts][-ALERTS_SHOWN:]
        # What matters most stands first: a small terminal cuts the end off.
        parts: list[RenderableType] = [Text(note, style="bold cyan") for note in self._notes]
        parts += [Text(figures(watch, sent)), _decisions(watch), _alerts(self._alerts), _positions(watch.positions())]
        self._live.update(Group(*parts))


def screen(plain: bool) -> Screen:
    """Return the live screen where standard output is a terminal, plain lines elsewhere."""
    return PlainScreen(sys.stdout) if plain or not sys.stdout.isatty() else LiveScreen()


def figures(watch: Watch, sent: int) -> str:
    """Return the throughput and how many positions agree, as one line."""
    positions = [row for row in watch.positions() if row.drift is not None]
    agreeing = sum(row.agrees for row in positions)
    rate = watch.records() / max(watch.elapsed_s, 0.1)
    return (
        f"{watch.elapsed_s:4.0f} s  {sent:,} events sent, {watch.records():,} reconciled ({rate:.0f}/s), "
        f"{agreeing} of {len(positions)} positions agree"
    )


def flow(now: Figures) -> str:
    """Return what becomes of the requests, as one line."""
    held = f"{now.holding} held" + (f" at {', '.join(now.held_at)}" if now.held_at else "")
    return (
        f"{now.judged:,} requests judged (in {now.verdict_ms:.0f} ms), {now.free_share:.0%} free of risk; {now.flowing} flow now, "
        f"{now.waiting} wait for people, {held}"
    )


def _decisions(watch: Watch) -> Panel:
    now, brakes = watch.floor.figures(), watch.brakes().values()
    table = Table.grid(padding=(0, 2))
    table.add_row("requests judged", f"{now.judged:,}", f"a verdict takes {now.verdict_ms:.0f} ms (median)")
    table.add_row("free of risk", f"{now.free_share:.1%}", f"{now.flowing} flow now, {now.flowed:,} so far")
    oldest = f"the oldest for {now.oldest_s:.0f} s" if now.waiting else ""
    table.add_row("waiting for people", str(now.waiting), oldest)
    why = "; ".join(f"{alert.type} {place_of(alert)} ({alert.alert_id})" for alert in brakes)
    table.add_row("held by the brake", str(now.holding), why, style="bold red" if brakes else "")
    return Panel(table, title="Decisions")


def _positions(rows: list[PositionRow]) -> Table:
    table = Table(title="Positions", expand=True)
    for name in ("location", "asset"):
        table.add_column(name)
    for name in ("expected", "reported", "drift", "in transit"):
        table.add_column(name, justify="right")
    for row in rows[:POSITIONS_SHOWN]:
        style = "" if row.agrees else "bold red"
        table.add_row(
            row.location, row.asset, row.expected, row.reported or "", row.drift or "", row.in_transit, style=style
        )
    return table


def _alerts(alerts: list[Alert]) -> Panel:
    lines = Text()
    for alert in alerts:
        style = _STYLES[alert.severity.value] if alert.state.value == "open" else "green"
        head = f"{alert.updated_at[11:19]} {alert.severity.value} {alert.type} {alert.state.value}: "
        lines.append(printable(head + alert.explanation, "utf-8") + "\n", style=style)
    return Panel(lines if alerts else Text("none so far", style="dim"), title="Alerts")
