from __future__ import annotations

import pytest

from streams.engine.errors import SettingsError
from streams.engine.settings import EngineSettings, settings_from


def test_settings_go_through_the_environment_unchanged() -> None:
    settings = EngineSettings(
        broker="a:1,b:2", clock="events", topic_prefix="uat.", create_topics=True, tick_seconds=0.5, ahead_bytes_max=9
    )
    assert settings_from(settings.as_environment()) == settings
    assert settings_from(EngineSettings(broker="a:1").as_environment()) == EngineSettings(broker="a:1")


def test_topics_carry_the_prefix() -> None:
    settings = EngineSettings(broker="a:1", topic_prefix="uat.")
    assert settings.log_topic == "uat.log"
    assert settings.input_topics[0] == "uat.transfers"
    assert settings.output_topics == ("uat.alerts", "uat.decisions", "uat.quarantine")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CLOCK", "sundial", "clock"),
        ("TICK_SECONDS", "0", "tick_seconds must be"),
        ("BATCH_RECORDS_MAX", "many", "batch_records_max"),
        ("GROUP_ID", "", "group_id must not be empty"),
        ("AHEAD_BYTES_MAX", "-1", "ahead_bytes_max must be positive"),
        ("BROKER", " ", "broker must be host:port"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_from({"DRIFTLINE_BROKER": "a:1", f"DRIFTLINE_{name}": value})


def test_the_broker_must_be_given() -> None:
    with pytest.raises(SettingsError, match="DRIFTLINE_BROKER is not set"):
        settings_from({})
