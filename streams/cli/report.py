"""`driftline report`: files in, and the service of a day out: what went through by itself, and where the work was."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from streams.files import InputError, read_placed
from streams.monitor import Monitor, SettingsError, encode, load_settings
from streams.monitor.service_report import service_report
from streams.monitor.service_rows import BacklogRow, RuleRow, ServiceReport, ServiceRow, day_of
from streams.monitors import Monitors
from streams.replay import replay

WIDTH = 132  # where the output is no terminal
_Cells = tuple[object, ...]


@click.command(name="report")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--day", metavar="YYYY-MM-DD", help="The day (UTC) of the requests; without it, the last of the input.")
@click.option("--json", "json_path", metavar="OUT.json", help="Write the report as JSON; `-` is standard output.")
@click.option("--config", type=Path, help="Settings (TOML) in place of those in the log.")
@click.option("--shard", type=int, help="The shard to report on, where there are several.")
def command(
    files: tuple[str, ...], day: str | None, json_path: str | None, config: Path | None, shard: int | None
) -> None:
    """Run the monitor over FILE... and say how a day went: by operation, by client, and where people had to decide.

    Every movement counts on the day on which it was asked for, with all that is known of it at the end of the input.
    Exits 0 when the input was read to its end, 2 when it could not be.
    """
    try:
        number = None if day is None else _day(day)
        monitors = Monitors(load_settings(config), pinned=True) if config else Monitors()
        replay(monitors, monitors.mapped(read_placed(list(files))), lambda _: None)
        report = service_report(_of_shard(monitors, shard).state, number)
        if json_path not in (None, "-"):
            Path(str(json_path)).write_bytes(encode(report) + b"\n")
    except (InputError, SettingsError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"cannot write {error.filename or 'the output'}: {error.strerror}")
    if json_path == "-":
        click.echo(encode(report))
    else:
        show_report(report)


def _of_shard(monitors: Monitors, shard: int | None) -> Monitor:
    """Return the monitor of a shard; of the only one where none is named."""
    count = len(monitors.monitors)
    if shard is None and count > 1:
        raise InputError(f"there are {count} shards, each with a service of its own: name one with --shard")
    if not 0 <= (shard or 0) < count:
        raise InputError(f"there is no shard {shard}: they are 0 to {count - 1}")
    return monitors.monitors[shard or 0]


def _day(text: str) -> int:
    try:
        return day_of(text)
    except ValueError:
        raise InputError(f"--day {text} is not a day; write it as 2026-01-31") from None


def _fail(message: str) -> NoReturn:
    click.echo(f"driftline: {message}", err=True)
    sys.exit(2)


def show_report(report: ServiceReport) -> None:
    """Print the report as tables."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    console.print(f"Service of {report.day}, as of {report.as_of}, by policy {report.policy_version}", soft_wrap=True)
    rows = [*report.operations, report.total] if len(report.operations) != 1 else list(report.operations)
    _show(console, "By operation", _SERVICE, map(_service_cells, rows))
    _show(console, "By client, most manual work first", _SERVICE, map(_service_cells, report.clients))
    _show(
        console, "What sent movements to people", _RULES, (_rule_cells(row) for row in report.rules if row.for_people)
    )
    _show(console, "Waiting at the end of the input", _BACKLOG, map(_backlog_cells, report.backlog))
    for line in _lines(report):
        console.print(line, soft_wrap=True, markup=False)


_SERVICE = (
    "", "moves", "asked", "risk-free", "straight", "by hand", "done", "p50", "p95", "held", "now", "for", "undone", "errors",
)  # fmt: skip
_RULES = ("rule", "operation", "to people", "for this alone", "in all")
_BACKLOG = ("operation", "stage", "count", "overdue", "oldest", "since")


def _show(console: Console, title: str, heads: tuple[str, ...], rows: Iterable[_Cells]) -> None:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, title_style="bold")
    texts = {"", "rule", "operation", "stage", "since"}
    for head in heads:
        table.add_column(head, justify="left" if head in texts else "right", no_wrap=head != "")
    for row in rows:
        table.add_row(*(_text(cell) for cell in row))
    if table.row_count:
        console.print(table)


def _text(cell: object) -> str:
    return "-" if cell is None else str(cell).replace("[", "\\[")


def _service_cells(row: ServiceRow) -> _Cells:
    return (
        row.name, row.movements, row.requested, percent(row.risk_free_share), percent(row.straight_through_rate),
        percent(row.manual_share), row.completed, _span(row.took_p50_s), _span(row.took_p95_s), row.held, row.held_now,
        _span(row.held_s) if row.held else None, sum(row.undone.values()), sum(row.errors.values()),
    )  # fmt: skip


def _rule_cells(row: RuleRow) -> _Cells:
    return row.rule, row.op_type, row.for_people, row.sole, row.movements


def _backlog_cells(row: BacklogRow) -> _Cells:
    return row.op_type, row.stage, row.count, row.overdue, _span(row.oldest_s), row.oldest_since


def _lines(report: ServiceReport) -> list[str]:
    """Return what stands below the tables: errors, corrections, promises, and how right the policy was."""
    total = report.total
    lines = [f"Errors: {_counts(total.errors)}.", _corrections(total)]
    if total.promises_kept or total.promises_broken:
        lines.append(f"Promises kept: {_counts(total.promises_kept)}; broken: {_counts(total.promises_broken)}.")
    missed = ", ".join(f"{row.count} by {row.check} ({row.alert_type})" for row in report.missed)
    lines.append(f"Risk-free so far and confirmed: {report.confirmed}; found wrong: {missed or 'none'}.")
    return lines


def _corrections(total: ServiceRow) -> str:
    unpriced = f", {total.corrections_unpriced} of no known price" if total.corrections_unpriced else ""
    return f"Corrections by hand: {total.corrections}, worth {total.corrections_usd} USD{unpriced}."


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def percent(text: str | None) -> str | None:
    """Return a share of four places as people read it, exactly.

    >>> percent("0.6667")
    '66.67 %'
    """
    if text is None:
        return None
    whole, _, places = text.partition(".")
    return f"{int(whole + places[:2])}.{places[2:]} %"


def _span(seconds: Any) -> str | None:
    """Return a length of time as people read it: `45 s`, `12 min`, `3.5 h`."""
    if seconds is None:
        return None
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    tenths = seconds // 360
    return f"{tenths // 10}.{tenths % 10} h"
