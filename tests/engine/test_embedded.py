from __future__ import annotations

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.engine.embedded import EmbeddedBroker
from streams.engine.topics import end_offsets
from tests.engine.running import event, produce


def test_topics_have_the_partitions_that_were_asked_for() -> None:
    with EmbeddedBroker({"transfers": 3, "log": 1}) as broker:
        listed = AdminClient({"bootstrap.servers": broker.address, "log_level": 0}).list_topics(timeout=10).topics
    assert {name: len(topic.partitions) for name, topic in listed.items()} == {"transfers": 3, "log": 1}


def test_it_gives_back_what_it_was_given(broker: EmbeddedBroker) -> None:
    produce(broker.address, [("ledger", event(number)) for number in range(100)])
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "reader", "log_level": 0})
    consumer.assign([TopicPartition("ledger", 0, 0)])
    values: list[bytes | None] = []
    while len(values) < 100:
        values += [message.value() for message in consumer.consume(100, 1.0)]
    consumer.close()
    assert values == [event(number) for number in range(100)]


def test_two_brokers_know_nothing_of_each_other(broker: EmbeddedBroker) -> None:
    with EmbeddedBroker() as other:
        produce(broker.address, [("ledger", b"{}")])
        ends = [
            end_offsets(AdminClient({"bootstrap.servers": address, "log_level": 0}), [("ledger", 0)])
            for address in (broker.address, other.address)
        ]
    assert ends == [{("ledger", 0): 1}, {("ledger", 0): 0}]


def test_settings_for_it_keep_intake_from_running_away(broker: EmbeddedBroker) -> None:
    compressed, plain = broker.settings().ahead_bytes_max, broker.settings(compression="none").ahead_bytes_max
    assert compressed is not None
    assert plain is not None
    assert plain < compressed
    assert plain < 5_000_000, "what the broker keeps"
    assert broker.settings(ahead_bytes_max=5, clock="events").ahead_bytes_max == 5
