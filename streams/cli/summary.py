"""The summary at the end of a run: what was read, what was found, and what stands open."""

from __future__ import annotations

import click

from alerts.records import Alert
from streams.monitor import Monitor
from streams.monitor.report import position_rows
from streams.replay import Tally

OPEN_SHOWN = 10


def show_summary(monitor: Monitor, tally: Tally) -> None:
    """Print the summary of a replay on standard output."""
    for line in summary_lines(monitor, tally):
        click.echo(line)


def summary_lines(monitor: Monitor, tally: Tally) -> list[str]:
    """Return the summary, a line each."""
    counts = monitor.state.counts
    rows = list(position_rows(monitor.state))
    reported = [row for row in rows if row.reported is not None]
    agreeing = sum(row.drift == "0" for row in reported)
    lines = [
        "",
        f"Read {tally.records:,} records: {counts['transfers']:,} of movements, {counts['ledger']:,} of the ledger, "
        f"{counts['balances']:,} balances, {counts['reference']:,} references, {counts['control']:,} of control.",
        f"{counts['redelivered']:,} redelivered, {counts['set aside']:,} set aside for an unknown asset, "
        f"{tally.quarantined.total():,} quarantined.",
        f"{len(rows):,} positions, {len(reported):,} with a reported balance: {agreeing:,} agree to the last unit, "
        f"{len(reported) - agreeing:,} differ.",
    ]
    open_now = tally.still_open()
    ended = len(tally.standing) - len(open_now)
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(tally.opened.items())) or "none"
    lines.append(f"Alerts opened: {kinds}. Closed by themselves: {ended}. Open at the end: {len(open_now)}.")
    lines += [_open_line(alert) for alert in open_now[:OPEN_SHOWN]]
    if len(open_now) > OPEN_SHOWN:
        lines.append(f"  ... and {len(open_now) - OPEN_SHOWN} more")
    return lines


def _open_line(alert: Alert) -> str:
    return f"  {alert.severity.value} {alert.type} since {alert.opened_at}: {alert.explanation[:300]}"
