"""A worker's engine put together: publisher, intake, and a machine with its keeper for each shard of the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from streams.engine.agents import Engine
from streams.engine.bookmarks import Bookmarks, Partition
from streams.engine.checkpoints import last_head
from streams.engine.control import config_record
from streams.engine.failing import Failing
from streams.engine.gauges import Gauges
from streams.engine.held import HeldShard
from streams.engine.intake import Intake, wall_us
from streams.engine.keeper import Keeper, Remembers
from streams.engine.logfile import read_records
from streams.engine.publisher import Publisher
from streams.engine.routing import Router, to_the_only_shard
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard, Steps
from streams.engine.survey import Survey, survey_log
from streams.engine.topics import Topics
from streams.engine.watermarks import Watermarks

Machines = Callable[[int], Steps]
"""Gives the machine of a shard, by its number."""


def survey(settings: EngineSettings, shard: int) -> Survey:
    """Return what the log of a shard says about itself; read from its last checkpoint on."""
    head = last_head(settings.broker, settings.state_topic, shard) if settings.checkpoint_seconds else None
    start = 0 if head is None else head.position
    return survey_log(read_records(settings.broker, settings.log_topic, shard=shard, start=start), head, shard)


def assembled(
    settings: EngineSettings,
    machines: Machines,
    surveys: Sequence[Survey],
    topics: Topics,
    inputs: list[Partition],
    gauges: Gauges,
    *,
    route: Router = to_the_only_shard,
    reader: str = "",
    now_us: Callable[[], int] = wall_us,
) -> Engine:
    """Return the engine of a worker that found the log as the surveys say, one for each shard."""
    publisher, bookmarks, failing = Publisher(settings), Bookmarks(settings.log_topic), Failing(gauges)
    told_us = [found.last_tick_us for found in surveys if found.last_tick_us is not None]
    watermarks = Watermarks(max(told_us, default=None))
    intake = Intake(settings, publisher, bookmarks, watermarks, now_us, reader, route)
    shards = [_held(settings, machines(found.shard), found, bookmarks, gauges, failing) for found in surveys]
    return Engine(settings, publisher, bookmarks, intake, shards, topics, inputs, gauges, failing)


def _held(
    settings: EngineSettings, machine: Steps, found: Survey, bookmarks: Bookmarks, gauges: Gauges, failing: Failing
) -> HeldShard:
    shard = Shard(found.shard, machine, found.end_offset)
    keeper = Keeper(settings, shard, cast(Remembers, machine)) if settings.checkpoint_seconds else None
    return HeldShard(settings.log_topic, shard, keeper, bookmarks, gauges.shards[found.shard], failing)


def configure(
    settings: EngineSettings, configuration: Mapping[str, Any], surveys: Sequence[Survey], engine: Engine
) -> None:
    """Append a config record to the log of each shard in which it is not in force yet; return when the broker has it.

    Raises `LogError` where a log is not one for this start, before anything is appended.
    """
    names = engine.intake.input_names(engine.inputs)
    wanted = [found for found in surveys if found.needs_config(settings.clock, configuration, names)]
    for found in wanted:
        record = config_record(settings.clock, configuration, found.end_offset, wall_us(), names)
        engine.intake.append_own(record, (found.shard,))
    if wanted:
        engine.publisher.flush(settings.delivery_timeout_seconds)
