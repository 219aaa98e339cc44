"""The bare loop: confluent-kafka, the light core, outputs confirmed; nothing is persisted and nothing is committed."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from streams.engine.publisher import producer_options
from streams.engine.settings import EngineSettings
from tests.bench.engine.core import Core, encode
from tests.bench.engine.result import Result, Task, Watch, task, tell

BATCH_RECORDS = 5_000
WAIT_SECONDS = 0.05


def run(given: Task) -> Result:
    watch, core, said = Watch(), Core(), 0
    producer = Producer(producer_options(EngineSettings(broker=given.broker)))
    consumer = Consumer({"bootstrap.servers": given.broker, "group.id": given.group, "enable.auto.commit": False})
    consumer.assign([TopicPartition(given.source, 0, 0)])
    while core.events < given.events:
        batch = consumer.consume(min(BATCH_RECORDS, given.events - core.events), WAIT_SECONDS)
        if batch:
            watch.begin()
        for message in batch:
            alarm = core.apply(message.value() or b"")
            if alarm is not None:
                producer.produce(given.outputs, encode(alarm), alarm.account.encode(), on_delivery=check)
                said += 1
        producer.poll(0)
    assert producer.flush(60) == 0
    result = watch.result(core.events, said, core.units())
    consumer.close()
    return result


def check(problem: KafkaError | None, message: Message) -> None:
    assert problem is None, f"{message.topic()}: {problem}"


if __name__ == "__main__":
    tell(run(task()))
