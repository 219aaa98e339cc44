"""`driftline topics`: make the topics that Driftline lives on, and check those that are there."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from streams.engine.clients import KAFKA_LOGGER
from streams.engine.errors import EngineError
from streams.engine.settings import EngineSettings, settings_from
from streams.engine.topics import Topics
from streams.engine.topology import Declared, Found, count, differences

OPTIONS = (
    click.option("--broker", metavar="HOST:PORT", help="The Kafka broker."),
    click.option("--topic-prefix", help="What stands before every topic's name."),
    click.option("--shards", type=int, help="Partitions of the log and of the state."),
    click.option("--input-partitions", type=int, help="Partitions of each input topic that is made."),
    click.option("--replication-factor", type=int, help="Copies of each topic."),
    click.option("--log-retention-days", type=int, help="How long the log is kept; 0, the default: for ever."),
)


def with_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of both."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


@click.group(name="topics")
def command() -> None:
    """Make the topics that Driftline lives on, or check those that are there.

    Every option may also be given as an environment variable (DRIFTLINE_BROKER, DRIFTLINE_SHARDS, ...).
    """
    KAFKA_LOGGER.setLevel(logging.CRITICAL)  # one clear line below says more than the client's own


@command.command(name="create")
@with_options
def create(**given: object) -> None:
    """Make the topics that are missing, and say of each what it is. What is there is left as it is."""
    try:
        topics = Topics(_settings(given))
        made = topics.create()
        found = topics.found()
    except EngineError as error:
        _fail(error)
    for one in topics.declared:
        click.echo(f"{'made' if one.topic in made else 'there'}  {_line(one, found[one.topic])}")
    unlike = sorted({line.topic for line in differences(topics.declared, found)})
    if unlike:
        click.echo(f"Not as declared: {', '.join(unlike)}. driftline topics check says in what.")


@command.command(name="check")
@with_options
def check(**given: object) -> None:
    """Say what is not as declared, a line each, and exit 2; or that all is well, and exit 0."""
    try:
        topics = Topics(_settings(given))
        found = topics.found()
    except EngineError as error:
        _fail(error)
    lines = differences(topics.declared, found)
    for line in lines:
        click.echo(str(line))
    if lines:
        sys.exit(2)
    untold = [name for name, topic in found.items() if topic.settings is None]
    if untold:
        _fail(f"the broker does not say how these topics are set: {', '.join(untold)}")
    click.echo(f"{len(found)} topics are as declared.")


def _settings(given: dict[str, object]) -> EngineSettings:
    environment = {f"DRIFTLINE_{name.upper()}": str(value) for name, value in given.items() if value is not None}
    return settings_from({**os.environ, **environment})


def _line(one: Declared, found: Found) -> str:
    told = found.settings or {}
    configuration = [f"{name}={told[name]}" for name in one.configuration() if name in told]
    sizes = [count(found.partitions, "partition", "partitions"), count(found.replicas, "copy", "copies")]
    return f"{one.topic}: {', '.join(sizes + configuration)}"


def _fail(problem: object) -> NoReturn:
    click.echo(f"driftline topics: {problem}", err=True)
    sys.exit(2)
