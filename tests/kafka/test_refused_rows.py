"""What a broker does not take of a checkpoint: it is tried again, or it is said which row it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from streams.engine.checkpoints import read_saved
from streams.engine.errors import EngineError
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from tests.kafka.test_fence import head, writer_of

OnKafka = Callable[..., EngineSettings]
Rows = Iterable[tuple[str, bytes | None]]


@pytest.mark.parametrize("is_seen_early", [True, False])
def test_a_row_that_is_too_large_is_named(
    on_kafka: OnKafka, is_seen_early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = on_kafka()
    Topics(settings).create()
    smaller = ConfigEntry("max.message.bytes", "2000", incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource(ResourceType.TOPIC, settings.state_topic, incremental_configs=[smaller])
    admin = AdminClient({"bootstrap.servers": settings.broker})
    for answer in admin.incremental_alter_configs([topic]).values():
        answer.result(10)
    writer = writer_of(settings)
    send_all = writer._send_all

    def slowly(rows: Rows) -> None:
        send_all(rows)
        writer._producer.poll(1.0)

    if is_seen_early:  # then it is `produce` of the next row that fails
        monkeypatch.setattr(writer, "_send_all", slowly)
    rows: dict[str, bytes | None] = {'["large"]': os.urandom(50_000), '["a"]': b"1", '["b"]': b"2"}
    with pytest.raises(EngineError, match=r'does not take the row \["large"\]'):
        writer.write(rows, head(1))
    assert read_saved(settings.broker, settings.state_topic, 0).head is None


def test_a_transaction_that_has_failed_is_taken_back_and_tried_again(
    on_kafka: OnKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = on_kafka()
    Topics(settings).create()
    writer = writer_of(settings)
    send_all, tries = writer._send_all, list[int]()

    def fails_once(rows: Rows) -> None:
        send_all(rows)
        tries.append(1)
        if len(tries) == 1:
            raise KafkaException(KafkaError(KafkaError._STATE))

    monkeypatch.setattr(writer, "_send_all", fails_once)
    writer.write({"a": b"1", "b": b"2"}, head(1))
    saved = read_saved(settings.broker, settings.state_topic, 0)
    assert (saved.head, saved.rows) == (head(1), {b"a": b"1", b"b": b"2"})
