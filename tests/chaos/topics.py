"""The topics of a run: as declared, but that the checker can see what came when, and that the state may be compacted all the time."""

from __future__ import annotations

from confluent_kafka.admin import AdminClient, NewTopic

from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics

STAMPED = {"message.timestamp.type": "LogAppendTime"}
# So small that the state is compacted while it is being read.
COMPACTED = {
    "segment.bytes": str(1024 * 1024), "min.compaction.lag.ms": "15000", "min.cleanable.dirty.ratio": "0.01",
}  # fmt: skip


def create_topics(settings: EngineSettings, *, compacts_soon: bool = False) -> None:
    """Create the topics: inputs and log are stamped by the broker, the state is compacted all the time where asked.

    They are made so: what is changed later holds a moment later.
    """
    topics = Topics(settings)
    others = dict.fromkeys((*settings.input_topics, settings.log_topic), STAMPED)
    if compacts_soon:
        others[settings.state_topic] = COMPACTED
    new = [
        NewTopic(one.topic, one.partitions, one.replicas, config=one.configuration() | others.get(one.topic, {}))
        for one in topics.declared
    ]
    admin = AdminClient({"bootstrap.servers": settings.broker})  # which must be there for as long as it is asked
    for answer in admin.create_topics(new).values():
        answer.result()
    topics.create()  # makes nothing more, and returns once the broker lists them
