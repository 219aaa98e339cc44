"""What people and time bring about: movements that are overdue, thresholds, settings, and the words of operators."""

from __future__ import annotations

import pytest

from tests.monitor.story import Story, play


def test_a_movement_is_overdue_when_its_time_has_passed_and_worse_at_twice() -> None:
    story = play("""
        08:00     route BTC hot>venue sla=600 p99=100            |
        09:00     move T1 requested hot>venue 10 BTC             |
        09:05     move T1 broadcast hot>venue 10 BTC             |
        09:15     tick                                           |
        09:15:01  tick                                           | in_transit_overdue P3 open
        09:25     tick                                           |
        09:26     tick                                           | in_transit_overdue P2 open #1
        09:30     move T1 completed hot>venue 10 BTC event=end   | in_transit_overdue P2 resolved #2
        09:59     tick                                           |
    """)
    opened, worse, resolved = story.alerts
    assert opened.updated_at == "2026-01-05T09:15:00Z", "the deadline is the moment, not the tick that passed it"
    assert worse.updated_at == "2026-01-05T09:25:00Z"
    assert resolved.evidence[0] == "end"
    assert opened.scope.to_plain() == {"location": "venue", "asset": "BTC", "transfer_id": "T1"}
    assert "left hot 600 s ago and has not reached venue; 600 s are allowed" in opened.explanation


def test_three_times_the_ninety_ninth_percentile_counts_where_it_is_longer() -> None:
    play("""
        08:00     route BTC hot>venue sla=600 p99=400            |
        09:00     move T1 broadcast hot>venue 10 BTC             |
        09:20     tick                                           |
        09:20:01  tick                                           | in_transit_overdue P3 open
    """)


def test_only_movements_on_a_known_route_have_a_deadline() -> None:
    play("""
        08:00  route BTC hot>venue sla=600                       |
        09:00  move T1 broadcast hot>bank 10 BTC                 |
        09:00  move T2 broadcast hot>venue 10 USD                |
        09:00  move T3 completed hot>venue 10 BTC                |
        09:00  move T4 requested hot>bank 10 BTC                 |
        1/09:00 tick                                             |
    """)


def test_a_route_told_late_counts_for_what_is_under_way() -> None:
    play("""
        08:00     route BTC hot>bank sla=60                      |
        09:00     move T1 broadcast hot>venue 10 BTC             |
        09:05     route BTC hot>venue sla=600                    |
        09:10     tick                                           |
        09:10:01  tick                                           | in_transit_overdue P3 open
    """)


@pytest.mark.parametrize("ending", ["completed", "failed", "returned"])
def test_a_movement_that_ended_in_time_is_not_overdue(ending: str) -> None:
    story = play(f"""
        08:00  route BTC hot>venue sla=600                       |
        09:00  move T1 broadcast hot>venue 10 BTC                |
        09:09  move T1 {ending} hot>venue 10 BTC                 |
    """)
    assert [key for key in story.monitor.state.deadlines.due_us if key.startswith("pace|")] == []
    story.play("1/09:00 tick |")


def test_value_on_its_way_is_never_forgotten() -> None:
    story = play("""
        1/09:00   move T1 broadcast hot>venue 10 BTC             |
        1/09:00   move T2 broadcast hot>venue 7 BTC              |
        60/08:00  tick                                           |
        65/08:00  tick                                           |
        65/09:00  move T1 completed hot>venue 10 BTC             |
        65/10:00  move T2 returned hot>venue 7 BTC               |
    """)
    assert [story.position(place)["expected"] for place in ("hot", "venue")] == ["-10", "10"]
    assert story.position("venue")["in_transit"] == "0"


def test_what_is_due_fires_before_the_event_that_moves_the_clock_past_it() -> None:
    play("""
        08:00  route BTC hot>venue sla=600                       |
        09:00  move T2 broadcast hot>venue 10 BTC                |
        09:00  move T1 broadcast hot>venue 10 BTC                |
        09:11  move T2 failed hot>venue 10 BTC at=09:09 | in_transit_overdue P3 open, in_transit_overdue P3 open, in_transit_overdue P3 explained #1
    """)


