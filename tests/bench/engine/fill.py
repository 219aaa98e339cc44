"""The topics of a run, filled beforehand: a log as Driftline's intake writes it, and the same bytes for the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from streams.engine.control import config_record
from streams.engine.entries import entry_key
from streams.engine.intake import wall_us
from streams.engine.logfile import read_ends
from streams.engine.publisher import producer_options
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.record import INPUT_TOPICS, OWN_ORIGIN

Pair = tuple[bytes, bytes]  # key and value
Entry = tuple[str, bytes]  # origin and value


class Filler:
    """Makes topics of one partition and fills them, compressed as Driftline compresses its log."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._producer = Producer(producer_options(settings))
        self._admin = AdminClient({"bootstrap.servers": settings.broker})

    def make(self, *names: str) -> None:
        """Make empty topics, and return when the broker has them."""
        for answer in self._admin.create_topics([NewTopic(name, 1, 1) for name in names]).values():
            answer.result()
        while not self._admin.list_topics(timeout=10).topics.keys() >= set(names):
            time.sleep(0.05)

    def drop(self, prefix: str) -> None:
        """Delete every topic whose name begins so."""
        names = [name for name in self._admin.list_topics(timeout=10).topics if name.startswith(prefix)]
        for answer in (self._admin.delete_topics(names) if names else {}).values():
            with suppress(KafkaException):
                answer.result()

    def events(self, topic: str, pairs: Iterable[Pair]) -> None:
        """Fill a topic with events as their producers write them."""
        for key, value in pairs:
            self._send(topic, value, key=key)
        self._flush()

    def log(self, settings: EngineSettings, entries: Iterable[Entry], configuration: dict[str, Any]) -> None:
        """Make the topics of a worker, and fill its log as intake does."""
        self.logs(settings, [entries], configuration)

    def logs(self, settings: EngineSettings, shards: Sequence[Iterable[Entry]], configuration: dict[str, Any]) -> None:
        """Make the topics of workers, and fill the log of each shard as intake does."""
        Topics(settings).create()
        names = [f"{name}/0" for name in INPUT_TOPICS]
        for shard, entries in enumerate(shards):
            first = config_record(settings.clock, configuration, 0, wall_us(), names)
            self._send(settings.log_topic, first, shard, key=entry_key(OWN_ORIGIN, wall_us()))
            self._append(settings, entries, shard)
        self._flush()

    def log_on(self, settings: EngineSettings, entries: Iterable[Entry]) -> int:
        """Go on with a log of one shard, and return the offset at which it ends."""
        self._append(settings, entries)
        self._flush()
        return read_ends(settings.broker, (settings.log_topic, 0)).end

    def _append(self, settings: EngineSettings, entries: Iterable[Entry], shard: int = 0) -> None:
        for origin, value in entries:
            self._send(settings.log_topic, value, shard, key=entry_key(origin, wall_us()))

    def _send(self, topic: str, value: bytes, partition: int = 0, **more: Any) -> None:
        while True:
            try:
                self._producer.produce(topic, value, partition=partition, **more)
            except BufferError:
                self._producer.poll(0.05)
            else:
                return

    def _flush(self) -> None:
        assert self._producer.flush(120) == 0, "the broker does not take the events"


def as_entries(values: Sequence[bytes], topic: str = "transfers") -> Iterable[Entry]:
    """Yield values with the places in an input topic that a log names them by."""
    return ((f"{topic}/0/{number}", value) for number, value in enumerate(values))
