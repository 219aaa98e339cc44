"""Dust is never lost: what agreeing snapshots hide is added up, and a leak of one sign is heard."""

from __future__ import annotations

from fractions import Fraction

from tests.monitor.story import Story


def steps(first: int, step: int, count: int) -> list[str]:
    """Return balances in thousandths, from `first` on, each `step` more than the one before."""
    return [f"{units // 1000}.{units % 1000:03}" for units in range(first, first + step * count, step)]


def hourly(reported: list[str]) -> Story:
    """Return the story of a place that reports every hour while nothing moves there."""
    story = Story(restarts=len(reported) < 100)
    for hour, total in enumerate(reported):
        story.tell(hour * 3600, "balance", ["hot", total, "BTC"])
    return story


def test_a_leak_below_dust_is_heard_and_told_with_its_sum() -> None:
    story = hourly(steps(100_000, -4, 90))
    (trend,) = story.alerts
    assert (trend.type, trend.severity, trend.model) == ("drift_trend", "P3", "multi_cusum")
    assert trend.difference is not None
    assert -Fraction("0.36") < Fraction(trend.difference) < -Fraction("0.03")
    row = story.position("hot")
    assert (row["expected"], row["drift"], row["dust_absorbed"]) == ("100", "-0.356", "-0.356")


def test_a_gain_below_dust_is_heard_as_well() -> None:
    story = hourly(steps(100_000, 4, 90))
    assert [alert.type for alert in story.alerts] == ["drift_trend"]
    assert "surplus" in story.alerts[0].explanation


def test_dust_that_comes_and_goes_is_no_trend() -> None:
    story = hourly(["100.004", "99.996"] * 200)
    assert story.alerts == []
    assert story.position("hot")["dust_absorbed"] == "-0.008"


def test_a_trend_that_has_ended_is_resolved() -> None:
    story = hourly([*steps(100_000, -4, 80), *["99.683", "99.685"] * 1000])
    assert [(alert.type, alert.state.value) for alert in story.alerts] == [
        ("drift_trend", "open"),
        ("drift_trend", "resolved"),
    ]


def test_what_dust_absorbs_does_not_move_what_is_expected() -> None:
    """Three times dust in small steps agrees each time; the same at once does not."""
    slowly, at_once = hourly(["100", "99.99", "99.98", "99.97"]), hourly(["100", "99.97", "99.97"])
    assert slowly.alerts == []
    assert slowly.position("hot")["expected"] == at_once.position("hot")["expected"] == "100"
    assert [alert.type for alert in at_once.alerts] == ["position_drift"]
    assert at_once.position("hot")["dust_absorbed"] == "0"


def test_the_dust_before_a_break_is_kept_through_it() -> None:
    story = hourly(["100", "99.995", "90", "90", "99.99"])
    assert [alert.state.value for alert in story.alerts] == ["open", "resolved"]
    row = story.position("hot")
    assert (row["drift"], row["dust_absorbed"]) == ("-0.01", "-0.01")