def test_deadlines_of_one_moment_fire_in_order_of_their_keys() -> None:
    story = play("""
        08:00  route BTC hot>venue sla=600                       |
        09:00  move T2 broadcast hot>venue 10 BTC                |
        09:00  move T1 broadcast hot>venue 10 BTC                |
        08:59  route BTC venue>bank sla=601                      |
        08:59  move T0 broadcast venue>bank 10 BTC at=08:59:59   |
        09:11  tick | in_transit_overdue P3 open, in_transit_overdue P3 open, in_transit_overdue P3 open
    """)
    assert [alert.scope.transfer_id for alert in story.alerts] == ["T0", "T1", "T2"]


def test_nothing_is_overdue_before_its_source_has_delivered_up_to_the_deadline() -> None:
    story = play("""
        08:00  route BTC hot>venue sla=600               |
        09:00  heartbeat desk 09:00                      |
        09:00  move T1 broadcast hot>venue 10 BTC        |
        09:00  move T2 broadcast hot>venue 10 BTC        |
        09:15  heartbeat desk 09:09                      |
        09:16  heartbeat chain 09:16                     |
        09:17  move T1 completed hot>venue 10 BTC at=09:08 |
        09:18  heartbeat desk 09:12                      | in_transit_overdue P3 open
    """)
    assert story.alerts[0].scope.transfer_id == "T2"


def test_twice_its_time_is_concluded_only_once_its_source_has_delivered_up_to_that() -> None:
    play("""
        08:00  route BTC hot>venue sla=600               |
        09:00  heartbeat desk 09:00                      |
        09:00  move T1 broadcast hot>venue 10 BTC        |
        09:14  heartbeat desk 09:09                      |
        09:23  heartbeat desk 09:12                      | in_transit_overdue P3 open
        09:26  heartbeat desk 09:19                      |
        09:30  heartbeat desk 09:20                      | in_transit_overdue P2 open #1
    """)


def test_a_source_without_heartbeats_is_judged_by_the_clock_alone() -> None:
    play("""
        08:00  route BTC hot>venue sla=600                         |
        08:58  heartbeat chain 08:58                               |
        09:00  move T1 broadcast hot>venue 10 BTC source=custodian |
        09:11  tick                                                | in_transit_overdue P3 open
    """)


def test_live_only_ticks_move_the_clock() -> None:
    """A backlog must not look like silence: what has been read is not how far the inputs have been read."""
    play("""
        08:00  config clock=ticks                        |
        08:00  route BTC hot>venue sla=600               |
        09:00  tick                                      |
        09:00  move T1 broadcast hot>venue 10 BTC        |
        11:00  balance bank 1 BTC                        |
        09:05  tick                                      |
        09:11  tick                                      | in_transit_overdue P3 open
        09:08  tick                                      |
    """)


def test_live_a_great_value_waits_a_moment_for_the_other_topics() -> None:
    story = Story(live=True).play("""
        08:00     config clock=ticks                                        |
        08:00     price BTC 50000                                           |
        09:00     balance hot 100 BTC                                       |
        10:00:00  tick                                                      |
        10:00:00  balance hot 90 BTC                                        |
        10:00:01  move T1 completed hot>external 10 BTC at=09:59            |
        10:00:05  tick                                                      |
        11:00:00  balance hot 80 BTC                                        |
        11:00:02  tick                                                      |
        11:00:03  tick                                                      | position_drift P1 open -10
    """)
    assert story.alerts[0].updated_at == "2026-01-05T11:00:02Z"


def test_live_the_monitor_says_when_its_inputs_are_read_late() -> None:
    Story(live=True).play("""
        08:00  config clock=ticks              |
        09:00  tick observed=08:59             |
        09:01  tick observed=08:59:59          | monitor_lag P1 open
        09:02  tick observed=09:01:10          |
        09:03  tick observed=09:02:30          | monitor_lag P1 resolved #1
    """)


