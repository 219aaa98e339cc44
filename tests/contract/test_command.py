"""The command that outside checks rely on: what it reads, what it writes, and how it ends."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from streams.cli import cli
from tests.contract.firm import Firm
from tests.contract.verdicts import examine
from tests.contract.ways import Ways

MAIN = "from streams.cli import main; main()"


def phantom() -> Firm:
    firm = Firm(Ways(heartbeat_s=60)).told()
    firm.journal(400, "deposit", ("client:alice", "ETH", "3"), ("world:w", "ETH", "-3"), origin="auto")
    firm.until(600)
    return firm


def replay(folder: Path, *files: str, text: str | None = None) -> tuple[Result, list[dict[str, Any]]]:
    out = folder / "alerts.jsonl"
    result = CliRunner().invoke(cli, ["replay", *files, "--alerts", str(out)], input=text)
    return result, [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.exists() else []


def test_a_plain_file_a_packed_file_two_files_and_standard_input_are_the_same(tmp_path: Path) -> None:
    whole, packed = tmp_path / "in.jsonl", tmp_path / "in.jsonl.gz"
    phantom().write(whole)
    packed.write_bytes(gzip.compress(whole.read_bytes()))
    rows = whole.read_text("utf-8").splitlines(keepends=True)
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    one.write_text("".join(rows[: len(rows) // 2]), "utf-8")
    two.write_text("".join(rows[len(rows) // 2 :]), "utf-8")
    result, expected = replay(tmp_path, str(whole))
    assert result.exit_code == 0
    assert expected == list(examine(phantom()).records)
    assert replay(tmp_path, str(packed))[1] == expected
    assert replay(tmp_path, str(one), str(two))[1] == expected
    assert replay(tmp_path, "-", text=whole.read_text("utf-8"))[1] == expected


def test_a_file_that_is_not_there_ends_with_two(tmp_path: Path) -> None:
    assert replay(tmp_path, str(tmp_path / "none.jsonl"))[0].exit_code == 2


def test_a_file_that_breaks_off_ends_with_two(tmp_path: Path) -> None:
    packed = tmp_path / "in.jsonl.gz"
    plain = tmp_path / "in.jsonl"
    phantom().write(plain)
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-2_000])
    assert replay(tmp_path, str(packed))[0].exit_code == 2


def test_lines_that_are_no_json_are_counted_and_stop_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    phantom().write(path)
    rows = path.read_text("utf-8").splitlines(keepends=True)
    rows[20:20] = ["{broken\n", '{"topic": "gossip", "value": {}}\n', "\n"]
    path.write_text("".join(rows), "utf-8")
    result, records = replay(tmp_path, str(path))
    assert result.exit_code == 0
    assert [record["type"] for record in records] == ["phantom_credit"]
    assert any(part.isdigit() for part in result.stderr)


def test_an_empty_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("", "utf-8")
    assert replay(tmp_path, str(path))[0].exit_code == 0


def test_every_run_writes_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    phantom().write(path)
    outputs = []
    for seed in ("1", "2"):
        out = tmp_path / f"alerts-{seed}.jsonl"
        command = [sys.executable, "-c", MAIN, "replay", str(path), "--alerts", str(out), "--quiet"]
        root = Path(__file__).parents[2]
        subprocess.run(command, check=True, cwd=root, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]
    assert outputs[0]


def test_every_record_fits_the_published_schema() -> None:
    schema = json.loads(CliRunner().invoke(cli, ["schema", "alerts"]).output)
    text = json.dumps(schema)
    for record in examine(phantom()).records:
        assert set(record) <= {part for part in record if f'"{part}"' in text}
