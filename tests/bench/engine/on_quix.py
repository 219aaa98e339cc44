"""Quix Streams with its state store and the changelog topic of it, at least once."""

from __future__ import annotations

from typing import Any

import msgspec
from quixstreams import Application  # type: ignore[import-not-found]  # in an environment of its own

from tests.bench.engine.core import Event, Row, advance, decode, encode
from tests.bench.engine.result import Result, Task, Watch, task, tell


def run(given: Task) -> Result:
    watch, units, said, events = Watch(), 0, 0, 0
    app = Application(
        broker_address=given.broker,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        state_dir=given.folder,
        use_changelog_topics=True,
        auto_create_topics=True,
        loglevel="WARNING",
    )
    source = app.topic(given.source, key_deserializer="bytes", value_deserializer="bytes")
    outputs = app.topic(given.outputs, key_serializer="bytes", value_serializer="bytes")

    def step(value: bytes, state: Any) -> bytes | None:
        nonlocal units, said, events
        watch.begin()
        event: Event = decode(value)
        found = state.get("row")
        row = Row() if found is None else msgspec.convert(found, Row)
        before = row.units
        alarm = advance(row, event)
        state.set("row", msgspec.to_builtins(row))
        units += row.units - before
        events += 1
        if events == given.events:
            app.stop()
        if alarm is None:
            return None
        said += 1
        return encode(alarm)

    frame = app.dataframe(source).apply(step, stateful=True)
    frame = frame.filter(lambda value: value is not None).to_topic(outputs)
    app.run()  # it ends with a commit: changelog and outputs flushed
    return watch.result(events, said, units)


if __name__ == "__main__":
    tell(run(task()))
