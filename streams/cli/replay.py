"""`driftline replay`: files in, alerts and positions out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from alerts.sinks.base import Sink, SinkError
from alerts.sinks.jsonl import JsonlSink
from alerts.sinks.terminal import TerminalSink
from streams.cli.summary import show_summary
from streams.files import InputError, read_placed
from streams.monitor import SettingsError, encode, load_settings
from streams.monitors import Monitors
from streams.record import Output
from streams.replay import replay, write_positions

PROGRESS_FROM_BYTES = 4 << 20


@click.command(name="replay")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--alerts", type=Path, help="Write every alert record here, one JSON line each.")
@click.option("--decisions", type=Path, help="Write every decision of the policy here, one JSON line each.")
@click.option("--positions", type=Path, help="Write the last state of every position here.")
@click.option("--quarantine", type=Path, help="Write what could not be applied here, with its reason and bytes.")
@click.option("--config", type=Path, help="Settings (TOML) in place of those in the log.")
@click.option("--quiet", is_flag=True, help="No summary, and no alerts on the terminal.")
def command(
    files: tuple[str, ...],
    alerts: Path | None,
    decisions: Path | None,
    positions: Path | None,
    quarantine: Path | None,
    config: Path | None,
    quiet: bool,
) -> None:
    """Run the monitor over FILE... (plain or gzip; `-` is standard input), in order of arrival.

    Several files are merged by `observed_at`. Where the settings have several shards, each has a monitor of its own, and what
    they say comes in order of line, then shard. Without --alerts, alerts are shown as they come. Exits 0 when the input
    was read to its end, 2 when it could not be.
    """
    try:
        _check_paths(files, alerts, decisions, positions, quarantine)
        monitors = Monitors(load_settings(config), pinned=True) if config else Monitors()
        with ExitStack() as stack:
            on_output = _outputs(stack, alerts, decisions, quarantine, show=not (alerts or quiet))
            last_state = stack.enter_context(positions.open("wb")) if positions else None
            on_bytes = stack.enter_context(_progress(files, quiet=quiet))
            tally = replay(monitors, monitors.mapped(read_placed(list(files), on_bytes)), on_output)
            if last_state is not None:
                write_positions(monitors.monitors, last_state)
    except (InputError, SettingsError, SinkError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"cannot write {error.filename or 'the output'}: {error.strerror}")
    if tally.quarantined:
        counts = ", ".join(f"{count} {code}" for code, count in sorted(tally.quarantined.items()))
        click.echo(f"driftline: {tally.quarantined.total()} lines quarantined ({counts})", err=True)
    if not quiet:
        show_summary(monitors, tally)


def _check_paths(files: tuple[str, ...], *outputs: Path | None) -> None:
    """Refuse to write over what is to be read, and two outputs into one file."""
    taken = {os.path.realpath(file) for file in files if file != "-"}
    for output in outputs:
        if output is None:
            continue
        if os.path.realpath(output) in taken and output.is_file():
            raise InputError(f"{output} is named twice: it cannot be written as well")
        taken.add(os.path.realpath(output))


def _fail(message: str) -> NoReturn:
    click.echo(f"driftline: {message}", err=True)
    sys.exit(2)


def _outputs(
    stack: ExitStack, alerts: Path | None, decisions: Path | None, quarantine: Path | None, *, show: bool
) -> Callable[[Output], None]:
    """Return what takes each output to where it is wanted."""
    sinks: list[Sink] = [JsonlSink(alerts, fresh=True)] if alerts else []
    if show:
        sinks.append(TerminalSink())
    for sink in sinks:
        stack.callback(sink.close)
    kept = stack.enter_context(quarantine.open("wb")) if quarantine else None
    decided = stack.enter_context(decisions.open("wb")) if decisions else None
    files = {"quarantine": kept, "decisions": decided}

    def take(output: Output) -> None:
        if output.topic == "alerts":
            for sink in sinks:
                sink.send(output.value)
            return
        file = files[output.topic]
        if file is not None:
            file.write(encode(output.value) + b"\n")

    return take


@contextmanager
def _progress(files: tuple[str, ...], *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """Show how far a long input has been read, on a terminal only."""
    size = sum(Path(file).stat().st_size for file in files if file != "-" and Path(file).is_file())
    console = Console(stderr=True)
    packed = any(file.endswith(".gz") for file in files)
    if quiet or not console.is_terminal or "-" in files or size < PROGRESS_FROM_BYTES:
        yield None
        return
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        # How much a packed file holds is not known before it is read: the bar only moves.
        task = progress.add_task("reading", total=None if packed else size)
        yield lambda count: progress.advance(task, count)
