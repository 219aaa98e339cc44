"""How far the running workers have come, asked of the broker: what is in the log, and what of it is applied."""

from __future__ import annotations

from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.engine.clients import client_options
from streams.engine.errors import UnavailableError
from streams.engine.settings import EngineSettings

REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Records in the log, and how many of them the monitors have applied with their outputs confirmed."""

    logged: int
    applied: int

    @property
    def waiting(self) -> int:
        return self.logged - self.applied


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
        """Return the progress; raise `UnavailableError` where the broker does not say it."""
        try:
            ends = [self._consumer.get_watermark_offsets(place, timeout=REQUEST_SECONDS)[1] for place in self._places]
            committed = self._consumer.committed(self._places, timeout=REQUEST_SECONDS)
        except KafkaException as problem:
            raise UnavailableError(f"the broker does not say how far the worker is: {problem.args[0].str()}") from None
        return Progress(sum(ends), sum(max(place.offset, 0) for place in committed))

    def close(self) -> None:
        self._consumer.close()
