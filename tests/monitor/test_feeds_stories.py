"""Whether the data can be relied on: silence, holes, stale balances, and the breaks that wait for them."""

from __future__ import annotations

from tests.monitor.story import Story, clock, play


def beats(story: Story, source: str, first: str, last: str, every_s: int = 60) -> None:
    """Let a source send heartbeats that say it has delivered everything."""
    for seconds in range(clock(first), clock(last) + 1, every_s):
        mark = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
        assert not story.tell(seconds, "heartbeat", [source, mark])


def test_a_source_that_sent_heartbeats_and_stops_is_silent_after_a_quarter_of_an_hour() -> None:
    story = Story(restarts=False)
    beats(story, "custodian", "09:00", "09:10")
    story.play("""
        09:24:59  tick                       |
        09:25:01  tick                       | source_silent P2 open
        09:40     heartbeat custodian 09:40  |
        09:44     tick                       |
        09:45:01  tick                       | source_silent P2 resolved #1
    """)


def test_a_source_that_speaks_every_hour_is_not_missed_every_quarter() -> None:
    story = Story(restarts=False)
    for hour in range(4):  # before its habit is known
        story.tell(hour * 3_600, "heartbeat", ["bank", f"{hour:02d}:00"])
    beats(story, "bank", "04:00", "20:00", 3_600)


def test_an_announced_pause_is_not_silence() -> None:
    story = Story(restarts=False)
    beats(story, "venue-feed", "09:00", "09:10")
    story.play("""
        09:10  maintenance venue-feed until=10:10      |
        10:24  tick                                    |
        10:26  tick                                    | source_silent P2 open
    """)


def test_a_source_without_heartbeats_is_silent_when_its_own_habit_says_so() -> None:
    story = Story(restarts=False)
    for minute in range(110):
        row = f"{10 + minute // 60}:{minute % 60:02d}"
        assert not story.tell(clock(row), "balance", ["venue", "5", "BTC", "source=poller"])
    story.play("""
        12:04  balance venue 5 BTC                           |
        12:05  tick                                          | source_silent P2 open
        12:06  balance venue 5 BTC source=poller             |
        12:12  balance venue 5 BTC source=poller             | source_silent P2 resolved #1
    """)


def test_a_drift_at_a_place_whose_teller_has_gone_quiet_waits_for_it_and_is_explained_without_a_word() -> None:
    story = Story(restarts=False)
    story.play("""
        08:58  balance hot 100 BTC source=poller                                      |
        08:59  move T0 completed external>hot 1 BTC source=custodian                  |
    """)
    beats(story, "custodian", "09:00", "09:10")
    story.play("""
        09:13  balance hot 91 BTC source=poller                                       |
        09:16  balance hot 91 BTC source=poller                                       |
        09:25:01  balance hot 91 BTC source=poller                                    | source_silent P2 open
        09:30  balance hot 91 BTC source=poller                                       |
        10:00  move T1 completed hot>external 10 BTC at=09:12 source=custodian        |
        10:01  heartbeat custodian 10:01                                              |
        10:02  balance hot 91 BTC source=poller                                       |
        10:08  heartbeat custodian 10:08                                              | source_silent P2 resolved #1
        10:10  balance hot 91 BTC source=poller                                       |
    """)


def test_a_drift_that_still_stands_when_its_teller_is_back_is_told_then() -> None:
    story = Story(restarts=False)
    story.play("""
        08:58  balance hot 100 BTC source=poller                                      |
        08:59  move T0 completed external>hot 1 BTC source=custodian                  |
    """)
    beats(story, "custodian", "09:00", "09:10")
    story.play("""
        09:13  balance hot 91 BTC source=poller                                       |
        09:25:01  balance hot 91 BTC source=poller                                    | source_silent P2 open
        10:01  heartbeat custodian 10:01                                              |
        10:08  heartbeat custodian 10:08                                              | source_silent P2 resolved #1, position_drift P2 open -10
    """)


def test_bad_data_excuse_no_great_loss() -> None:
    story = Story(restarts=False)
    story.play("""
        08:57  price BTC 60000                                                        |
        08:58  balance hot 1000 BTC source=poller                                     |
        08:59  move T0 completed external>hot 1 BTC source=custodian                  |
    """)
    beats(story, "custodian", "09:00", "09:10")
    story.play("""
        09:30  balance hot 1000 BTC source=poller                                     | source_silent P2 open
        09:31  balance hot 900 BTC source=poller                                      | position_drift P1 open -101
    """)


def test_a_missing_number_is_told_once_the_source_has_delivered_beyond_it_and_closes_when_it_comes() -> None:
    story = Story(restarts=False)
    story.play("08:00  balance venue 100 BTC   |")
    for number in range(1, 21):
        seconds = clock("09:00") + number
        row = [f"T{number}", "completed", "venue>venue", "1", "BTC", "source=venue-feed", f"seq={number}"]
        assert not story.tell(seconds, "move", row)
    story.play("""
        09:01  heartbeat venue-feed 09:01                                             |
        09:02  move T23 completed venue>venue 1 BTC source=venue-feed seq=23          |
        09:02:30  heartbeat venue-feed 09:02                                          |
        09:03  heartbeat venue-feed 09:03                                             | source_gap P3 open
        09:04  move T21 completed venue>venue 1 BTC source=venue-feed seq=21          |
        09:05  move T22 completed venue>venue 1 BTC source=venue-feed seq=22          | source_gap P3 explained #1
    """)
    assert "21 to 22" in story.of("source_gap")[0].explanation


