"""Files as users have them: packed, split, piped, missing or cut short, and what the command says of each."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from alerts.records import Alert
from streams.schema import schema
from tests.replay.command import OUTPUTS, Run, command, replay
from tests.replay.corpus import good_lines

ROOT = Path(__file__).parents[2]
GOOD = b"\n".join(good_lines()) + b"\n"
PROGRAM = [sys.executable, "-c", "from streams.cli import main; main()"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return the run over the good lines in one plain file."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "good.jsonl").write_bytes(GOOD)
    return replay(folder, str(folder / "good.jsonl"))


def bytes_of(run: Run) -> dict[str, bytes]:
    return {name: (run.folder / f"{name}.jsonl").read_bytes() for name in OUTPUTS}


def test_a_packed_file_is_the_same_whatever_its_name(tmp_path: Path, plain: Run) -> None:
    for name in ("good.jsonl.gz", "good.jsonl"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(GOOD))
        assert bytes_of(replay(tmp_path, str(path))) == bytes_of(plain)


def test_a_packed_file_of_several_parts_is_read_whole(tmp_path: Path, plain: Run) -> None:
    path = tmp_path / "parts.gz"
    path.write_bytes(gzip.compress(GOOD[:1000]) + gzip.compress(GOOD[1000:]))
    assert bytes_of(replay(tmp_path, str(path))) == bytes_of(plain)


def test_standard_input_is_the_same(tmp_path: Path, plain: Run) -> None:
    assert bytes_of(replay(tmp_path, "-", stdin=GOOD)) == bytes_of(plain)


def test_several_files_are_merged_by_arrival(tmp_path: Path, plain: Run) -> None:
    lines = good_lines()
    paths = [tmp_path / f"part-{number}.jsonl" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(b"\n".join(lines[number::3]) + b"\n")
    one_way = replay(tmp_path, *map(str, paths))
    other_way = replay(tmp_path, *map(str, reversed(paths)))
    assert one_way.exit_code == other_way.exit_code == 0
    assert bytes_of(one_way) == bytes_of(plain)
    assert one_way.positions == other_way.positions


def test_one_file_twice_is_a_redelivery_of_all(tmp_path: Path, plain: Run) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes(GOOD)
    again = replay(tmp_path, str(path), str(path))
    assert bytes_of(again) == bytes_of(plain)
    assert f"{len(good_lines())} redelivered" in again.stdout


def test_unreadable_lines_keep_their_place_in_a_merge(tmp_path: Path, plain: Run) -> None:
    lines = good_lines()
    paths = [tmp_path / f"part-{number}.jsonl" for number in range(2)]
    for number, path in enumerate(paths):
        path.write_bytes(b"\nbroken\n".join(lines[number::2]) + b"\n")
    merged = replay(tmp_path, *map(str, paths))
    assert merged.alerts == plain.alerts
    assert len(merged.quarantine) == len(lines) - 2


def missing(folder: Path) -> str:
    return str(folder / "no-such-file.jsonl")


def a_folder(folder: Path) -> str:
    return str(folder)


def dangling_link(folder: Path) -> str:
    (folder / "dangling").symlink_to(folder / "gone")
    return str(folder / "dangling")


def endless_link(folder: Path) -> str:
    (folder / "endless").symlink_to(folder / "endless")
    return str(folder / "endless")


def below_a_file(folder: Path) -> str:
    (folder / "file").write_bytes(GOOD)
    return str(folder / "file" / "inside")


def name_too_long(folder: Path) -> str:
    return str(folder / ("x" * 300))


def cut_short(folder: Path) -> str:
    packed = gzip.compress(GOOD)
    (folder / "cut.gz").write_bytes(packed[: len(packed) // 2])
    return str(folder / "cut.gz")


def spoilt(folder: Path) -> str:
    packed = bytearray(gzip.compress(GOOD))
    packed[len(packed) // 2] ^= 0xFF
    (folder / "spoilt.gz").write_bytes(packed)
    return str(folder / "spoilt.gz")


def wrong_checksum(folder: Path) -> str:
    packed = bytearray(gzip.compress(GOOD))
    packed[-8] ^= 0xFF
    (folder / "checksum.gz").write_bytes(packed)
    return str(folder / "checksum.gz")


def head_only(folder: Path) -> str:
    (folder / "head.gz").write_bytes(b"\x1f\x8b")
    return str(folder / "head.gz")


UNREADABLE: tuple[Callable[[Path], str], ...] = (
    missing, a_folder, dangling_link, endless_link, below_a_file, name_too_long, cut_short, spoilt, wrong_checksum,
    head_only,
)  # fmt: skip


@pytest.mark.parametrize("make", UNREADABLE)
@pytest.mark.parametrize("alone", [True, False])
def test_what_cannot_be_read_exits_2_with_one_line(tmp_path: Path, make: Callable[[Path], str], *, alone: bool) -> None:
    good = tmp_path / "good.jsonl"
    good.write_bytes(GOOD)
    path = make(tmp_path)
    run = replay(tmp_path, *([path] if alone else [str(good), path]))
    assert run.exit_code == 2
    assert_one_line(run.stderr, path)


def test_the_program_itself_says_one_line_and_no_trace(tmp_path: Path) -> None:
    path = missing(tmp_path)
    ran = subprocess.run([*PROGRAM, "replay", path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert_one_line(ran.stderr, path)


def test_the_program_reads_a_pipe(tmp_path: Path, plain: Run) -> None:
    alerts = tmp_path / "alerts.jsonl"
    ran = subprocess.run(
        [*PROGRAM, "replay", "-", "--alerts", str(alerts)], cwd=ROOT, input=GOOD, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert alerts.read_bytes() == bytes_of(plain)["alerts"]


@pytest.mark.parametrize("option", ["alerts", "decisions", "positions", "quarantine"])
@pytest.mark.parametrize("place", ["missing folder", "a folder", "below a file"])
def test_an_output_that_cannot_be_written_exits_2_with_one_line(tmp_path: Path, option: str, place: str) -> None:
    good = tmp_path / "good.jsonl"
    good.write_bytes(GOOD)
    where = {"missing folder": tmp_path / "none" / "x", "a folder": tmp_path, "below a file": good / "x"}[place]
    code, _, stderr = command("replay", str(good), f"--{option}", str(where))
    assert code == 2
    assert_one_line(stderr, str(where))


@pytest.mark.parametrize("content", [None, "horizon_days = 0", "no_such_setting = 1", "not toml", "\udcff"])
def test_settings_that_cannot_be_used_exit_2_with_one_line(tmp_path: Path, content: str | None) -> None:
    good, config = tmp_path / "good.jsonl", tmp_path / "driftline.toml"
    good.write_bytes(GOOD)
    if content is not None:
        config.write_bytes(os.fsencode(content))
    code, _, stderr = command("replay", str(good), "--config", str(config))
    assert code == 2
    assert_one_line(stderr, str(config))


def assert_one_line(stderr: str, path: str) -> None:
    assert stderr.startswith("driftline: ")
    assert stderr.endswith("\n")
    assert stderr.count("\n") == 1
    assert path in stderr
    assert "Traceback" not in stderr


def test_alerts_are_records_of_the_published_schema(plain: Run) -> None:
    described = schema("alerts")
    definition = described["$defs"]["Alert"] if "$ref" in described else described
    lines = bytes_of(plain)["alerts"].splitlines()
    assert lines
    for line in lines:
        record = msgspec.json.decode(line)
        assert definition["required"]
        assert set(definition["required"]) <= record.keys() <= definition["properties"].keys()
        assert msgspec.json.decode(line, type=Alert, strict=True).seq >= 0


def test_positions_are_rows_of_the_contract(plain: Run) -> None:
    always = {"location", "asset", "expected", "in_transit"}
    places = [(row["location"], row["asset"]) for row in plain.positions]
    assert places == [(place, asset) for place in ("bank:one", "bank:two") for asset in ("EUR", "USD")]
    for row in plain.positions:
        assert always <= row.keys() <= always | {"reported", "drift", "dust_absorbed"}
        assert all(isinstance(content, str) and content for content in row.values())
    assert {row["drift"] for row in plain.positions if row["asset"] == "USD" and row["location"] == "bank:one"} == {
        "77"
    }


def test_decisions_are_rows_of_the_contract_one_for_each_movement_at_least(plain: Run) -> None:
    decisions = [msgspec.json.decode(line) for line in bytes_of(plain)["decisions"].splitlines()]
    moved = {
        line["value"]["transfer_id"]
        for line in map(msgspec.json.decode, good_lines())
        if line["topic"] == "transfers"
        and line["value"]["op_type"] not in ("withdrawal", "internal", "sweep", "rebalance")
    }
    assert moved
    assert {decision["transfer_id"] for decision in decisions} >= moved
    fields = ["transfer_id", "class", "action", "failed_rules", "policy_version", "decided_at", "seq"]
    for decision in decisions:
        assert list(decision) == fields
        assert (
            (decision["class"] == "risk_free")
            == (decision["action"] == "auto_approve")
            == (not decision["failed_rules"])
        )
