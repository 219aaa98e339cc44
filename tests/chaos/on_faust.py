"""Plain Faust with a table, as its own documentation has it: a worker process of ``python -m tests.chaos.plain_faust``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import faust

from streams.engine.settings import EngineSettings, settings_from
from tests.chaos.light import TOPIC, read_booking

MODULE = ("-m", "tests.chaos.on_faust")
FOLDER = "CHAOS_FOLDER"  # where Faust may leave its files
TABLE = "balances-of-faust"


def changelog(settings: EngineSettings) -> str:
    """Return the topic that Faust keeps the table in."""
    return f"{settings.group_id}-{TABLE}-changelog"


def app_of(settings: EngineSettings) -> Any:
    """Return the application: one agent, one table, and the same session as its rival's."""
    app = faust.App(
        settings.group_id,
        broker=f"kafka://{settings.broker}",
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 5,
        topic_partitions=settings.input_partitions,
        consumer_auto_offset_reset="earliest",
        store="memory://",
        web_enabled=False,
        datadir=Path(os.environ[FOLDER]) / f"faust-{os.getpid()}",
    )
    source = app.topic(settings.topic(TOPIC), key_serializer="raw", value_serializer="raw")
    table = app.Table(TABLE, partitions=settings.input_partitions)

    @app.agent(source)
    async def book(stream: Any) -> None:
        async for value in stream:
            booking = read_booking(value)
            count, units = table.get(booking.account) or (0, 0)
            table[booking.account] = [count + 1, units + booking.units]

    return app


if __name__ == "__main__":
    faust.Worker(app_of(settings_from(os.environ)), loglevel="ERROR").execute_from_commandline()
