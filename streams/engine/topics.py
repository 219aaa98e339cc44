"""The topics as the broker has them: whether they are as declared, where they end, and making what is missing.

A missing output topic would otherwise be noticed half a minute later, when nothing is acknowledged any more. What they
must be is declared in `streams.engine.topology`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    ListOffsetsResultInfo,
    NewTopic,
    OffsetSpec,
)

from streams.engine.bookmarks import Partition
from streams.engine.clients import client_options
from streams.engine.errors import TopicsError, UnavailableError
from streams.engine.settings import EngineSettings
from streams.engine.topology import Declared, Found, declared, differences

REQUEST_SECONDS = 10.0
T = TypeVar("T")


class Topics:
    """The broker's view of the topics of one worker."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self.declared = declared(settings)
        self._admin = AdminClient(client_options(settings.broker, {"client.id": f"{settings.group_id}-topics"}))

    def check(self) -> None:
        """Raise `TopicsError`, a line for each topic that a worker cannot work with, or `EngineError` without a broker.

        With `create_topics` in the settings what is missing is made first.
        """
        if self._settings.create_topics:
            self.create()
        found = self.found()
        missing = [one.topic for one in self.declared if one.topic not in found]
        if missing:
            raise TopicsError(
                f"{self._settings.broker} has no topic {', '.join(missing)}: "
                f"create them with driftline topics create, or start with --create-topics"
            )
        vital = [str(line) for line in differences(self.declared, found) if line.vital]
        if vital:
            raise TopicsError("\n".join(vital))

    def create(self) -> list[str]:
        """Make the topics that are missing, as declared, and return their names."""
        present = self.partition_counts()
        missing = [one for one in self.declared if one.topic not in present]
        if missing:
            self._create(missing)
            self._await([one.topic for one in missing])
        return [one.topic for one in missing]

    def found(self) -> dict[str, Found]:
        """Return what the broker says of the declared topics that it has."""
        listed = self._listed()
        wanted = {one.topic for one in self.declared}
        present = {name: topic for name, topic in listed.topics.items() if name in wanted and topic.error is None}
        # The embedded broker has no controller, which answers for the settings: the client would wait for one in vain.
        answers = self._settings_of(present) if listed.controller_id in listed.brokers else {}
        return {
            name: Found(
                len(topic.partitions),
                min(len(partition.replicas) for partition in topic.partitions.values()),
                answers.get(name),
            )
            for name, topic in present.items()
        }

    def partition_counts(self) -> dict[str, int]:
        """Return how many partitions each topic of the broker has."""
        topics = self._listed().topics.items()
        return {name: len(topic.partitions) for name, topic in topics if topic.error is None}

    def input_partitions(self) -> list[Partition]:
        """Return every partition of the input topics; raise `UnavailableError` where one of them is not listed."""
        counts = self.partition_counts()
        missing = [name for name in self._settings.input_topics if name not in counts]
        if missing:
            raise UnavailableError(f"the broker does not list {', '.join(missing)}")
        return [(name, number) for name in self._settings.input_topics for number in range(counts[name])]

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition; raise `KafkaException` where one is unknown."""
        return end_offsets(self._admin, partitions)

    def _listed(self) -> ClusterMetadata:
        try:
            return self._admin.list_topics(timeout=REQUEST_SECONDS)
        except KafkaException as problem:
            raise UnavailableError(f"no broker answers at {self._settings.broker}: {problem.args[0].str()}") from None

    def _settings_of(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the settings of each topic; of one that may not be looked at, none."""
        asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
        told: dict[str, dict[str, str]] = {}
        for resource, answer in self._admin.describe_configs(asked, request_timeout=REQUEST_SECONDS).items():
            with suppress(KafkaException):
                entries = answered(answer).items()
                told[resource.name] = {name: entry.value for name, entry in entries if entry.value is not None}
        return told

    def _create(self, missing: Iterable[Declared]) -> None:
        new = [NewTopic(one.topic, one.partitions, one.replicas, config=one.configuration()) for one in missing]
        for name, answer in self._admin.create_topics(new, request_timeout=REQUEST_SECONDS).items():
            try:
                answered(answer)
            except KafkaException as problem:
                if problem.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was a little earlier
                    raise TopicsError(f"{name} cannot be created: {problem.args[0].str()}") from None

    def _await(self, names: Iterable[str]) -> None:
        """Wait until all of `names` are among the topics: a broker says so a little after the fact."""
        deadline = time.monotonic() + REQUEST_SECONDS
        while not self.partition_counts().keys() >= set(names) and time.monotonic() < deadline:
            time.sleep(0.05)


def answered(answer: Future[T]) -> T:
    """Return what the broker says; raise `KafkaException` where it says nothing.

    The client breaks a question off by itself, but has been seen to forget one for ever when its broker was away.
    """
    try:
        return answer.result(2 * REQUEST_SECONDS)
    except TimeoutError:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the broker does not answer")) from None


def end_offsets(admin: AdminClient, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Return the offset behind the last record of each partition; raise `KafkaException` where one is unknown."""
    asked = {TopicPartition(*partition): OffsetSpec.latest() for partition in partitions}
    answers: Mapping[TopicPartition, Future[ListOffsetsResultInfo]] = admin.list_offsets(
        asked, request_timeout=REQUEST_SECONDS
    )
    return {(asked.topic, asked.partition): answered(answer).offset for asked, answer in answers.items()}
