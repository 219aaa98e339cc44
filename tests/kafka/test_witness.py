"""The witness agrees with workers that come and go, and says so once where the state is not what the log gives."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewTopic

from alerts.records import Alert
from streams.cli import cli
from streams.cli.witness import attend
from streams.engine.checkpoints import CheckpointWriter
from streams.engine.checkpoints.follower import StateFollower, Written
from streams.engine.checkpoints.head import HEAD_KEY, Head, encode_head
from streams.engine.clients import client_options
from streams.engine.keeper import transactional_id
from streams.engine.settings import EngineSettings
from streams.engine.testimony import STATE_DISAGREES, Testimony
from streams.engine.topics import Topics
from streams.engine.witness import Verdict, Witness
from streams.monitor import Monitor
from tests.engine.in_thread import in_thread
from tests.kafka.broker import KafkaBroker
from tests.kafka.working import Worker, chunks, log_end, saved, send, values, wait, write_state
from tests.metrics.scrape import of, page, scrape

OnKafka = Callable[..., EngineSettings]


def attending(settings: EngineSettings) -> AbstractContextManager[None]:
    """Let a witness follow in a thread; whatever it cannot do fails the test."""
    return in_thread(lambda stop: isinstance(attend(settings, 0, stop), bool), returns=True)


@contextmanager
def running(settings: EngineSettings) -> Iterator[int]:
    """Run the command as a process, with metrics on the port that is yielded; it ends by SIGTERM with what it last saw."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [str(Path(sysconfig.get_path("scripts")) / "driftline"), "witness", "--metrics-port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **settings.as_environment()}, stdout=subprocess.PIPE)
    try:
        yield port
        agrees = witness_agrees(port)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
        assert process.returncode == (0 if agrees else 1), said
        lines = said.decode().splitlines()
        assert ("agrees (" in lines[-1]) == bool(agrees), lines
    finally:
        process.kill()
        process.wait()


def witness_agrees(port: int) -> float | None:
    try:
        return of(scrape(port), "witness_agrees", shard="0")
    except OSError:
        return None


def alerts_of(settings: EngineSettings) -> list[Alert]:
    """Return what was said of the state on the topic of the alerts."""
    said = [msgspec.json.decode(value, type=Alert) for value in values(settings, "alerts")]
    return [alert for alert in said if alert.type == STATE_DISAGREES]


def verdicts_until(witness: Witness, position: int) -> list[Verdict]:
    """Return what the witness finds, up to the checkpoint at a place of the log."""
    found: list[Verdict] = []

    def arrived() -> bool:
        verdict = witness.next()
        if verdict is not None:
            found.append(verdict)
        return bool(found) and found[-1].head.position >= position

    wait(arrived)
    return found


def test_a_witness_agrees_with_workers_that_come_and_go(on_kafka: OnKafka) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.2)
    Topics(settings).create()
    sent, found = 1, list[Verdict]()
    with closing(Witness(settings, 0, Monitor)) as witness:
        assert witness.look() is None
        for chunk in chunks(2):
            with Worker(settings) as worker:
                for part in (chunk[:500], chunk[500:]):
                    sent += send(settings, part)
                    worker.wait_for_state(sent)
                found += verdicts_until(witness, sent)
    assert [str(verdict) for verdict in found if not verdict.agrees] == []
    assert len(found) >= 3
    # All rows of each were accounted for, without being compared again each time.
    assert not any(verdict.is_whole for verdict in found[1:]), [str(verdict) for verdict in found]
    assert found[-1].rows == len(saved(settings).rows) > 100
    assert found[-1].head.outputs > 0


