from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.simulate import FAULTS, main


def test_it_writes_a_world_and_says_what_it_injected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, truth = tmp_path / "world.jsonl", tmp_path / "truth.jsonl"
    argv = ["--seed", "2", "--days", "0.1", "--scenario", "silent_outflow", "--fault-at", "3600", "--out", str(out),
            "--truth", str(truth), "--transfers-per-day", "1000", "--clients", "4"]  # fmt: skip
    assert main(argv) == 0
    lines = out.read_text().splitlines()
    said = capsys.readouterr().err
    assert f"{len(lines):,} events" in said
    assert "2026-01-05T01:00:00Z silent_outflow: " in said
    assert json.loads(truth.read_text())["injected_at"] == "2026-01-05T01:00:00Z"


def test_what_cannot_be_written_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--days", "0.01", "--out", str(tmp_path / "nowhere" / "world.jsonl")]) == 2
    assert main(["--days", "-1", "--out", str(tmp_path / "world.jsonl")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(line.startswith("driftline simulate: ") for line in said)


def test_an_unknown_scenario_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--out", "x", "--scenario", "gremlin"])
    assert stop.value.code == 2
    assert "gremlin" in capsys.readouterr().err


def test_help_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in FAULTS)
