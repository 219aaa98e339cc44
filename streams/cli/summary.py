"""The summary at the end of a run: what was read, what was found, and what stands open."""

from __future__ import annotations

import click

from alerts.records import Alert
from streams.monitor.report import position_rows
from streams.monitors import Monitors
from streams.replay import Tally

OPEN_SHOWN = 10


def show_summary(monitors: Monitors, tally: Tally) -> None:
    """Print the summary of a replay on standard output."""
    for line in summary_lines(monitors, tally):
        click.echo(line)


def summary_lines(monitors: Monitors, tally: Tally) -> list[str]:
    """Return the summary, a line each."""
    open_now = tally.still_open()
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(tally.opened.items())) or "none"
    ended = len(tally.standing) - len(open_now)
    lines = ["", *_read_lines(monitors, tally), _positions_line(monitors)]
    lines.append(f"Alerts opened: {kinds}. Closed again: {ended}. Open at the end: {len(open_now)}.")
    lines += [_open_line(alert) for alert in open_now[:OPEN_SHOWN]]
    if len(open_now) > OPEN_SHOWN:
        lines.append(f"  ... and {len(open_now) - OPEN_SHOWN} more")
    return lines


def _read_lines(monitors: Monitors, tally: Tally) -> list[str]:
    counts = monitors.counts
    kinds = (("transfers", "of movements"), ("ledger", "of the ledger"), ("balances", "balances"),
             ("reference", "references"), ("control", "of control"), ("ticks", "ticks"))  # fmt: skip
    read = ", ".join(f"{counts[key]:,} {name}" for key, name in kinds if counts[key])
    waiting = sum(monitor.state.set_aside.size for monitor in monitors.monitors)
    return [
        f"Read {tally.records:,} records: {read or 'nothing that could be applied'}.",
        (
            f"{counts['redelivered']:,} redelivered, {waiting:,} still waiting for an unknown asset, "
            f"{tally.quarantined.total():,} quarantined."
        ),
    ]


def _positions_line(monitors: Monitors) -> str:
    rows = [row for monitor in monitors.monitors for row in position_rows(monitor.state)]
    reported = [row for row in rows if row.drift is not None]
    exact = sum(row.drift == "0" for row in reported)
    dusty = sum(row.agrees for row in reported) - exact
    return (
        f"{len(rows):,} positions, {len(reported):,} with a reported balance: {exact:,} agree to the last digit, "
        f"{dusty:,} but for dust, {len(reported) - exact - dusty:,} differ."
    )


def _open_line(alert: Alert) -> str:
    return f"  {alert.severity.value} {alert.type} opened {alert.opened_at}: {alert.explanation[:300]}"