def test_numbers_that_come_in_another_order_are_no_hole() -> None:
    story = Story(restarts=False)
    for number in [*range(1, 40), *(n for low in range(40, 90, 2) for n in (low + 1, low))]:
        row = [f"T{number}", "completed", "venue>venue", "1", "BTC", "source=venue-feed", f"seq=L-{number:05d}"]
        assert not story.tell(clock("09:00") + number, "move", row)
    assert not story.tell(clock("09:15"), "tick", [])


def test_numbers_that_always_leap_prove_nothing() -> None:
    story = Story(restarts=False)
    for number in range(1, 400):
        row = [f"T{number}", "completed", "venue>venue", "1", "BTC", "source=venue-feed", f"seq={number * 7 % 1009}"]
        assert not story.tell(clock("09:00") + number, "move", row)
    assert not story.tell(clock("09:15"), "tick", [])


def test_a_drift_behind_a_hole_waits_for_the_backfill() -> None:
    story = Story(restarts=False)
    story.play("08:00  balance venue 100 BTC source=poller   |")
    for number in range(1, 21):
        row = [f"T{number}", "completed", "venue>venue", "1", "BTC", "source=venue-feed", f"seq={number}"]
        assert not story.tell(clock("09:00") + number, "move", row)
    story.play("""
        09:02  move T22 completed venue>venue 1 BTC source=venue-feed seq=22                  |
        09:03  balance venue 90 BTC source=poller                                             | source_gap P3 open
        09:04  balance venue 90 BTC source=poller                                             |
        09:05  balance venue 90 BTC source=poller                                             |
        09:06  move T21 completed venue>external 10 BTC at=09:01 source=venue-feed seq=21     | source_gap P3 explained #1
        09:07  balance venue 90 BTC source=poller                                             |
    """)


def test_a_place_that_repeats_itself_while_flows_settle_is_stale_and_its_differences_wait() -> None:
    play("""
        09:00  balance venue 100 BTC 7 USD                       |
        09:01  move T1 completed external>venue 3 BTC            |
        09:02  move T2 completed external>venue 4 BTC            |
        09:05  balance venue 100 BTC 7 USD                       |
        09:10  balance venue 100 BTC 7 USD                       | stale_snapshot P3 open
        09:15  balance venue 100 BTC 7 USD                       |
        09:20  balance venue 107 BTC 7 USD                       | stale_snapshot P3 resolved #1
        09:25  balance venue 107 BTC 7 USD                       |
    """)


def test_a_difference_that_outlasts_stale_reports_is_told() -> None:
    play("""
        09:00  balance venue 100 BTC 7 USD                       |
        09:01  move T1 completed external>venue 3 BTC            |
        09:02  move T2 completed external>venue 4 BTC            |
        09:05  balance venue 100 BTC 7 USD                       |
        09:10  balance venue 100 BTC 7 USD                       | stale_snapshot P3 open
        09:20  balance venue 103 BTC 7 USD                       | position_drift P2 open -4, stale_snapshot P3 resolved #1
    """)


def test_one_movement_that_never_shows_is_a_drift_and_no_stale_report() -> None:
    play("""
        09:00  balance venue 100 BTC 7 USD                       |
        09:01  move T1 completed external>venue 3 BTC            |
        09:05  balance venue 100 BTC 7 USD                       |
        09:10  balance venue 100 BTC 7 USD                       | position_drift P2 open -3
    """)


def test_a_quiet_place_may_say_the_same_for_ever() -> None:
    play("""
        09:00  balance venue 100 BTC                             |
        09:01  move T1 completed venue>venue 3 BTC               |
        09:02  move T2 completed venue>venue 4 BTC               |
        09:05  balance venue 100 BTC                             |
        09:10  balance venue 100 BTC                             |
        09:15  balance venue 100 BTC                             |
    """)


def test_live_a_great_loss_that_bad_data_held_back_is_given_its_moment_by_the_tick_that_ends_the_wait() -> None:
    story = Story()
    story.play("""
        08:57  config clock=ticks                                                     |
        08:57  price BTC 50000                                                        |
        08:58  balance hot 100 BTC source=poller                                      |
        08:59  move T0 completed external>hot 1 BTC source=custodian                  |
    """)
    beats(story, "custodian", "09:00", "09:10")
    story.play("""
        09:10     tick                                                                |
        09:26     tick                                                                | source_silent P2 open
        09:31     balance hot 91 BTC source=poller                                    |
        09:31:03  tick                                                                | source_silent P2 open #1
        10:01     heartbeat custodian 10:01                                           |
        10:05:58  heartbeat custodian 10:05                                           |
        10:06:01  tick                                                                | source_silent P2 open #2, source_silent P2 resolved #3
        10:06:03  tick                                                                | position_drift P1 open -10
    """)
