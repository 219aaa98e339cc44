"""Both sinks pass the suite of `alerts.checks`, and the suite fails a sink that breaks a promise."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.checks import CHECKS, HOSTILE, Probe, check_hostile_text, check_sink, sample
from alerts.records import Alert, encode
from alerts.sinks.base import Sink, SinkError
from alerts.sinks.jsonl import JsonlSink
from alerts.sinks.terminal import TerminalSink


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class FileProbe:
    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> Sink:
        return JsonlSink(self.path)

    def delivered(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()  # splits at every line end that Unicode has


class StreamProbe:
    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    def open(self) -> Sink:
        return TerminalSink(self.stream)

    def delivered(self) -> list[str]:
        return self.stream.getvalue().splitlines()


class Careless:
    """A sink as one writes it in a hurry: it prints what it is given."""

    def __init__(self, stream: io.StringIO) -> None:
        self.stream = stream

    def send(self, alert: Alert) -> None:
        self.stream.write(alert.explanation + "\n")

    def close(self) -> None:
        pass


class CarelessProbe(StreamProbe):
    def open(self) -> Sink:
        return Careless(self.stream)


@pytest.fixture(autouse=True)
def _a_colour_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("kind", ["file", "plain", "terminal"])
def test_every_sink_keeps_every_promise(check: Callable[[Probe], None], kind: str, tmp_path: Path) -> None:
    probes: dict[str, Probe] = {
        "file": FileProbe(tmp_path / "alerts.jsonl"),
        "plain": StreamProbe(io.StringIO()),
        "terminal": StreamProbe(Screen()),
    }
    check(probes[kind])


def test_the_suite_runs_every_check_on_a_fresh_place() -> None:
    check_sink(lambda: StreamProbe(io.StringIO()))


def test_the_suite_catches_a_careless_sink() -> None:
    with pytest.raises(AssertionError, match=r"arrived as it was|records became"):
        check_hostile_text(CarelessProbe(io.StringIO()))
    with pytest.raises(AssertionError, match="closed sink took a record"):
        CHECKS[1](CarelessProbe(io.StringIO()))


def test_a_file_holds_the_records_as_encoded(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink = JsonlSink(path)
    sink.send(sample(0))
    sink.close()
    assert path.read_bytes() == encode(sample(0)) + b"\n"


def test_a_file_is_continued_or_begun_afresh(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    for fresh, lines in [(False, 1), (False, 2), (True, 1)]:
        sink = JsonlSink(path, fresh=fresh)
        sink.send(sample(0))
        sink.close()
        assert len(path.read_bytes().splitlines()) == lines


def test_a_torn_line_does_not_spoil_the_next_record(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"alert_id":"al-')
    sink = JsonlSink(path)
    sink.send(sample(0))
    sink.close()
    assert path.read_bytes() == b'{"alert_id":"al-\n' + encode(sample(0)) + b"\n"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"there is no folder .*nowhere") as refused:
        JsonlSink(tmp_path / "nowhere" / "alerts.jsonl")
    assert not refused.value.retry


def test_a_path_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"cannot write alerts to .*: Is a directory"):
        JsonlSink(tmp_path)


def test_a_full_disk_is_an_error_worth_a_retry() -> None:
    sink = JsonlSink("/dev/full")
    with pytest.raises(SinkError, match="No space left") as refused:
        sink.send(sample(0))
    sink.close()
    assert refused.value.retry


def test_a_plain_line_reads() -> None:
    stream = io.StringIO()
    TerminalSink(stream).send(sample(0))
    assert stream.getvalue() == (
        "2026-01-01T00:00:00Z P2 position_drift open location=venue:one asset=BTC"
        " - reported 0.40 BTC more than expected\n"
    )


def test_a_terminal_line_has_a_colour_and_is_not_wrapped() -> None:
    screen = Screen()
    TerminalSink(screen).send(sample(0, explanation="word " * 200))
    assert screen.getvalue().startswith("\x1b[")
    assert screen.getvalue().count("\n") == 1


def test_a_stream_that_knows_only_ascii_gets_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    sink = TerminalSink(stream)
    for text in (*HOSTILE, "– 3 € 漢"):
        sink.send(sample(0, explanation=text))
    lines = raw.getvalue().decode("ascii").splitlines()
    assert len(lines) == len(HOSTILE) + 1
    assert lines[-1].endswith(r"\u2013 3 \u20ac \u6f22")


def test_a_stream_that_is_gone_is_an_error() -> None:
    stream = io.StringIO()
    sink = TerminalSink(stream)
    stream.close()
    with pytest.raises(SinkError, match="cannot print"):
        sink.send(sample(0))
