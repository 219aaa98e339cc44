"""A state put back: by the engine's keeper into the light core, or with the option ``bare`` read and decoded by a loop."""

from __future__ import annotations

import msgspec
from confluent_kafka import Consumer, KafkaError, TopicPartition

from streams.engine.checkpoints.reader import FETCH_RECORDS, FETCH_SECONDS, OPTIONS
from streams.engine.clients import client_options
from streams.engine.keeper import Keeper
from streams.engine.memory import seldom_collected
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from tests.bench.engine.core import Row
from tests.bench.engine.on_driftline import Machine
from tests.bench.engine.result import Result, Task, Watch, task, tell


def opened(given: Task) -> Result:
    """Open the shard as a worker does; what was there before is frozen as there."""
    settings = EngineSettings(broker=given.broker, topic_prefix=given.source, group_id=given.group)
    watch = Watch()
    machine = Machine(watch)
    with seldom_collected():
        keeper = Keeper(settings, Shard(0, machine, 0), machine)
        watch.begin()
        keeper.open()
        result = watch.result(len(machine.core.rows), 0, 0)
    return msgspec.structs.replace(result, units=machine.core.units())


def bare(given: Task) -> Result:
    """Read what is committed and keep each row, decoded."""
    options = client_options(given.broker, OPTIONS)
    rows: dict[bytes, Row] = {}
    decode, is_over, watch = msgspec.json.Decoder(Row).decode, False, Watch()
    with seldom_collected():
        watch.begin()
        consumer = Consumer(options)
        consumer.assign([TopicPartition(f"{given.source}state", 0, 0)])
        while not is_over:
            for message in consumer.consume(FETCH_RECORDS, FETCH_SECONDS):
                problem = message.error()
                if problem is not None:
                    assert problem.code() == KafkaError._PARTITION_EOF, problem
                    is_over = True
                elif message.key() != b'["head"]':
                    rows[message.key() or b""] = decode(message.value() or b"")
        consumer.close()
        result = watch.result(len(rows), 0, 0)
    return msgspec.structs.replace(result, units=sum(row.units for row in rows.values()))


if __name__ == "__main__":
    asked = task()
    tell(bare(asked) if asked.option == "bare" else opened(asked))
