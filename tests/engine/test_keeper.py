"""What is captured for a checkpoint: each row that has changed since the last one that was written, as it is then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from streams.engine import keeper as module
from streams.engine.checkpoints import Head, Saved
from streams.engine.errors import EngineError
from streams.engine.keeper import Capture, Keeper
from streams.engine.settings import EngineSettings
from streams.engine.shard import Shard
from streams.record import Output, Record
from streams.rowdata import encoded_lines

SETTINGS = EngineSettings(broker="127.0.0.1:1")


class Numbers:
    """A machine whose rows are set by the test."""

    state_version = 1

    def __init__(self) -> None:
        self.changed: dict[str, Any] = {}

    def step(self, record: Record) -> list[Output]:
        return []

    def changed_rows(self) -> dict[str, Any]:
        changed, self.changed = self.changed, {}
        return changed

    def restore(self, rows: Mapping[bytes, bytes]) -> None:
        self.changed = {}


class Written:
    """In the place of a writer: keeps what it is given, or fails."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes | None] = {}
        self.fails = False

    def open(self) -> None:
        pass

    def write(self, rows: dict[str, bytes | None], head: Head) -> None:
        if self.fails:
            raise EngineError("away")
        self.rows.update(rows)


@pytest.fixture
def machine() -> Numbers:
    return Numbers()


@pytest.fixture
def keeper(machine: Numbers, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setattr(module, "read_saved", lambda *_: Saved(None, {}))
    keeper = Keeper(SETTINGS, Shard(0, machine, 0), machine)
    monkeypatch.setattr(keeper, "_writer", Written())
    keeper.open()
    return keeper


def captured(keeper: Keeper) -> Capture:
    """Return the checkpoint of a shard that has moved on."""
    keeper._shard.position += 1
    capture = keeper.capture(0)
    assert capture is not None
    return capture


def test_rows_are_encoded_one_by_one_whatever_is_in_them() -> None:
    rows = {"a": ["one\ntwo", 1.5], "b": {"x": None}, "c": None, "d": "\r\n \u2028"}
    encoded = encoded_lines(rows)
    assert encoded == {"a": b'["one\\ntwo",1.5]', "b": b'{"x":null}', "c": None, "d": '"\\r\\n \u2028"'.encode()}
    assert encoded_lines({}) == {}


def test_what_was_collected_earlier_is_captured_as_it_is_now(keeper: Keeper, machine: Numbers) -> None:
    machine.changed = {"a": 1, "b": 1}
    keeper.collect()
    machine.changed = {"b": 2}
    keeper.collect()
    machine.changed = {"a": None, "c": 3}
    assert captured(keeper).rows == {"a": None, "b": b"2", "c": b"3"}


def test_what_changes_while_a_checkpoint_is_written_is_owed_to_the_next(keeper: Keeper, machine: Numbers) -> None:
    machine.changed = {"a": 1, "b": 1}
    capture = captured(keeper)
    machine.changed = {"b": 2}
    keeper.collect()
    keeper.write(capture)
    keeper.written(capture)
    assert capture.rows == {"a": b"1", "b": b"1"}
    assert captured(keeper).rows == {"b": b"2"}


def test_what_was_captured_and_not_written_is_owed_again(keeper: Keeper, machine: Numbers) -> None:
    machine.changed = {"a": 1, "b": 1}
    captured(keeper)
    machine.changed = {"b": 2}
    capture = captured(keeper)
    assert capture.rows == {"a": b"1", "b": b"2"}
    keeper.write(capture)
    keeper.written(capture)
    assert keeper.capture(0) is None


def test_a_shard_that_went_away_owes_nothing(keeper: Keeper, machine: Numbers) -> None:
    machine.changed = {"a": 1}
    captured(keeper)
    machine.changed = {"b": 1}
    keeper.collect()
    keeper.forget()
    machine.changed = {"c": 1}
    assert captured(keeper).rows == {"c": b"1"}


class Busy(Numbers):
    """One that says which of its rows have come to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.calm: dict[str, Any] = {}

    def calm_rows(self) -> dict[str, Any]:
        return self.calm


def test_what_still_changes_is_encoded_when_a_checkpoint_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Busy()
    keeper = Keeper(SETTINGS, Shard(0, machine, 0), machine)
    machine.calm, machine.changed = {"a": 1}, {"b": 1}
    keeper.collect()
    assert keeper._owed == {"a": b"1"}
    assert captured(keeper).rows == {"a": b"1", "b": b"1"}
