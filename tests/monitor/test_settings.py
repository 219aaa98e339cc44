"""Settings that change while it runs are held to the same sense as those in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streams.monitor import Monitor, Settings, SettingsError, load_settings
from streams.monitor.settings import changed, plain
from tests.ledger.wire import control, received, stamp

ROOT = Path(__file__).parent.parent.parent

CARELESS: dict[str, Any] = {"version": "v", "rule": [{"id": "a", "check": "fresh"}]}
LATER = {"version": 1, "proposer": "ann", "approver": "bob", "effective_from": stamp(9)}


def test_a_policy_that_leaves_a_question_out_is_refused_with_its_reason() -> None:
    with pytest.raises(SettingsError, match="policy: Nobody asks `coverage`: every movement would pass it"):
        changed(Settings(), {"policy": CARELESS})


def test_a_change_of_something_else_does_not_ask_after_the_policy() -> None:
    assert changed(Settings(), {"silent_s": 60}).silent_s == 60


def test_the_settings_of_a_file_go_through_the_log_as_they_are() -> None:
    settings = load_settings(ROOT / "docs" / "examples" / "policy.toml")
    written = json.loads(json.dumps(plain(settings)))
    assert changed(Settings(), written) == settings
    monitor = Monitor()
    assert monitor.step(received(control("config", "c1", 10, settings=written), 10)) == []
    assert monitor.state.settings == settings
    assert changed(Settings(), json.loads(json.dumps(plain(Settings())))) == Settings()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("config", {"settings": {"policy": CARELESS}}),
        ("thresholds", {"changes": {"policy": CARELESS}, **LATER}),
        ("thresholds", {"changes": {"policy": CARELESS}, **LATER, "effective_from": stamp(900)}),
    ],
)
def test_such_a_policy_on_control_is_quarantined_and_the_old_one_stays(kind: str, fields: dict[str, Any]) -> None:
    monitor = Monitor()
    (said,) = monitor.step(received(control(kind, "c1", 10, **fields), 10))
    assert (said.topic, said.value.code) == ("quarantine", "bad_settings")
    assert "Nobody asks `operation`" in said.value.reason
    assert monitor.state.settings == Settings()
