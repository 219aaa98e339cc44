"""A state that is read in two parts on a real broker, with checkpoints written in between, is the one that is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient

from streams.engine.checkpoints import StateReader, read_saved, reader
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from tests.kafka.test_fence import head, writer_of
from tests.kafka.working import wait

OnKafka = Callable[..., EngineSettings]
ROWS = 3_000


@pytest.mark.parametrize("is_whole", [False, True])
def test_reading_goes_on_from_where_it_ended(on_kafka: OnKafka, is_whole: bool) -> None:
    """Also in the middle of a checkpoint: of 3,000 rows and a head 2,000 at most come at a time."""
    settings = on_kafka()
    Topics(settings).create()
    writer = writer_of(settings)
    writer.write({str(number): b"1" for number in range(ROWS)}, head(1))
    begun = StateReader(settings.broker, settings.state_topic, 0)
    begun.read(lambda: not is_whole and begun.records > 0)
    assert begun.records == ROWS + 1 if is_whole else 0 < begun.records <= reader.FETCH_RECORDS

    writer.write({str(number): None if number % 2 else b"2" for number in range(0, ROWS, 3)}, head(2))
    writer.write({"another": b"3"}, head(3))
    read_on = read_saved(settings.broker, settings.state_topic, 0, begun)
    whole = read_saved(settings.broker, settings.state_topic, 0)
    assert (read_on.head, read_on.rows, read_on.records) == (head(3), whole.rows, whole.records)
    assert whole.rows[b"another"] == b"3"
    assert b"3" not in whole.rows
    assert whole.rows[b"6"] == b"2"


def test_a_state_that_was_made_anew_is_read_from_its_beginning(on_kafka: OnKafka) -> None:
    settings = on_kafka()
    Topics(settings).create()
    writer_of(settings).write({str(number): b"1" for number in range(ROWS)}, head(1))
    begun = StateReader(settings.broker, settings.state_topic, 0)
    begun.read()
    admin = AdminClient({"bootstrap.servers": settings.broker})
    admin.delete_topics([settings.state_topic])[settings.state_topic].result(30)
    wait(lambda: settings.state_topic not in admin.list_topics(timeout=10).topics)
    Topics(settings).create()
    writer_of(settings).write({"new": b"1"}, head(2))
    saved = read_saved(settings.broker, settings.state_topic, 0, begun)
    assert (saved.head, saved.rows, saved.records) == (head(2), {b"new": b"1"}, 2)