def test_what_was_changed_is_told_once_with_its_rows_and_is_over_once_it_is_put_right(on_kafka: OnKafka) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.2)
    (chunk,) = chunks(1)
    with Worker(settings) as worker:
        sent = 1 + send(settings, chunk)
        worker.wait_for_state(sent)
    with attending(settings), attending(settings):  # two of them say one alert
        head = saved(settings).head
        assert head is not None
        changed, due_us = min(row for row in saved(settings).rows.items() if row[0].startswith(b'["deadline"'))
        write_state(settings, {changed.decode(): b"%d" % (int(due_us) + 1)}, head)
        wait(lambda: len(alerts_of(settings)) == 2)
        with Worker(settings) as worker:  # a worker goes on from what is wrong; the two hear of it and say no more
            worker.wait_for_state(sent)
        once = CliRunner().invoke(cli, ["witness", "--once"], env=settings.as_environment())
        assert once.exit_code == 1
        assert f"rows differ ({changed.decode()})" in once.output
        done = CliRunner().invoke(cli, ["rebuild", "--write", "--yes"], env=settings.as_environment())
        assert done.exit_code == 0, done.output
        wait(lambda: len(alerts_of(settings)) == 4)
    opened, same, resolved, _ = sorted(alerts_of(settings), key=lambda alert: alert.seq)
    assert opened == same
    assert (opened.state, opened.severity, opened.seq) == ("open", "P1", 0)
    assert f"rows differ ({changed.decode()})" in opened.explanation
    assert opened.evidence == (f"log/0/{sent}",)
    assert (resolved.alert_id, resolved.state, resolved.seq) == (opened.alert_id, "resolved", 1)


def test_other_outputs_than_the_log_gives_are_told_by_their_hash(on_kafka: OnKafka) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.2)
    (chunk,) = chunks(1)
    with Worker(settings) as worker:
        worker.wait_for_state(1 + send(settings, chunk))
    head = saved(settings).head
    assert head is not None
    with running(settings) as port:
        wait(lambda: witness_agrees(port) == 1)
        write_state(settings, {}, msgspec.structs.replace(head, output_hash=head.output_hash ^ 1))
        wait(lambda: witness_agrees(port) == 0)
        figures = scrape(port)
        facts = {"shard": 0, "compared": 2, "position": head.position, "agrees": False}
        assert page(port, "/ready") == page(port, "/health") == (200, {"ok": True, "problems": [], **facts})
    assert of(figures, "witness_disagreed_total", shard="0") == 1
    assert of(figures, "witness_rows_differing", shard="0") == 0
    assert of(figures, "witness_position_records", shard="0") == head.position
    (alert,) = alerts_of(settings)
    assert "output_hash" in alert.explanation
    once = CliRunner().invoke(cli, ["witness", "--once"], env=settings.as_environment())
    assert once.exit_code == 1
    assert f"output_hash {head.output_hash ^ 1:08x}, not {head.output_hash:08x}" in once.output
    assert "rows differ" not in once.output


# ------------------------------------------------------------------------------------------------- gaps in the state


def head_at(position: int) -> Head:
    return Head(
        position=position, state_version=1, inputs=position, outputs=0, input_hash=1, output_hash=0, log_begins=1
    )


@pytest.fixture
def settings(on_kafka: OnKafka) -> EngineSettings:
    settings = on_kafka()
    Topics(settings).create()
    return settings


def test_checkpoints_are_whole_until_an_offset_is_missing(settings: EngineSettings) -> None:
    heads = [head_at(position) for position in range(1, 5)]
    with closing(StateFollower(settings.broker, settings.state_topic, 0)) as follower:
        for head in heads[:2]:
            write_state(settings, {"a": b"1", "b": None}, head)
        leave_a_gap(settings)
        for head in heads[2:]:
            write_state(settings, {"a": b"2"}, head)
        found = [follower.next(30) for _ in heads]
        assert follower.next(0.2) is None
    assert [written.head for written in found if written] == heads
    assert [written.is_whole for written in found if written] == [True, True, False, True]
    assert [written.rows for written in found if written] == [{b"a": b"1", b"b": None}] * 2 + [{b"a": b"2"}] * 2
    with closing(StateFollower(settings.broker, settings.state_topic, 0)) as follower:
        last = follower.last()
        assert last is not None
        assert (last.head, last.rows) == (heads[-1], {b"a": b"2", b"b": None})
        assert follower.last() is None


