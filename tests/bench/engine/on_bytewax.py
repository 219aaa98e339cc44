"""Bytewax, without recovery: its Kafka source and sink, and a stateful map keyed by account."""

from __future__ import annotations

import bytewax.operators as op  # type: ignore[import-not-found]  # in an environment of its own
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource  # type: ignore[import-not-found]  # in an environment of its own
from bytewax.dataflow import Dataflow  # type: ignore[import-not-found]  # in an environment of its own
from bytewax.testing import cluster_main  # type: ignore[import-not-found]  # in an environment of its own

from tests.bench.engine.core import Alarm, Event, Row, advance, decode, encode
from tests.bench.engine.result import Result, Task, Watch, task, tell

BATCH_RECORDS = 5_000


def run(given: Task) -> Result:
    watch, rows, said = Watch(), dict[str, Row](), 0

    def read(message: object) -> tuple[str, Event]:
        watch.begin()
        event = decode(message.value)  # type: ignore[attr-defined]  # a message, where nothing failed
        return event.account, event

    def step(row: Row | None, event: Event) -> tuple[Row, Alarm | None]:
        if row is None:
            row = rows[event.account] = Row()
        return row, advance(row, event)

    def say(pair: tuple[str, Alarm | None]) -> object:
        nonlocal said
        account, alarm = pair
        if alarm is None:
            return None
        said += 1
        return KafkaSinkMessage(account.encode(), encode(alarm))

    flow = Dataflow("bench")
    source = KafkaSource([given.broker], [given.source], tail=False, batch_size=BATCH_RECORDS)
    events = op.map("read", op.input("source", flow, source), read)
    alarms = op.stateful_map("step", events, step)
    op.output("outputs", op.filter_map("say", alarms, say), KafkaSink([given.broker], given.outputs))
    cluster_main(flow, [], 0)
    return watch.result(sum(row.events for row in rows.values()), said, sum(row.units for row in rows.values()))


if __name__ == "__main__":
    tell(run(task()))
