"""Who holds a shard on a real broker: the writer that was opened last, and every other one is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from streams.engine.checkpoints import CheckpointWriter, FencedError, Head, last_head, read_saved
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics

OnKafka = Callable[..., EngineSettings]
Rows = Iterable[tuple[str, bytes | None]]


def head(position: int) -> Head:
    return Head(
        position=position, state_version=1, inputs=0, outputs=0, input_hash=0, output_hash=0, log_begins=0, clock="ticks"
    )  # fmt: skip


def writer_of(settings: EngineSettings) -> CheckpointWriter:
    writer = CheckpointWriter(settings.broker, settings.state_topic, 0, f"{settings.topic_prefix}shard-0")
    writer.open()
    return writer


@pytest.mark.parametrize("when", ["before its checkpoint", "in the middle of it"])
def test_an_earlier_holder_is_told_that_it_is_shut_out_and_nothing_of_its_checkpoint_is_there(
    on_kafka: OnKafka, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = on_kafka()
    Topics(settings).create()
    earlier = writer_of(settings)
    earlier.write({"a": b"1"}, head(1))
    send_all = earlier._send_all

    def then_is_shut_out(rows: Rows) -> None:
        """Send half, be shut out, and let librdkafka hear of it: `produce` calls that a fatal error and no more."""
        send_all(rows)
        monkeypatch.setattr(earlier, "_send_all", send_all)
        earlier._producer.poll(0.5)
        writer_of(settings)
        earlier._producer.produce(settings.state_topic, b"x", b"x", partition=0)
        earlier._producer.poll(1.0)

    if when == "in the middle of it":
        monkeypatch.setattr(earlier, "_send_all", then_is_shut_out)
    else:
        writer_of(settings)
    with pytest.raises(FencedError, match="another worker holds"):
        earlier.write({str(number): b"2" for number in range(1_000)}, head(2))
    saved = read_saved(settings.broker, settings.state_topic, 0)
    assert (saved.head, saved.rows) == (head(1), {b"a": b"1"})
    assert last_head(settings.broker, settings.state_topic, 0) == head(1)
