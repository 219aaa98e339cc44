"""The declaration of the topics, without a broker: what it asks for, and what is good enough."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest
from confluent_kafka import KafkaException

from streams.engine import topics as engine_topics
from streams.engine.embedded import EmbeddedBroker
from streams.engine.errors import TopicsError
from streams.engine.publisher import RECORD_BYTES_MAX
from streams.engine.settings import HORIZON_DAYS, EngineSettings
from streams.engine.topics import Topics
from streams.engine.topology import Declared, Demand, Found, declared, differences
from streams.monitor import Settings
from streams.record import INPUT_TOPICS, OUTPUT_TOPICS

SETTINGS = EngineSettings(broker="a:1", topic_prefix="uat.", shards=3, input_partitions=2, replication_factor=3)


def topic(name: str, settings: EngineSettings = SETTINGS) -> Declared:
    (found,) = (one for one in declared(settings) if one.topic == settings.topic(name))
    return found


def as_declared(settings: EngineSettings = SETTINGS) -> dict[str, Found]:
    return {one.topic: Found(one.partitions, one.replicas, one.configuration()) for one in declared(settings)}


def test_every_topic_is_declared_once() -> None:
    names = [one.topic for one in declared(SETTINGS)]
    assert names == [f"uat.{name}" for name in (*INPUT_TOPICS, "log", "state", *OUTPUT_TOPICS)]


def test_what_is_made_as_declared_has_no_differences() -> None:
    assert differences(declared(SETTINGS), as_declared()) == []


def test_log_and_state_have_a_partition_for_each_shard_and_every_topic_its_copies() -> None:
    assert {one.topic: one.partitions for one in declared(SETTINGS) if one.fixed} == {"uat.log": 3, "uat.state": 3}
    assert {one.replicas for one in declared(SETTINGS)} == {3}
    for copies, confirmed in ((1, "1"), (2, "1"), (3, "2"), (5, "4")):
        state = topic("state", EngineSettings(broker="a:1", replication_factor=copies))
        assert state.configuration()["min.insync.replicas"] == confirmed


def test_only_the_state_and_the_reference_are_compacted() -> None:
    compacted = {one.topic for one in declared(SETTINGS) if one.configuration()["cleanup.policy"] == "compact"}
    assert compacted == {"uat.state", "uat.reference"}
    assert int(topic("state").configuration()["min.compaction.lag.ms"]) >= 60_000


def test_the_log_is_kept_for_ever_or_longer_than_the_horizon() -> None:
    assert Settings().horizon_days == HORIZON_DAYS
    assert topic("log").configuration()["retention.ms"] == "-1"
    days = HORIZON_DAYS + 1
    kept = topic("log", EngineSettings(broker="a:1", log_retention_days=days)).configuration()["retention.ms"]
    assert int(kept) == days * 86_400_000


def test_the_log_takes_more_than_any_input_may_hold() -> None:
    bounds = {
        one.topic: int(demand.bound)
        for one in declared(SETTINGS)
        for demand in one.demands
        if demand.name == "max.message.bytes" and demand.rule == "at_most"
    }
    assert bounds.keys() == {f"uat.{name}" for name in INPUT_TOPICS}
    assert max(bounds.values()) < int(topic("log").configuration()["max.message.bytes"]) == RECORD_BYTES_MAX


@pytest.mark.parametrize(
    ("demand", "good", "bad"),
    [
        (Demand("x", "compact"), ["compact"], ["delete", "compact,delete"]),
        (Demand("x", "60000", "at_least"), ["60000", "60001", "-1"], ["59999", "0"]),
        (Demand("x", "-1", "at_least"), ["-1"], ["1", "99999999999"]),
        (Demand("x", "-1", "at_least", "100"), ["-1", "100", "101"], ["99"]),
        (Demand("x", "0.1", "at_most"), ["0.1", "0.05"], ["0.5", "-1"]),
        (Demand("x", "1", "at_most", "9"), ["1", "9"], ["10"]),
    ],
)
def test_a_demand_knows_what_is_good_enough(demand: Demand, good: list[str], bad: list[str]) -> None:
    assert [value for value in good + bad if demand.holds(value)] == good


def test_partitions_of_inputs_are_their_owners_affair() -> None:
    found = as_declared()
    found["uat.transfers"] = replace(found["uat.transfers"], partitions=12, replicas=5)
    assert differences(declared(SETTINGS), found) == []


def test_of_a_broker_that_tells_no_settings_what_it_tells_is_checked() -> None:
    found = {name: replace(one, settings=None) for name, one in as_declared().items()}
    assert differences(declared(SETTINGS), found) == []
    found["uat.log"] = Found(1, 1)
    told = [(str(line), line.vital) for line in differences(declared(SETTINGS), found)]
    shards = "one for each shard: start with DRIFTLINE_SHARDS=1, or make the topic new"
    assert told == [
        (f"uat.log has 1 partition, and must have 3, {shards}", True),
        ("uat.log has 1 copy, and must have 3: give it more with kafka-reassign-partitions.sh", False),
    ]


def test_a_compacted_output_is_a_difference_but_keeps_no_worker_from_its_work() -> None:
    found = as_declared()
    for name in ("alerts", "log"):
        changed = {**topic(name).configuration(), "cleanup.policy": "compact"}
        found[f"uat.{name}"] = replace(found[f"uat.{name}"], settings=changed)
    log, alerts = differences(declared(SETTINGS), found)
    assert (log.topic, log.vital, alerts.topic, alerts.vital) == ("uat.log", True, "uat.alerts", False)
    assert str(log) == (
        "uat.log has cleanup.policy compact, and must have delete: "
        "set it with kafka-configs.sh --alter --topic uat.log --add-config cleanup.policy=delete"
    )


def test_the_embedded_broker_is_checked_by_what_it_tells(broker: EmbeddedBroker) -> None:
    Topics(broker.settings()).check()
    with pytest.raises(TopicsError) as refused:
        Topics(broker.settings(shards=2)).check()
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        f"{name} has 1 partition, and must have 2, one for each shard" for name in ("log", "state")
    ]


def test_a_question_that_the_client_forgets_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_topics, "REQUEST_SECONDS", 0.05)
    forgotten: Future[int] = Future()
    with pytest.raises(KafkaException, match="does not answer"):
        engine_topics.answered(forgotten)
    forgotten.set_result(7)
    assert engine_topics.answered(forgotten) == 7
