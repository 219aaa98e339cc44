"""Three firms, a shard each, and two workers that share them: the export replayed is the run, and each state its log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from ledger.shards import ShardMap, ShardRule
from streams.cli import cli
from streams.engine.checkpoints import last_head
from streams.engine.clients import client_options
from streams.engine.errors import LogError
from streams.engine.logfile import read_ends
from streams.engine.progress import ProgressReader
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.worker import plain, run_worker
from streams.files import read_placed
from streams.monitor import Monitor, Settings, encode
from streams.record import OUTPUT_TOPICS
from tests.chaos.rest import all_taken_in
from tests.engine.in_thread import in_thread
from tests.firms import Told, firms
from tests.kafka.working import values, wait

OnKafka = Callable[..., EngineSettings]
FIRMS = 3


@pytest.fixture(scope="module")
def feed() -> tuple[list[Told], tuple[ShardRule, ...]]:
    told, rules = firms(FIRMS, seed=11, days=0.04, movements=1_500, between=0.1, faults={1: ["wrong_amount"]})
    return told, tuple(rules)


def send(settings: EngineSettings, told: list[Told]) -> None:
    producer = Producer(client_options(settings.broker, {"linger.ms": 5}))
    for number, event in enumerate(told):
        producer.produce(settings.topic(event.topic), event.raw, event.key)
        if number % 10_000 == 0:
            producer.flush(30)
    assert producer.flush(60) == 0


def working(settings: EngineSettings, rules: tuple[ShardRule, ...]) -> AbstractContextManager[None]:
    """Run a worker in a thread for the length of a `with` block."""
    deciding = Settings(shards=rules)

    def run(stop: threading.Event) -> int:
        return run_worker(
            settings,
            lambda shard: Monitor(deciding, shard=shard),
            configuration=plain(deciding),
            shard_map=ShardMap(rules),
            stop=stop,
        )

    return in_thread(run)


def said(settings: EngineSettings, topic: str) -> list[bytes]:
    """Return the records of a topic, each the first time that it was said."""
    return list(dict.fromkeys(values(settings, topic)))


def test_the_export_of_a_run_with_several_shards_is_that_run(
    on_kafka: OnKafka, feed: tuple[list[Told], tuple[ShardRule, ...]], tmp_path: Path
) -> None:
    told, rules = feed
    settings = on_kafka(shards=FIRMS, checkpoint_seconds=0.5, tick_seconds=0.2)
    Topics(settings).create()
    with ExitStack() as workers:
        workers.enter_context(working(settings, rules))
        send(settings, told[: len(told) // 2])
        workers.enter_context(working(settings, rules))  # takes some of the shards over in the middle of it
        send(settings, told[len(told) // 2 :])
        _wait_until_applied(settings)
    with working(settings, rules):  # the last one to end, alone, leaves nothing in the log that is not applied
        _wait_until_applied(settings)
    path = tmp_path / "log.jsonl"
    exported = CliRunner().invoke(
        cli, ["export-log", "--broker", settings.broker, "--topic", settings.log_topic, "--out", str(path)]
    )
    assert exported.exit_code == 0, exported.output
    _same_outputs(settings, path)
    _same_orders(settings, path)
    for shard in range(FIRMS):
        head = last_head(settings.broker, settings.state_topic, shard)
        assert head is not None
        assert head.position == read_ends(settings.broker, (settings.log_topic, shard)).end, "a clean end saves all"
        for command in (["rebuild"], ["witness", "--once"]):
            ran = CliRunner().invoke(cli, [*command, "--shard", str(shard)], env=settings.as_environment())
            assert ran.exit_code == 0, ran.output


def _wait_until_applied(settings: EngineSettings) -> None:
    """Wait until all that was sent is in the log, and the log as it is then is applied: after it come ticks without end."""
    admin = AdminClient(client_options(settings.broker, {}))
    wait(lambda: all_taken_in(settings, admin), 120)
    with closing(ProgressReader(settings)) as reader:
        ends = reader.read().ends
        wait(lambda: reader.read().has_applied(ends), 120)


def _same_outputs(settings: EngineSettings, log: Path) -> None:
    outs = {topic: log.with_name(f"{topic}.jsonl") for topic in OUTPUT_TOPICS}
    options = [part for topic, path in outs.items() for part in (f"--{topic}", str(path))]
    replayed = CliRunner().invoke(cli, ["replay", str(log), *options])
    assert replayed.exit_code == 0, replayed.output
    for topic, path in outs.items():
        assert sorted(said(settings, topic)) == sorted(path.read_bytes().splitlines())
    assert outs["alerts"].stat().st_size
    assert outs["decisions"].stat().st_size


def _same_orders(settings: EngineSettings, log: Path) -> None:
    """Each shard has said its own in order, whoever held it."""
    monitors = [Monitor(shard=shard) for shard in range(FIRMS)]
    due: dict[str, list[list[bytes]]] = {topic: [[] for _ in monitors] for topic in OUTPUT_TOPICS}
    for placed in read_placed([str(log)]):
        shard = placed.shard or 0
        for output in monitors[shard].step(placed.record):
            due[output.topic][shard].append(encode(output.value))
    for topic, of_shards in due.items():
        order = {value: place for place, value in enumerate(said(settings, topic))}
        for said_by_one in of_shards:
            places = [order[value] for value in said_by_one]
            assert places == sorted(places)


def test_a_start_with_another_map_than_the_log_has_is_refused(
    on_kafka: OnKafka, feed: tuple[list[Told], tuple[ShardRule, ...]]
) -> None:
    _, rules = feed
    settings = on_kafka(shards=FIRMS, checkpoint_seconds=0.5, tick_seconds=0.2)
    Topics(settings).create()
    with working(settings, rules):
        wait(lambda: all(last_head(settings.broker, settings.state_topic, shard) for shard in range(FIRMS)))
    moved = (ShardRule(shard=2, locations=("f1.bank:*",)), *rules)
    with pytest.raises(LogError, match="begun with another shard map"):
        run_worker(
            settings, lambda _: Monitor(), configuration=plain(Settings(shards=moved)), shard_map=ShardMap(moved)
        )
