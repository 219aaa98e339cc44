"""The Faust application: the intake agent over the input topics and the monitor agent over the log.

The workers of a group share the partitions of the inputs and of the log. Each says in its ticks how far it has read what
it was given, and the monitor's clock goes by the least of all.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import faust
from faust.tables.manager import TableManager
from faust.types import AppT

from streams.engine.agents import Batch, Engine
from streams.engine.settings import EngineSettings
from streams.engine.transport import BatchTransport


class App(faust.App):
    """A Faust application that leaves nothing on the disk: there are no tables."""

    async def on_first_start(self) -> None:
        """Make no folders."""


class NoTables(TableManager):
    """Faust's manager of tables where there are none: it gives them no second to register, as Faust does at each start."""

    async def on_start(self) -> None:
        """Start what goes on after a rebalance."""
        await self._update_channels()
        await self.recovery.start()


def build_app(engine: Engine) -> App:
    """Return the application, ready to start in the running event loop."""
    settings = engine.settings
    app = App(settings.group_id, **faust_options(settings))
    engine.app = cast(AppT, app)
    app.transport = BatchTransport(app.conf.broker, engine.app, engine.bookmarks, engine)
    _add_agent(app, "intake", settings.input_topics, engine.take_in)
    _add_agent(app, "monitor", (settings.log_topic,), engine.apply)
    return app


def _add_agent(
    app: App, name: str, topics: tuple[str, ...], agent: Callable[[AsyncIterable[Batch]], Awaitable[None]]
) -> None:
    # Raw, because there is one parser and it is the monitor's; without acks, because the bookmarks say what to commit.
    channel = app.topic(*topics, key_serializer="raw", value_serializer="raw", acks=False)
    app.agent(channel, name=name)(agent)


def faust_options(settings: EngineSettings) -> dict[str, Any]:
    """Return Faust's settings: explicit timings, nothing declared, nothing served, batches bounded."""
    session = settings.session_timeout_seconds
    return {
        "broker": "kafka://" + ";kafka://".join(settings.broker.replace(" ", "").split(",")),
        "broker_session_timeout": session,
        "broker_heartbeat_interval": session / 5,
        "broker_rebalance_timeout": 2 * session,
        "broker_request_timeout": max(60.0, 2 * session),
        "broker_commit_interval": 1.0,
        "broker_max_poll_records": settings.batch_records_max,
        "consumer_group_instance_id": settings.instance_id or None,
        "consumer_max_fetch_size": 4 * 1024 * 1024,
        "consumer_auto_offset_reset": "earliest",
        "TableManager": NoTables,
        "table_standby_replicas": 0,  # there are no tables; 0 gives aiokafka's round robin
        "stream_buffer_maxsize": 8,  # of batches
        "stream_wait_empty": True,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "datadir": Path("driftline-unused"),  # never made: see App
    }
