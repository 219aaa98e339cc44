"""Half a day in which nothing is wrong and every legitimate pattern happens: nobody is woken, hardly anybody is asked."""

from __future__ import annotations

from streams.simulate import WorldConfig
from tests.scenarios.clean import Month, Said, live_through

HALF_A_DAY = WorldConfig(seed=1, duration_s=43_200.0, transfers_per_day=5_000, patterns=("all",))


def test_half_a_day_of_everything_that_is_in_order_wakes_nobody() -> None:
    month = live_through(HALF_A_DAY)
    assert month.events > 40_000
    urgent = month.from_severity("P2")
    assert [said.line() for said in urgent if said.severity == "P1"] == []
    assert len(urgent) <= 2, "\n".join(said.line() for said in urgent)


def test_a_month_is_noisy_from_the_second_p1_in_all_and_the_sixth_p2_of_a_day() -> None:
    assert not _month([("P1", "05"), *(("P2", "06"),) * 5, *(("P2", "07"),) * 5, *(("P3", "07"),) * 50]).is_noisy
    assert _month([("P1", "05"), ("P1", "20")]).is_noisy
    assert _month([("P2", "06")] * 6).is_noisy


def _month(said: list[tuple[str, str]]) -> Month:
    """Return a month with alerts of these severities on these days."""
    month = Month()
    for number, (severity, day) in enumerate(said):
        month.said[str(number)] = Said("position_drift", severity, f"2026-01-{day}T12:00:00Z", "", [])
    return month
