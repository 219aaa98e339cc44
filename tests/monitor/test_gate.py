"""At the door: redeliveries, conflicts, clocks that are wrong, and events from long ago."""

from __future__ import annotations

import json

import pytest

from streams.record import Record
from tests.ledger.wire import stamp, transfer
from tests.monitor.story import Story, play


def test_a_redelivery_has_no_effect() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 10 BTC event=a    |
        09:01  again a                                       |
        09:02  again a observed=09:02                        |
    """)
    assert story.position("hot")["expected"] == "-10"
    assert story.monitor.state.counts["redelivered"] == 2


def test_the_same_id_with_other_content_is_kept_and_told_and_the_first_stands() -> None:
    story = play("""
        09:00       move T1 completed hot>venue 10 BTC event=a   |
        09:03       again a amount=11            | quarantined event_conflict, event_conflict P2 open
        09:04       again a amount=11            | quarantined event_conflict, event_conflict P2 open #1
        09:05       again a amount=12            | quarantined event_conflict, event_conflict P2 open #2
        1/09:05     tick                         |
        1/09:05:01  tick                         | event_conflict P2 resolved #3
    """)
    assert story.position("hot")["expected"] == "-10"
    assert story.outputs[0].value.event_id == "a"
    assert story.alerts[0].scope.source == "desk"
    assert [alert.count for alert in story.alerts] == [1, 2, 3, 3]


def test_a_flood_of_conflicts_is_kept_whole_and_told_less_and_less() -> None:
    story = play("09:00 move T1 completed hot>venue 10 BTC event=a |")
    for number in range(100):
        story.tell(9 * 3600 + number, "again", ["a", f"amount={number + 11}"])
    assert [alert.count for alert in story.alerts] == [*range(1, 17), 32, 64]
    assert sum(output.topic == "quarantine" for output in story.outputs) == 100


def test_an_event_older_than_the_horizon_is_set_aside() -> None:
    story = play("""
        40/09:00  move T1 completed hot>venue 1 BTC at=5/09:00      |
        40/09:01  move T2 completed hot>venue 2 BTC at=5/09:00      | quarantined beyond_horizon, beyond_horizon P2 open
        40/09:02  balance hot 5 BTC at=1/09:00                      | quarantined beyond_horizon, beyond_horizon P2 open #1
        40/09:03  posting T1 5 BTC at=1/09:00                       | quarantined beyond_horizon, beyond_horizon P2 open #2
        40/09:04  asset SOL at=1/09:00                              |
    """)
    assert story.position("hot") == {"location": "hot", "asset": "BTC", "expected": "-1", "in_transit": "0"}


def test_an_event_from_the_future_is_applied_and_its_clock_is_reported() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 1 BTC at=09:05       |
        09:00  move T2 completed hot>venue 1 BTC at=09:05:01    | clock_skew P2 open
        09:01  balance hot 5 BTC at=09:06:01                    | clock_skew P2 open #1
        09:02  heartbeat desk 09:00 at=10:00                    | clock_skew P2 open #2
    """)
    assert story.position("hot")["expected"] == "5"
    assert "301 s ahead, 300 s are allowed" in story.alerts[0].explanation


def test_an_arrival_later_than_its_logging_expires_nothing() -> None:
    """Live, one event that claims to be of the year to come must not move the clock there."""
    story = Story(live=True).play("""
        08:00  route BTC hot>venue sla=600                               |
        09:00  move T1 broadcast hot>venue 10 BTC                        |
        09:01  balance bank 5 BTC observed=300/09:00                     | clock_skew P2 open
        09:02  move T2 broadcast hot>venue 1 BTC observed=09:06          |
        09:10:01  balance bank 5 BTC                                     | in_transit_overdue P3 open
    """)
    assert story.alerts[0].rule == "observed_at_ahead"


@pytest.mark.parametrize("field", ["event_time", "observed_at"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-01-05T09:00:00"])
def test_a_moment_that_no_clock_shows_is_turned_away(moment: str, field: str) -> None:
    """The first two lie outside the years 1 to 9999 once they are in UTC; the third does not say where its clock is."""
    topic, event = transfer("a", 0, "T1", "completed", "hot", "venue", "1")
    raw = json.dumps({**event, "observed_at": stamp(0), field: moment}).encode()
    (said,) = Story().hear(Record(topic, raw))
    assert said.topic == "quarantine"


def test_a_movement_told_too_often_keeps_the_reports_that_move_value() -> None:
    story = Story(restarts=False)
    story.tell(0, "move", ["T1", "broadcast", "hot>venue", "10", "BTC"])
    said = [story.tell(number, "move", ["T1", "confirming", "hot>venue", "10", "BTC"]) for number in range(1, 520)]
    assert [output.value.code for output in said[-1]] == ["too_many_reports"]
    assert story.tell(600, "move", ["T1", "completed", "hot>venue", "10", "BTC"]) == []
    assert (story.position("venue")["expected"], story.position("venue")["in_transit"]) == ("10", "0")
