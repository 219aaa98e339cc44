"""How far the running workers have come, asked of the broker: what is in the log, and what of it is applied."""

from __future__ import annotations

import time
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from streams.engine.clients import client_options
from streams.engine.errors import UnavailableError
from streams.engine.settings import EngineSettings

REQUEST_SECONDS, RETRY_SECONDS = 10.0, 0.2
PASSING = {
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE,
}  # fmt: skip
"""What a broker answers while it finds out, or learns again, who is in charge of a group or a partition."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Of each shard: records in its log, and how many of them its monitor has applied with their outputs confirmed."""

    ends: tuple[int, ...]
    positions: tuple[int, ...]

    @property
    def logged(self) -> int:
        return sum(self.ends)

    @property
    def applied(self) -> int:
        return sum(self.positions)

    @property
    def waiting(self) -> int:
        """How many are logged and not applied: with ticks coming all the time there may always be one or two."""
        return self.logged - self.applied

    def has_applied(self, ends: tuple[int, ...]) -> bool:
        """Say whether each shard has applied its log as far as it went when it had these ends."""
        return all(position >= end for position, end in zip(self.positions, ends, strict=True))


class ProgressReader:
    """Asks for the progress of the workers of one group; what it says is at most a second behind."""

    def __init__(self, settings: EngineSettings) -> None:
        self._places = [TopicPartition(settings.log_topic, shard) for shard in range(settings.shards)]
        self._consumer = Consumer(
            client_options(
                settings.broker,
                {
                    "group.id": settings.group_id,  # to read the group's offsets; without subscribing it is no member
                    "enable.auto.commit": False,
                },
            )
        )

    def read(self) -> Progress:
        """Return the progress; raise `UnavailableError` where the broker does not say it.

        A broker that has just started, or has just lost its neighbour, may say so for a moment only: it is asked again.
        """
        deadline_s = time.monotonic() + REQUEST_SECONDS
        while True:
            try:
                return self._read()
            except KafkaException as problem:
                if problem.args[0].code() not in PASSING or time.monotonic() > deadline_s:
                    reason = problem.args[0].str()
                    raise UnavailableError(f"the broker does not say how far the worker is: {reason}") from None
            time.sleep(RETRY_SECONDS)

    def _read(self) -> Progress:
        ends = [self._consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS)[1] for place in self._places]
        committed = self._consumer.committed(self._places, timeout=REQUEST_SECONDS)
        return Progress(tuple(ends), tuple(max(place.offset, 0) for place in committed))

    def close(self) -> None:
        self._consumer.close()
