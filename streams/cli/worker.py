"""`driftline worker`: the monitor on Kafka."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from streams.engine.errors import EngineError
from streams.engine.settings import settings_from
from streams.engine.worker import worker_main
from streams.monitor import Settings, SettingsError, load_settings


@click.command(name="worker")
@click.option("--broker", envvar="DRIFTLINE_BROKER", required=True, metavar="HOST:PORT", help="The Kafka broker.")
@click.option("--topic-prefix", default=None, help="What stands before every topic's name.")
@click.option("--clock", type=click.Choice(["ticks", "events"]), help="What moves time: live input, or the events'.")
@click.option("--create-topics", is_flag=True, default=None, help="Create the topics that are missing.")
@click.option("--metrics-port", type=int, help="Let Prometheus ask on this port; 0, the default: on none.")
@click.option("--config", type=Path, help="Settings that decide (TOML); written into the log as a config record.")
def command(
    broker: str,
    topic_prefix: str | None,
    clock: str | None,
    create_topics: bool | None,
    metrics_port: int | None,
    config: Path | None,
) -> None:
    """Run intake and monitor until SIGTERM or SIGINT.

    Every option may also be given as an environment variable (DRIFTLINE_BROKER, DRIFTLINE_CLOCK, ...). A restart goes
    on from the last checkpoint. Several workers share the shards of the log.
    """
    given = {
        "broker": broker, "topic_prefix": topic_prefix, "clock": clock, "create_topics": create_topics,
        "metrics_port": metrics_port,
    }  # fmt: skip
    environment = {f"DRIFTLINE_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    try:
        settings = settings_from({**os.environ, **environment})
        deciding = load_settings(config) if config else Settings()
    except (EngineError, SettingsError) as error:
        click.echo(f"driftline worker: {error}", err=True)
        sys.exit(2)
    sys.exit(worker_main(settings, deciding))
