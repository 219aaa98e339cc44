"""The bare loop: confluent-kafka and the same work, outputs confirmed; nothing is persisted and nothing is committed.

With the option ``full`` the work is the whole monitor's, over a log as Driftline reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from streams.engine.entries import entry_record
from streams.engine.publisher import producer_options
from streams.engine.settings import EngineSettings
from streams.monitor import Monitor, Settings
from streams.monitor import encode as encode_output
from tests.bench.engine.core import Core, encode
from tests.bench.engine.result import Result, Task, Watch, task, tell

BATCH_RECORDS = 5_000
WAIT_SECONDS = 0.05
Said = tuple[bytes, bytes]  # key and value


class Loop:
    """Fetches batches of a topic, hands each message to `work`, and produces what it says."""

    def __init__(self, given: Task) -> None:
        self.given, self.watch = given, Watch()
        self.said = 0
        self._producer = Producer(producer_options(EngineSettings(broker=given.broker)))

    def run(self, work: Callable[[Message], Iterable[Said]]) -> Result:
        """Work through all messages; the result's `units` are to be filled in by the caller."""
        given, done, produce = self.given, 0, self._producer.produce
        options = {"bootstrap.servers": given.broker, "group.id": given.group, "enable.auto.commit": False}
        consumer = Consumer(options)
        consumer.assign([TopicPartition(given.source, 0, 0)])
        while done < given.events:
            due = given.events if done >= given.known else given.known
            batch = consumer.consume(min(BATCH_RECORDS, due - done), WAIT_SECONDS)
            if batch and done >= given.known:
                self.watch.begin()
            for message in batch:
                for key, value in work(message):
                    produce(given.outputs, value, key, on_delivery=check)
                    self.said += 1
            done += len(batch)
            self._producer.poll(0)
        assert self._producer.flush(60) == 0
        result = self.watch.result(done - given.known, self.said, 0)
        consumer.close()
        return result


def light(given: Task) -> Result:
    core = Core()

    def work(message: Message) -> Iterable[Said]:
        alarm = core.apply(message.value() or b"")
        return () if alarm is None else ((alarm.account.encode(), encode(alarm)),)

    result = Loop(given).run(work)
    return msgspec.structs.replace(result, units=core.units())


def full(given: Task) -> Result:
    monitor = Monitor(Settings())

    def work(message: Message) -> Iterable[Said]:
        record = entry_record(message.key(), message.value())
        return [(output.key.encode(), encode_output(output.value)) for output in monitor.step(record)]

    return Loop(given).run(work)


def check(problem: KafkaError | None, message: Message) -> None:
    assert problem is None, f"{message.topic()}: {problem}"


if __name__ == "__main__":
    asked = task()
    tell(full(asked) if asked.option == "full" else light(asked))
