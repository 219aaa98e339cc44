"""The head of the last checkpoint alone, from the end of the topic: what a start wants to know before it has the shard."""

from __future__ import annotations

from itertools import chain

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.engine.checkpoints.head import HEAD_KEY, Head, read_head
from streams.engine.checkpoints.reader import OPTIONS, fetches_to_end
from streams.engine.clients import client_options, ends_of
from streams.engine.errors import UnavailableError

LOOK_BACK_RECORDS = 100
LOOK_BACK_FACTOR = 20


def last_head(broker: str, topic: str, shard: int) -> Head | None:
    """Return the head of the last checkpoint of a shard, None where there is none.

    The head is the last record of its transaction, so a short look back finds it; a longer one is taken where a
    transaction has been begun or given up since. Raises as `read_saved`.
    """
    consumer = Consumer(client_options(broker, OPTIONS))
    place = TopicPartition(topic, shard)
    try:
        first, end = ends_of(consumer, place)
        back, start = LOOK_BACK_RECORDS, end
        while start > first:
            start = max(first, end - back)
            found = _last(consumer, TopicPartition(topic, shard, start))
            if found is not None:
                return read_head(found, topic, shard)
            back *= LOOK_BACK_FACTOR
    except KafkaException as problem:
        raise UnavailableError(f"{topic} cannot be read from {broker}: {problem.args[0].str()}") from None
    finally:
        consumer.close()
    return None


def _last(consumer: Consumer, place: TopicPartition) -> bytes | None:
    found = None
    for message in chain.from_iterable(fetches_to_end(consumer, place)):
        if message.key() == HEAD_KEY:
            found = message.value()
    return found
