from __future__ import annotations

import pytest

from streams.engine.control import config_record, partial_tick_record, tick_record
from streams.engine.errors import LogError
from streams.engine.survey import Survey, survey_log
from streams.record import OWN_ORIGIN, Record

OLD, NEW = {"grace_seconds": 60}, {"grace_seconds": 90}


def own(value: bytes) -> Record:
    return Record("control", value, OWN_ORIGIN, 1)


def log_of(*values: bytes) -> Survey:
    return survey_log(enumerate(own(value) for value in values))


def test_an_empty_log_needs_a_config_first() -> None:
    assert survey_log([]) == Survey()
    assert Survey().needs_config("ticks", OLD)


def test_the_latest_config_is_in_force_and_the_last_tick_is_known() -> None:
    begun = config_record("ticks", OLD, 0, 1)
    partial = partial_tick_record({"transfers/0": 50}, "reader")
    survey = log_of(begun, tick_record(5), tick_record(9), config_record("ticks", NEW, 3, 10), partial)
    assert (survey.end_offset, survey.last_tick_us) == (5, 9)
    assert not survey.needs_config("ticks", NEW)
    assert survey.needs_config("ticks", OLD)


def test_a_log_under_another_clock_is_refused() -> None:
    with pytest.raises(LogError, match="begun with the clock 'events' and this start asks for 'ticks'"):
        log_of(config_record("events", OLD, 0, 1)).needs_config("ticks", OLD)


def test_a_log_that_driftline_did_not_begin_is_refused() -> None:
    foreign = survey_log([(0, Record("", b"{}")), (1, own(config_record("ticks", OLD, 1, 1)))])
    with pytest.raises(LogError, match="does not begin with a config record"):
        foreign.needs_config("ticks", OLD)


def test_ticks_and_configs_that_came_through_an_input_count_for_nothing() -> None:
    values = [config_record("ticks", NEW, 1, 1), tick_record(99)]
    inputs = [(i + 1, Record("control", value, f"control/0/{i}", 1)) for i, value in enumerate(values)]
    survey = survey_log([(0, own(config_record("ticks", OLD, 0, 1))), *inputs])
    assert survey.last_tick_us is None
    assert not survey.needs_config("ticks", OLD)
