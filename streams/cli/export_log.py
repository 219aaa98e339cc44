"""`driftline export-log`: the log as a file."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from streams.engine.clients import KAFKA_LOGGER
from streams.engine.errors import EngineError
from streams.engine.logfile import export_log


@click.command(name="export-log")
@click.option("--broker", required=True, envvar="DRIFTLINE_BROKER", metavar="HOST:PORT", help="The Kafka broker.")
@click.option("--topic", default="log", show_default=True, help="The log's topic.")
@click.option("--out", required=True, type=Path, help="Where to write; compressed if it ends in .gz.")
def command(broker: str, topic: str, out: Path) -> None:
    """Write the log as JSON lines that `driftline replay` reads, with the same outputs byte for byte."""
    KAFKA_LOGGER.setLevel(logging.CRITICAL)  # one clear line below says more than the client's own
    try:
        count = export_log(broker, out, topic=topic)
    except (EngineError, OSError) as error:
        if out.is_file() and not out.stat().st_size:
            out.unlink()
        click.echo(f"driftline export-log: {error}", err=True)
        sys.exit(2)
    click.echo(f"{count:,} records to {out}")
