"""A scenario is found, and its look-alike quiet, in a firm with half as much again going on; totals tell if it is worse."""

from __future__ import annotations

from dataclasses import replace

from tests.scenarios.load import TIMES, Total, live_through, total

SEED = 2
AS_GOOD = Total(found=4, urgent=10, right=10, decisions=900, agreed=900, events=50_000)


def test_a_busier_firm_hides_neither_the_scenario_nor_its_look_alike() -> None:
    for name in ("auto_misclassified", "auto_misclassified_lookalike"):
        usual, busy = (live_through(name, SEED, times) for times in (1.0, TIMES))
        assert usual.verdict.passed
        assert busy.verdict.passed
        assert busy.events > 1.25 * usual.events
        assert total([busy]).agreement >= total([usual]).agreement > 0.99
        assert total([busy]).precision == total([usual]).precision == 1.0


def test_it_is_worse_to_find_less_to_cry_wolf_or_to_disagree() -> None:
    assert not AS_GOOD.is_worse_than(AS_GOOD)
    assert replace(AS_GOOD, found=3).is_worse_than(AS_GOOD)
    assert replace(AS_GOOD, urgent=11).is_worse_than(AS_GOOD)
    assert replace(AS_GOOD, agreed=899).is_worse_than(AS_GOOD)
