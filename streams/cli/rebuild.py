"""`driftline rebuild`: the state made anew from the log, and held against the one that is there."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.engine.clients import KAFKA_LOGGER
from streams.engine.comparison import NAMED_MAX, counted
from streams.engine.errors import EngineError
from streams.engine.rebuild import Rebuild, Rebuilt
from streams.engine.settings import EngineSettings, settings_from
from streams.monitor import Monitor


@click.command(name="rebuild")
@click.option("--broker", metavar="HOST:PORT", help="The Kafka broker.")
@click.option("--topic-prefix", help="What stands before every topic's name.")
@click.option("--shard", type=click.IntRange(min=0), default=0, show_default=True, help="Which shard.")
@click.option("--write", is_flag=True, help="Put the state made anew in the place of the live one.")
@click.option("--yes", is_flag=True, help="Say that a worker that holds the shard may be shut out for --write.")
def command(broker: str | None, topic_prefix: str | None, shard: int, write: bool, yes: bool) -> None:
    """Make the state of a shard anew from its log, and compare it with the live one at the live one's place.

    Exits 0 where they are equal, or the new one was written; 1 where they differ; 2 where it cannot be done.
    """
    KAFKA_LOGGER.setLevel(logging.CRITICAL)  # one clear line below says more than the client's own
    if write and not yes:
        _fail(f"--write shuts out a worker that holds shard {shard}: stop it, and say --yes")
    try:
        rebuilt, rows = _rebuild(settings_of(broker, topic_prefix), shard, write=write)
    except EngineError as error:
        _fail(error)
    show(rebuilt, shard)
    if rows is not None:
        click.echo(
            f"Written: the state of shard {shard} at {rebuilt.anew.position:,} is the one made anew, {rows:,} rows."
        )
    sys.exit(0 if rebuilt.is_equal or write else 1)


def settings_of(broker: str | None, topic_prefix: str | None) -> EngineSettings:
    """Return the settings of the environment with what was given in their place."""
    given = {"DRIFTLINE_BROKER": broker, "DRIFTLINE_TOPIC_PREFIX": topic_prefix}
    return settings_from({**os.environ, **{name: value for name, value in given.items() if value is not None}})


def _rebuild(settings: EngineSettings, shard: int, *, write: bool) -> tuple[Rebuilt, int | None]:
    rebuild = Rebuild(settings, shard, Monitor(shard=shard))
    with _progress(rebuild.position) as on_applied:
        rebuild.make(on_applied)
    if not write:
        return rebuild.compare(), None
    rebuild.take()  # only now, so that a worker is not kept out for longer than it takes to catch up with it
    rebuild.make()
    rebuilt = rebuild.compare()
    return rebuilt, None if rebuilt.is_equal else rebuild.write()


def show(rebuilt: Rebuilt, shard: int) -> None:
    """Say how the two states compare: the figures of both, then what differs."""
    click.echo(f"Shard {shard} at {rebuilt.live.position:,} of its log:")
    for name, head, count, hashed in (
        ("live", rebuilt.live, rebuilt.live_count, rebuilt.live_hash),
        ("anew", rebuilt.anew, rebuilt.anew_count, rebuilt.anew_hash),
    ):
        click.echo(
            f"  {name}  {head.inputs:,} records in ({head.input_hash:08x}), "
            f"{head.outputs:,} outputs ({head.output_hash:08x}), {count:,} rows ({hashed}), version {head.state_version}"
        )
    if rebuilt.is_equal:
        click.echo("Equal.")
        return
    for line in rebuilt.heads:
        click.echo(f"differs in {line} as the log gives")
    if rebuilt.is_other_version:
        click.echo("Rows of two versions are not compared.")
        return
    click.echo(f"Rows: {counted(rebuilt.rows)}.")
    for row in rebuilt.rows[:NAMED_MAX]:
        click.echo(f"  {row}")
    if len(rebuilt.rows) > NAMED_MAX:
        click.echo(f"  and {len(rebuilt.rows) - NAMED_MAX:,} more")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object] | None]:
    """Show how far the log has been applied, on a terminal only."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("applying the log"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("applying", total=total)
        yield lambda applied: progress.update(task, completed=applied)


def _fail(problem: object) -> NoReturn:
    click.echo(f"driftline rebuild: {problem}", err=True)
    sys.exit(2)
