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


def movements(amounts: list[str]) -> Story:
    """Return the story of withdrawals of these amounts, one a minute, by one client."""
    story = Story(restarts=False)
    for number, amount in enumerate(amounts):
        story.tell(number * 60, "move", [f"T{number}", "requested", "hot>external", amount, "BTC", "op=withdrawal"])
    return story


def test_a_movement_far_beyond_the_habit_is_told_and_changes_nothing_else() -> None:
    usual = [f"1.{number % 10}" for number in range(400)]
    story = movements([*usual, "5000"])
    (alert,) = story.alerts
    assert (alert.type, alert.severity, alert.model, alert.observed) == ("flow_anomaly", "P3", "robust_size", "5000")
    assert alert.scope.transfer_id == "T400"
    assert "times what is usual" in alert.explanation
    assert "T400" in story.monitor.state.holdings.movements.by_id


def test_a_movement_far_below_the_habit_harms_nobody() -> None:
    assert movements([*[f"1.{number % 10}" for number in range(400)], "0.00000001"]).alerts == []


def test_the_same_amount_for_ever_makes_a_slightly_larger_one_no_anomaly() -> None:
    assert movements([*["2"] * 400, "2.2"]).alerts == []


def test_a_new_client_is_given_time_to_be_known() -> None:
    assert movements(["1", "5000"]).alerts == []
