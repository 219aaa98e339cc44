"""The state can be made anew from the log: equal where nothing is wrong, and put right where something is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from tests.kafka.working import Worker, chunks, log_end, position_of, saved, send, wait, write_state

OnKafka = Callable[..., EngineSettings]


def run(command: str, settings: EngineSettings) -> Result:
    return CliRunner().invoke(cli, command.split(), env=settings.as_environment())


@pytest.fixture
def settings(on_kafka: OnKafka) -> EngineSettings:
    """Settings with a state of a few hundred records, made by two workers one after the other."""
    settings = on_kafka(clock="events", checkpoint_seconds=0.3)
    sent = 1
    for chunk in chunks(2):
        with Worker(settings) as worker:
            sent += send(settings, chunk)
            worker.wait_for_state(sent)
        assert worker.code == 0
    return settings


def test_a_state_made_by_two_workers_is_what_the_log_gives(settings: EngineSettings) -> None:
    done = run("rebuild", settings)
    assert done.exit_code == 0, done.output
    first, live, anew, last = done.output.splitlines()
    assert first == "Shard 0 at 1,401 of its log:"
    assert live.removeprefix("  live") == anew.removeprefix("  anew")
    assert "1,401 records in" in live
    assert last == "Equal."


def test_what_is_wrong_is_named_and_put_right_and_the_next_worker_goes_on_from_there(settings: EngineSettings) -> None:
    before = saved(settings)
    assert before.head is not None
    gone, changed = sorted(key for key in before.rows if key.startswith(b'["position"'))[:2]
    spoilt = before.rows[changed].replace(b"1", b"2", 1)
    write_state(settings, {gone.decode(): None, changed.decode(): spoilt, '["seen",77]': b"[]"}, before.head)
    done = run("rebuild", settings)
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert "Rows: 1 missing, 1 extra, 1 different." in lines
    assert any(line.startswith(f"  missing    {gone.decode()}: anew {{") for line in lines)
    assert any(line.startswith(f"  different  {changed.decode()}: live ") for line in lines)
    assert '  extra      ["seen",77]: live []' in lines
    # The state says more than the rows do, so a worker must not be shut out by accident.
    refused = run("rebuild --write", settings)
    assert (refused.exit_code, saved(settings).rows.get(gone)) == (2, None)
    assert "stop it, and say --yes" in refused.stderr
    done = run("rebuild --write --yes", settings)
    assert done.exit_code == 0, done.output
    after = saved(settings)
    assert after.rows == before.rows
    assert after.head is not None
    assert msgspec.structs.replace(after.head, written_us=0) == msgspec.structs.replace(before.head, written_us=0)
    with Worker(settings) as worker:
        end = log_end(settings) + send(settings, list(chunks(3))[2])
        worker.wait_for_state(end)
    assert run("rebuild", settings).exit_code == 0
    assert run("witness --once", settings).exit_code == 0


def test_a_worker_that_runs_is_shut_out_by_a_rebuild_that_writes(
    settings: EngineSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    with Worker(settings) as worker:
        end = log_end(settings) + send(settings, list(chunks(3))[2])
        worker.wait_for_state(end)
        head = saved(settings).head
        assert head is not None
        write_state(settings, {'["seen",77]': b"[]"}, head)  # this alone shuts it out
        done = run("rebuild --write --yes", settings)
        assert done.exit_code == 0, done.output
        send(settings, list(chunks(4))[3])
        worker.wait_for_the_end()
    assert worker.code == 1
    # It may end while the command runs, which takes what this whole process says.
    assert "another worker holds" in capfd.readouterr().err + done.output
    assert b'["seen",77]' not in saved(settings).rows
    assert position_of(settings) == end, "it stands where the live state stood: nothing is left unsaid"


def test_a_state_of_an_older_version_is_replaced_and_one_of_a_newer_version_is_refused(
    settings: EngineSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    before = saved(settings)
    assert before.head is not None
    version = before.head.state_version
    write_state(settings, {'["old"]': b"1"}, msgspec.structs.replace(before.head, state_version=version - 1))
    done = run("rebuild", settings)
    assert done.exit_code == 1
    assert done.output.splitlines()[-2:] == [
        f"differs in state_version {version - 1}, not {version} as the log gives",
        "Rows of two versions are not compared.",
    ]
    with Worker(settings) as refused:
        refused.wait_for_the_end()
    assert "make it anew from the log with `driftline rebuild`" in capfd.readouterr().err
    assert run("rebuild --write --yes", settings).exit_code == 0
    assert saved(settings).rows == before.rows
    assert run("rebuild", settings).exit_code == 0
    write_state(settings, {}, msgspec.structs.replace(before.head, state_version=version + 1))
    done = run("rebuild", settings)
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert "start the newer program" in done.stderr


def test_what_cannot_be_done_is_one_line(on_kafka: OnKafka) -> None:
    settings = on_kafka()
    Topics(settings).create()
    for command in ("rebuild", "witness --once"):
        done = run(command, settings)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"driftline {command.split()[0]}: there is no state of shard 0")
        assert len(done.stderr.splitlines()) == 1


def test_a_log_that_ends_before_its_state_is_refused(settings: EngineSettings) -> None:
    head = saved(settings).head
    assert head is not None
    write_state(settings, {}, msgspec.structs.replace(head, position=head.position + 5))
    for command in ("rebuild", "witness --once"):
        done = run(command, settings)
        assert done.exit_code == 2
        assert "the log" in done.stderr
        assert str(head.position + 5) in done.stderr
    wait(lambda: position_of(settings) == head.position + 5)
