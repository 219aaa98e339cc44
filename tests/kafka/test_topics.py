"""Topics on a real broker: made once as declared, every difference found, and no worker on what it cannot work with."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

from streams.cli import cli
from streams.engine import topics as engine_topics
from streams.engine.errors import TopicsError
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.topology import declared, differences
from streams.engine.worker import worker_main
from streams.monitor import Settings

OnKafka = Callable[..., EngineSettings]


def topics_command(name: str, settings: EngineSettings) -> Result:
    return CliRunner().invoke(cli, ["topics", name], env=settings.as_environment())


def admin_of(settings: EngineSettings) -> AdminClient:
    return AdminClient({"bootstrap.servers": settings.broker})


def set_config(settings: EngineSettings, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    change = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    admin = admin_of(settings)
    for answer in admin.incremental_alter_configs([change]).values():
        answer.result(10)
    deadline = time.monotonic() + 10
    while (Topics(settings).found()[topic].settings or {})[name] != value:  # the broker hears of it a little later
        assert time.monotonic() < deadline, f"{topic} does not get {name} {value}"


def made_without(settings: EngineSettings, topic: str) -> None:
    """Make every topic that is declared but this one."""
    others = [one for one in declared(settings) if one.topic != topic]
    new = [NewTopic(one.topic, one.partitions, one.replicas, config=one.configuration()) for one in others]
    admin = admin_of(settings)
    for answer in admin.create_topics(new).values():
        answer.result(10)


def test_topics_are_made_once_and_are_as_declared(on_kafka: OnKafka) -> None:
    settings = on_kafka(shards=3, input_partitions=2, log_retention_days=40)
    first, again = (topics_command("create", settings) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    lines = first.output.splitlines()
    assert len(lines) == 10
    assert all(line.startswith("made  ") for line in lines)
    assert again.output == first.output.replace("made  ", "there  ")
    assert (
        f"made  {settings.log_topic}: 3 partitions, 1 copy, cleanup.policy=delete, retention.ms=3456000000" in lines[5]
    )
    assert "3 partitions, 1 copy, cleanup.policy=compact, min.compaction.lag.ms=60000, " in lines[6]
    assert lines[0].startswith(f"made  {settings.topic('transfers')}: 2 partitions")
    checked = topics_command("check", settings)
    assert (checked.exit_code, checked.output) == (0, "10 topics are as declared.\n")
    found = Topics(settings).found()
    for one in declared(settings):
        told = found[one.topic].settings or {}
        assert {name: told[name] for name in one.configuration()} == one.configuration()


@pytest.mark.parametrize(
    ("topic", "name", "value"),
    [
        ("state", "cleanup.policy", "delete"),
        ("state", "min.compaction.lag.ms", "1000"),
        ("state", "segment.bytes", "1073741824"),
        ("reference", "cleanup.policy", "delete"),
        ("transfers", "retention.ms", "3600000"),
        ("transfers", "max.message.bytes", "67108864"),
        ("log", "retention.ms", "604800000"),
        ("log", "retention.bytes", "1000000"),
        ("log", "max.message.bytes", "1048576"),
        ("log", "cleanup.policy", "compact,delete"),
        ("alerts", "cleanup.policy", "compact"),
        ("quarantine", "unclean.leader.election.enable", "true"),
    ],
)
def test_a_setting_that_is_not_as_declared_is_found(on_kafka: OnKafka, topic: str, name: str, value: str) -> None:
    settings = on_kafka()
    topics_command("create", settings)
    set_config(settings, settings.topic(topic), name, value)
    checked = topics_command("check", settings)
    assert checked.exit_code == 2
    (line,) = checked.output.splitlines()
    assert line.startswith(f"{settings.topic(topic)} has {name} {value}, and must have ")
    assert f"--topic {settings.topic(topic)} --add-config {name}=" in line


@pytest.mark.parametrize(
    ("topic", "name", "value"),
    [
        ("decisions", "min.insync.replicas", "2"),
        ("transfers", "retention.ms", "-1"),
        ("alerts", "retention.ms", "3456000000"),
        ("state", "segment.bytes", "8388608"),
    ],
)
def test_a_setting_that_is_good_enough_is_no_difference(on_kafka: OnKafka, topic: str, name: str, value: str) -> None:
    settings = on_kafka()
    topics_command("create", settings)
    set_config(settings, settings.topic(topic), name, value)
    assert topics_command("check", settings).exit_code == 0


def test_missing_topics_and_numbers_that_differ_are_found(on_kafka: OnKafka) -> None:
    settings = on_kafka()
    made_without(settings, settings.topic("decisions"))
    asked = on_kafka(shards=2, replication_factor=3)
    checked = topics_command("check", asked)
    assert checked.exit_code == 2
    lines = checked.output.splitlines()
    assert f"{asked.topic('decisions')} is missing: make it with driftline topics create" in lines
    for topic in (asked.log_topic, asked.state_topic):
        assert any(line.startswith(f"{topic} has 1 partition, and must have 2, one for each shard") for line in lines)
    assert sum("has 1 copy, and must have 3" in line for line in lines) == 9
    assert sum("has min.insync.replicas 1, and must have at least 2" in line for line in lines) == 4
    assert len(lines) == 1 + 2 + 9 + 4


def test_a_broker_that_is_not_there_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_topics, "REQUEST_SECONDS", 1.0)
    checked = topics_command("check", EngineSettings(broker="127.0.0.1:1"))
    assert checked.exit_code == 2
    assert checked.stderr.startswith("driftline topics: no broker answers at 127.0.0.1:1: ")
    assert len(checked.stderr.splitlines()) == 1


# ------------------------------------------------------------------------------------------------ the start of a worker


def test_a_worker_names_the_topic_that_is_missing_and_makes_it_where_it_may(
    on_kafka: OnKafka, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = on_kafka()
    made_without(settings, settings.state_topic)
    assert worker_main(settings, Settings()) == 2
    told = capsys.readouterr().err
    assert told == (
        f"driftline worker: {settings.broker} has no topic {settings.state_topic}: "
        "create them with driftline topics create, or start with --create-topics\n"
    )
    allowed = on_kafka(create_topics=True)
    Topics(allowed).check()
    assert differences(declared(allowed), Topics(allowed).found()) == []


@pytest.mark.parametrize(
    ("topic", "name", "value", "said"),
    [
        ("log", "cleanup.policy", "compact", "has cleanup.policy compact, and must have delete: set it with "),
        ("log", "retention.ms", "604800000", "has retention.ms 604800000, and must have -1: set it with "),
        ("state", "cleanup.policy", "delete", "has cleanup.policy delete, and must have compact: set it with "),
        ("state", "cleanup.policy", "compact,delete", "has cleanup.policy compact,delete, and must have compact: "),
    ],
)
def test_a_worker_does_not_start_on_a_topic_that_would_lose_its_records(
    on_kafka: OnKafka, topic: str, name: str, value: str, said: str
) -> None:
    settings = on_kafka()
    Topics(settings).create()
    set_config(settings, settings.topic(topic), name, value)
    with pytest.raises(TopicsError) as refused:
        Topics(settings).check()
    assert str(refused.value).startswith(f"{settings.topic(topic)} {said}")
    assert len(str(refused.value).splitlines()) == 1


def test_a_worker_does_not_start_with_another_number_of_shards(on_kafka: OnKafka) -> None:
    Topics(on_kafka(shards=2)).create()
    with pytest.raises(TopicsError) as refused:
        Topics(on_kafka(shards=3)).check()
    log, state = str(refused.value).splitlines()
    assert log.endswith(
        "log has 2 partitions, and must have 3, one for each shard: start with DRIFTLINE_SHARDS=2, or make the topic new"
    )
    assert "state has 2 partitions, and must have 3" in state


def test_a_worker_starts_on_topics_that_are_good_enough(on_kafka: OnKafka) -> None:
    settings = on_kafka()
    Topics(settings).create()
    set_config(
        settings, settings.topic("alerts"), "cleanup.policy", "compact"
    )  # check says so; it keeps nobody from work
    Topics(settings).check()