def test_what_compaction_has_left_is_never_taken_for_whole(tmp_path: Path) -> None:
    eager = ("log.cleaner.backoff.ms=100", "log.segment.delete.delay.ms=100")
    with KafkaBroker(tmp_path / "kafka", eager) as broker:
        settings = EngineSettings(broker=broker.address)
        compacted = {
            "cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01",
            "min.compaction.lag.ms": "0", "delete.retention.ms": "0",
        }  # fmt: skip
        admin = AdminClient({"bootstrap.servers": broker.address})
        admin.create_topics([NewTopic(settings.state_topic, 1, 1, config=compacted)])[settings.state_topic].result(30)
        writer = CheckpointWriter(settings.broker, settings.state_topic, 0, transactional_id(settings, 0))
        writer.open()
        written: dict[int, dict[bytes, bytes | None]] = {}

        def write(position: int) -> None:
            numbers = (number for number in range(20) if number % 7 == position % 7 or number == position)
            value = b"%d" % position if position % 5 else None
            rows = {f"row {number}": value for number in numbers}
            writer.write(rows, head_at(position))
            written[position] = {name.encode(): value for name in rows}

        for position in range(1, 31):
            write(position)
            time.sleep(0.05)
        wait(lambda: len(read_all(settings)) < 20)
        slower = ConfigEntry("segment.ms", "3600000", incremental_operation=AlterConfigOpType.SET)
        change = ConfigResource(ConfigResource.Type.TOPIC, settings.state_topic, incremental_configs=[slower])
        admin.incremental_alter_configs([change])[change].result(30)
        for position in range(31, 41):
            write(position)
        found = read_all(settings)
        state: dict[bytes, bytes | None] = {}
        for rows_written in written.values():
            state.update(rows_written)
        with closing(StateFollower(settings.broker, settings.state_topic, 0)) as follower:
            last = follower.last()
    assert any(not one.is_whole for one in found)
    assert found[-1].is_whole, "the last ones lie behind what is compacted"
    for one in found:
        if one.is_whole:
            assert one.rows == written[one.head.position]
    assert last is not None
    assert last.head == head_at(40)
    assert {key: value for key, value in last.rows.items() if value is not None} == {
        key: value for key, value in state.items() if value is not None
    }


def read_all(settings: EngineSettings) -> list[Written]:
    """Return every checkpoint that a follower finds from the beginning."""
    with closing(StateFollower(settings.broker, settings.state_topic, 0)) as follower:
        return list(iter(lambda: follower.next(20, to_end=True), None))


def test_a_witness_that_finds_a_gap_compares_all_rows_at_the_latest_checkpoint(on_kafka: OnKafka) -> None:
    settings = on_kafka(clock="events", checkpoint_seconds=0.2)
    first, second = chunks(2)
    with Worker(settings) as worker:
        worker.wait_for_state(1 + send(settings, first))
    with closing(Witness(settings, 0, Monitor)) as witness:
        assert str(witness.look()).endswith("rows)")
        leave_a_gap(settings)
        with Worker(settings) as worker:
            worker.wait_for_state(log_end(settings) + send(settings, second))
        found = verdicts_until(witness, log_end(settings))
    assert [verdict.agrees for verdict in found] == [True] * len(found)
    assert found[0].is_whole


def leave_a_gap(settings: EngineSettings) -> None:
    """Write what is taken back again: its offsets are never read, as those of rows that compaction has removed."""
    options = {"transactional.id": "gap", "linger.ms": 0}
    producer = Producer(client_options(settings.broker, options))
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(settings.state_topic, b"?", b"?", partition=0)
    producer.produce(settings.state_topic, encode_head(head_at(99)), HEAD_KEY, partition=0)
    assert producer.flush(30) == 0
    producer.abort_transaction(30)


# --------------------------------------------------------------------------------------------------------- the alert


def test_the_alert_is_a_function_of_what_was_found_and_where() -> None:
    found = Verdict(0, head_at(7), ["outputs 1, not 2"], [b'["position","hot","BTC"]'], 10, 1_000_000, True)
    well = msgspec.structs.replace(found, heads=[], keys=[], moment_us=2_000_000)
    one, other = Testimony(), Testimony()
    assert one.hear(well) is None
    opened = one.hear(found)
    assert opened == other.hear(found)
    assert opened is not None
    assert opened.explanation == (
        "Shard 0 at 7: the state written is not what the log gives: outputs 1, not 2; "
        '1 of 10 rows differ (["position","hot","BTC"]).'
    )
    assert one.hear(found) is None, "it is open"
    ended = one.hear(well)
    assert ended is not None
    assert (ended.alert_id, ended.seq, ended.updated_at) == (opened.alert_id, 1, "1970-01-01T00:00:02Z")
    elsewhere = Testimony().hear(msgspec.structs.replace(found, head=head_at(8)))
    assert elsewhere is not None
    assert elsewhere.alert_id != opened.alert_id
