"""The exported log is the run, byte for byte, also of workers that went on from a checkpoint in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from streams.cli import cli
from streams.engine.settings import EngineSettings
from streams.files import read_records
from streams.monitor import Monitor, encode
from streams.record import OUTPUT_TOPICS
from tests.kafka.working import Worker, chunks, log_end, saved, send, values


def test_a_replay_of_the_log_is_the_run_of_two_workers_with_a_checkpoint_between(
    on_kafka: Callable[..., EngineSettings], tmp_path: Path
) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    said: list[bytes] = []
    parts = list(chunks(2))
    sent = 1
    for number, chunk in enumerate(parts):
        with Worker(settings) as worker:
            sent += send(settings, chunk)
            worker.wait_for_state(sent)
        assert worker.code == 0
        assert worker.said, "a part of a run that says nothing proves nothing"
        said += worker.said
        head = saved(settings).head
        assert head is not None
        assert (head.position, head.outputs) == (sent, len(said)), f"part {number} went on from its checkpoint"
    path = tmp_path / "log.jsonl"
    exported = CliRunner().invoke(
        cli, ["export-log", "--broker", settings.broker, "--topic", settings.log_topic, "--out", str(path)]
    )
    assert exported.exit_code == 0, exported.output
    monitor = Monitor()
    outputs = [output for record in read_records([str(path)]) for output in monitor.step(record)]
    assert [encode(output.value) for output in outputs] == said
    for topic in OUTPUT_TOPICS:
        assert values(settings, topic) == [encode(output.value) for output in outputs if output.topic == topic]
    assert log_end(settings) == len(path.read_bytes().splitlines()) == sent