def test_live_nobody_else_moves_the_clock_or_the_settings() -> None:
    """On the live log a tick or a configuration is Driftline's own; one that came in over an input is not believed."""
    story = Story(live=True).play("""
        08:00  config clock=ticks                        |
        08:00  route BTC hot>venue sla=600               |
        09:00  tick                                      |
        09:00  move T1 broadcast hot>venue 10 BTC        |
        09:01  tick foreign observed=10:00               | quarantined foreign_control
        09:02  config foreign horizon_days=1             | quarantined foreign_control
        09:03  tick                                      |
    """)
    assert story.monitor.state.settings == Story().monitor.state.settings


def test_new_thresholds_are_in_force_from_their_moment_on() -> None:
    play("""
        08:00  price BTC 100                                        |
        09:00  balance hot 100 BTC                                  |
        09:00  balance bank 100 BTC                                 |
        09:30  thresholds material_usd=1000 from=10:00              |
        09:59  balance hot 80 BTC                                   |
        10:00  balance bank 80 BTC                                  | position_drift P1 open -20
    """)


def test_thresholds_of_the_past_are_in_force_at_once() -> None:
    play("""
        08:00  price BTC 100                                        |
        09:00  balance hot 100 BTC                                  |
        09:30  thresholds material_usd=1000 from=08:00              |
        09:59  balance hot 80 BTC                                   | position_drift P1 open -20
    """)


@pytest.mark.parametrize(
    "row",
    [
        "config material_usd=-5",
        "config nonsense=1",
        'config material_usd="much"',
        "config rebasing_tolerance=5e-324",
        "config rebasing_tolerance=1",
        "config trend_events_between_false_alarms=0.5",
        "config horizon_days=0",
        "config quiet_s=null",
        "thresholds horizon_days=0 from=08:00",
        "thresholds horizon_days=0 from=11:00",
    ],
)
def test_settings_that_cannot_be_are_kept_in_quarantine_and_change_nothing(row: str) -> None:
    story = play(f"09:00 {row} | quarantined bad_settings\n12:00 tick |")
    assert story.monitor.state.settings == Story().monitor.state.settings


def test_a_configuration_of_the_log_is_in_force_at_once() -> None:
    play("""
        09:00    config horizon_days=1                                |
        2/09:30  move T1 completed hot>venue 1 BTC at=1/09:30         |
        2/09:31  move T2 completed hot>venue 1 BTC at=1/09:30         | quarantined beyond_horizon, beyond_horizon P2 open
    """)


def test_an_alert_is_acknowledged_and_closed_by_somebodys_word() -> None:
    story = play("""
        09:00  balance hot 100 BTC                                    |
        10:00  balance hot 90 BTC                                     |
        11:00  balance hot 90 BTC                                     | position_drift P2 open -10
        11:10  word acknowledge position_drift                        | position_drift P2 acknowledged #1
        11:15  word acknowledge position_drift                        |
        11:20  word close position_drift verdict=false_positive       | position_drift P2 false_positive #2
        11:30  word close position_drift                              |
    """)
    assert "ann" in story.alerts[-1].explanation


def test_a_drift_that_somebody_closed_is_heard_again_when_it_changes() -> None:
    story = play("""
        09:00  balance hot 100 BTC                                    |
        10:00  balance hot 90 BTC                                     |
        11:00  balance hot 90 BTC                                     | position_drift P2 open -10
        11:20  word close position_drift verdict=false_positive       | position_drift P2 false_positive #1
        12:00  balance hot 90 BTC                                     |
        13:00  balance hot 80 BTC                                     | position_drift P2 open -20
        14:00  balance hot 100 BTC                                    | position_drift P2 resolved #1
    """)
    assert story.alerts[0].alert_id != story.alerts[2].alert_id


def test_live_a_late_report_that_opens_a_great_difference_settles_as_a_balance_does() -> None:
    Story(live=True).play("""
        08:00     config clock=ticks                                        |
        08:00     price BTC 50000                                           |
        09:00     balance hot 100 BTC                                       |
        09:30     move T1 completed hot>external 10 BTC                     |
        10:00:00  balance hot 90 BTC                                        |
        10:00:00  tick                                                      |
        10:00:01  move T1 failed hot>external 10 BTC at=09:40               |
        10:00:03  tick                                                      |
        10:00:04  tick                                                      | position_drift P1 open -10
    """)
