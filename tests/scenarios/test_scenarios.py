"""Every incident of the field is found in time, in one incident, and its look-alike raises nothing: one seed of many."""

from __future__ import annotations

import pytest

from streams.simulate import FAULTS
from tests.scenarios.runs import run
from tests.scenarios.verdicts import judge

SEED = 4
NUMBERED = [name for name in FAULTS if FAULTS[name].number]


def test_the_scenarios_are_those_of_the_field() -> None:
    numbers = {FAULTS[name].number for name in NUMBERED}
    assert {number for number in numbers if number.startswith("S")} == {f"S{number:02d}" for number in range(1, 32)}
    assert {number for number in numbers if number.startswith("M")} == {"M01", "M02", "M03"}, "those of work by hand"
    found = [name for name in NUMBERED if not FAULTS[name].lookalike_of]
    assert {FAULTS[name].lookalike_of for name in NUMBERED} - {""} == set(found), "each has its look-alike"


@pytest.mark.parametrize("name", NUMBERED)
def test_a_scenario_is_found_and_a_look_alike_is_quiet(name: str) -> None:
    verdict = judge(run(name, SEED))
    assert verdict.passed, verdict
