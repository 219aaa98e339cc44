"""The topics that a worker needs: whether they are there, with which partitions, where they end, and making them.

A missing output topic would otherwise be noticed half a minute later, when nothing is acknowledged any more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, NewTopic, OffsetSpec

from streams.engine.bookmarks import Partition
from streams.engine.clients import client_options
from streams.engine.errors import EngineError, TopicsError
from streams.engine.publisher import RECORD_BYTES_MAX
from streams.engine.routing import SHARD_COUNT
from streams.engine.settings import EngineSettings

REQUEST_SECONDS = 10.0


class Topics:
    """The broker's view of the topics of one worker."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._admin = AdminClient(client_options(settings.broker, {"client.id": f"{settings.group_id}-topics"}))

    def check(self) -> None:
        """Raise `TopicsError` naming every topic that is missing, or `EngineError` where no broker answers.

        With `create_topics` in the settings what is missing is made first.
        """
        present = self.partition_counts()
        missing = [name for name in self._wanted() if name not in present]
        if missing and self._settings.create_topics:
            self._create(missing)
            present = self._await(missing)
            missing = [name for name in self._wanted() if name not in present]
        if missing:
            raise TopicsError(
                f"{self._settings.broker} has no topic {', '.join(missing)}: create them, or start with --create-topics"
            )
        shards = present[self._settings.log_topic]
        if shards != SHARD_COUNT:
            raise TopicsError(f"{self._settings.log_topic} has {shards} partitions, and must have {SHARD_COUNT}")

    def partition_counts(self) -> dict[str, int]:
        """Return how many partitions each topic of the broker has."""
        try:
            listed = self._admin.list_topics(timeout=REQUEST_SECONDS)
        except KafkaException as problem:
            raise EngineError(f"no broker answers at {self._settings.broker}: {problem.args[0].str()}") from None
        return {name: len(topic.partitions) for name, topic in listed.topics.items() if topic.error is None}

    def input_partitions(self) -> list[Partition]:
        """Return every partition of the input topics."""
        counts = self.partition_counts()
        return [(name, number) for name in self._settings.input_topics for number in range(counts[name])]

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition; raise `KafkaException` where one is unknown."""
        return end_offsets(self._admin, partitions)

    def _wanted(self) -> dict[str, int]:
        inputs = dict.fromkeys(self._settings.input_topics, self._settings.input_partitions)
        return {**inputs, self._settings.log_topic: SHARD_COUNT, **dict.fromkeys(self._settings.output_topics, 1)}

    def _create(self, names: Iterable[str]) -> None:
        wanted = self._wanted()
        try:
            for answer in self._admin.create_topics([self._new(name, wanted[name]) for name in names]).values():
                answer.result(REQUEST_SECONDS)
        except KafkaException as problem:
            raise TopicsError(f"the topics cannot be created: {problem.args[0].str()}") from None

    def _await(self, names: Iterable[str]) -> dict[str, int]:
        """Return the partition counts once all of `names` are among them: a broker says so a little after the fact."""
        deadline = time.monotonic() + REQUEST_SECONDS
        present = self.partition_counts()
        while not all(name in present for name in names) and time.monotonic() < deadline:
            time.sleep(0.05)
            present = self.partition_counts()
        return present

    def _new(self, name: str, partitions: int) -> NewTopic:
        # The log keeps everything, and takes whatever an input took; -1 leaves replication to the broker's default.
        log = {"retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": str(RECORD_BYTES_MAX)}
        return NewTopic(name, partitions, -1, config=log if name == self._settings.log_topic else {})


def end_offsets(admin: AdminClient, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Return the offset behind the last record of each partition; raise `KafkaException` where one is unknown."""
    asked = {TopicPartition(*partition): OffsetSpec.latest() for partition in partitions}
    answers: Mapping[TopicPartition, Future[ListOffsetsResultInfo]] = admin.list_offsets(
        asked, request_timeout=REQUEST_SECONDS
    )
    return {(asked.topic, asked.partition): answer.result().offset for asked, answer in answers.items()}
