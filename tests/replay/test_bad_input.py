"""Bad lines cost nothing but themselves: each is kept once with its reason, and every good line counts."""

from __future__ import annotations

import base64
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.replay.command import Run, read_rows, replay
from tests.replay.corpus import Broken, broken_lines, good_lines

RAW_KEPT_BYTES = 48 * 1024


class Mixed:
    """Good lines and broken ones in one file: `broken` by line number, from 1."""

    def __init__(self, folder: Path) -> None:
        good, bad = good_lines(), broken_lines()
        places = set(Random(7).sample(range(len(good) + len(bad)), len(bad)))
        lines = [bad.pop(0) if place in places else good.pop(0) for place in range(len(good) + len(bad))]
        assert not good
        assert not bad
        self.broken = {number: line for number, line in enumerate(lines, 1) if isinstance(line, Broken)}
        self.path = folder / "mixed.jsonl"
        self.path.write_bytes(b"".join((line.line if isinstance(line, Broken) else line) + b"\n" for line in lines))


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    return Mixed(tmp_path_factory.mktemp("mixed"))


@pytest.fixture(scope="module")
def run(mixed: Mixed) -> Run:
    return replay(mixed.path.parent, str(mixed.path))


@pytest.fixture(scope="module")
def by_line(mixed: Mixed, run: Run) -> dict[int, list[dict[str, Any]]]:
    """Return what is in quarantine by the number of its line."""
    kept: dict[int, list[dict[str, Any]]] = {}
    for row in run.quarantine:
        path, _, number = row["origin"].rpartition(":")
        assert path == str(mixed.path)
        kept.setdefault(int(number), []).append(row)
    return kept


def test_there_are_hundreds_of_ways_to_be_broken() -> None:
    broken = broken_lines()
    assert len({line.line for line in broken}) == len(broken) >= 200


def test_the_run_ends_well_and_counts_what_it_kept(mixed: Mixed, run: Run) -> None:
    assert run.exit_code == 0
    assert run.stderr.count("\n") == 1
    assert f"{len(mixed.broken)} lines quarantined" in run.stderr


def test_every_broken_line_is_kept_and_none_twice(
    mixed: Mixed, run: Run, by_line: dict[int, list[dict[str, Any]]]
) -> None:
    lost = [line.what for number, line in mixed.broken.items() if number not in by_line]
    twice = [mixed.broken[number].what for number, rows in by_line.items() if len(rows) > 1]
    good = sorted(by_line.keys() - mixed.broken.keys())
    assert (lost, twice, good) == ([], [], [])
    assert len(run.quarantine) == len(mixed.broken)


def test_every_broken_line_is_kept_with_a_reason(mixed: Mixed, by_line: dict[int, list[dict[str, Any]]]) -> None:
    rows = {number: rows[0] for number, rows in by_line.items()}
    odd = [
        (line.what, rows[number]["code"])
        for number, line in mixed.broken.items()
        if rows[number]["code"] not in line.codes
    ]
    assert odd == []
    assert [number for number, row in rows.items() if not 5 <= len(row["reason"]) <= 500] == []


def test_every_broken_line_is_kept_with_its_bytes(mixed: Mixed, by_line: dict[int, list[dict[str, Any]]]) -> None:
    for number, line in mixed.broken.items():
        row = by_line[number][0]
        raw = base64.b64decode(row["raw_b64"])
        assert len(raw) == min(row["size_bytes"], RAW_KEPT_BYTES), line.what
        assert raw in line.line or b"raw_b64" in line.line, line.what


def test_every_good_line_counts(tmp_path: Path, run: Run) -> None:
    clean = tmp_path / "good.jsonl"
    clean.write_bytes(b"\n".join(good_lines()) + b"\n")
    alone = replay(tmp_path, str(clean))
    assert (alone.exit_code, alone.stderr, alone.quarantine) == (0, "", [])
    assert run.positions == alone.positions
    assert run.alerts == alone.alerts
    assert [(alert["type"], alert["difference"]) for alert in alone.alerts] == [("position_drift", "77")]


def test_the_worst_line_costs_little_memory_on_disk(run: Run) -> None:
    assert max(len(msgspec.json.encode(row)) for row in run.quarantine) < 70_000


def test_an_empty_file_is_read_to_its_end(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    run = replay(tmp_path, str(empty))
    assert (run.exit_code, run.stderr, run.positions, run.alerts) == (0, "", [], [])


def test_blank_lines_and_a_missing_line_end_are_no_fault(tmp_path: Path) -> None:
    lines = good_lines()
    path = tmp_path / "blank.jsonl"
    path.write_bytes(b"\n \r\n".join(lines))
    run = replay(tmp_path, str(path))
    assert (run.exit_code, run.stderr) == (0, "")
    assert len(read_rows(run.folder / "positions.jsonl")) == len(run.positions) == 4
