from __future__ import annotations

import json

from ledger.events import Config, Tick
from ledger.parser import parse
from ledger.times import to_us
from streams.engine.control import config_record, read_config, tick_record
from streams.engine.watermarks import observed_us

SETTINGS = {"grace_seconds": 60, "models": {"size": True}}
NOW_US = 1_700_000_000_000_001


def test_a_tick_is_a_control_event_of_the_contract() -> None:
    event = parse("control", tick_record(NOW_US))
    assert isinstance(event, Tick)
    assert to_us(event.observed_at) == NOW_US
    assert (event.source, event.scope) == ("driftline", "*")


def test_a_config_is_a_control_event_of_the_contract() -> None:
    event = parse("control", config_record("ticks", SETTINGS, 0, NOW_US))
    assert isinstance(event, Config)
    assert (event.clock, event.settings) == ("ticks", SETTINGS)


def test_what_a_config_says_is_read_back() -> None:
    config = read_config(config_record("events", SETTINGS, 0, NOW_US))
    assert config is not None
    assert (config.clock, config.settings) == ("events", SETTINGS)


def test_other_records_are_no_config() -> None:
    assert read_config(tick_record(5)) is None
    assert read_config(b"\xff") is None
    assert read_config(b'{"kind":"plan","clock":"ticks","settings":{}}') is None


def test_under_the_clock_of_events_the_wall_clock_has_no_say() -> None:
    record = config_record("events", SETTINGS, 0, NOW_US)
    assert record == config_record("events", SETTINGS, 0, NOW_US + 1)
    assert json.loads(record)["observed_at"] == "1970-01-01T00:00:00Z"


def test_a_config_that_comes_again_later_is_another_event() -> None:
    first, again = (config_record("events", SETTINGS, offset, NOW_US) for offset in (0, 70))
    assert json.loads(first)["event_id"] != json.loads(again)["event_id"]


def test_the_config_that_begins_a_log_claims_no_moment_that_the_inputs_were_not_read_up_to() -> None:
    first, later = (observed_us(config_record("ticks", SETTINGS, offset, NOW_US)) for offset in (0, 70))
    assert (first, later) == (0, NOW_US)


def test_two_that_start_at_once_with_other_settings_do_not_contradict_each_other() -> None:
    """The later one in the log is in force; under one id it would be in quarantine."""
    ids = {parse_id(config_record("ticks", settings, 70, NOW_US)) for settings in (SETTINGS, {"grace_seconds": 61})}
    assert len(ids) == 2


def parse_id(value: bytes) -> str:
    event = parse("control", value)
    assert isinstance(event, Config)
    return event.event_id
