"""How a drift is found, told, explained and closed: what the desk hears, and when."""

from __future__ import annotations

import pytest

from tests.monitor.story import Story, play


def test_a_drift_opens_at_the_second_snapshot_and_a_late_movement_explains_it() -> None:
    story = play("""
        09:00  balance hot 100 BTC                                |
        10:00  balance hot 90 BTC                                 |
        11:00  balance hot 90 BTC event=second                    | position_drift P2 open -10
        11:05  move T1 completed hot>venue 10 BTC at=09:30 event=late | position_drift P2 explained #1
        12:00  balance hot 90 BTC                                 |
    """)
    opened, explained = story.of("position_drift")
    assert (opened.expected, opened.observed, opened.scope.location, opened.scope.asset) == ("100", "90", "hot", "BTC")
    assert opened.updated_at == opened.opened_at == "2026-01-05T11:00:00Z"
    assert opened.evidence[0] == "second"
    assert explained.alert_id == opened.alert_id
    assert explained.evidence[0] == "late"
    row = story.position("hot")
    assert (row["expected"], row["reported"], row["drift"], row["in_transit"]) == ("90", "90", "0", "0")


def test_a_surplus_alerts_like_a_deficit_and_resolves_when_the_balance_agrees_again() -> None:
    play("""
        09:00  balance hot 100 BTC   |
        10:00  balance hot 110 BTC   |
        11:00  balance hot 110 BTC   | position_drift P2 open 10
        12:00  balance hot 100 BTC   | position_drift P2 resolved #1
        13:00  balance hot 100 BTC   |
        14:00  balance hot 101 BTC   |
        15:00  balance hot 101 BTC   | position_drift P2 open 1
    """)


def test_a_drift_that_comes_back_is_another_alert() -> None:
    story = play("""
        09:00  balance hot 100 BTC   |
        10:00  balance hot 90 BTC    |
        11:00  balance hot 90 BTC    | position_drift P2 open -10
        12:00  balance hot 100 BTC   | position_drift P2 resolved #1
        13:00  balance hot 90 BTC    |
        14:00  balance hot 90 BTC    | position_drift P2 open -10
    """)
    assert len({alert.alert_id for alert in story.alerts}) == 2


def test_one_snapshot_is_enough_for_a_great_value() -> None:
    story = play("""
        08:00  price BTC 50000       |
        09:00  balance hot 100 BTC   |
        10:00  balance hot 90 BTC    | position_drift P1 open -10
        11:00  balance hot 100 BTC   | position_drift P1 resolved #1
        12:00  balance hot 98.1 BTC  |
        13:00  balance hot 98.1 BTC  | position_drift P2 open -1.9
        14:00  balance hot 98 BTC    | position_drift P1 open -2 #1
        15:00  balance hot 97 BTC    | position_drift P1 open -3 #2
    """)
    first = story.alerts[0]
    assert (first.usd, first.rule) == ("500000.00", "material_snapshot")
    assert "10 BTC (about 500,000 USD) less than can be explained" in first.explanation


def test_one_hundred_thousand_dollars_is_a_great_value_and_a_cent_less_is_not() -> None:
    play("""
        08:00  price BTC 10000         |
        09:00  balance hot 100 BTC     |
        09:00  balance venue 100 BTC   |
        10:00  balance hot 90 BTC      | position_drift P1 open -10
        10:00  balance venue 90.000001 BTC |
    """)


@pytest.mark.parametrize(
    "under_way",
    [
        "move T1 requested hot>external 10 BTC",
        "move T1 approved hot>venue 10 BTC",
        "move T1 broadcast venue>hot 10 BTC",
        "move T1 confirming external>hot 10 BTC",
        "move T1 requested hot>external 9.9 BTC fee=0.1",
    ],
)
def test_a_great_value_that_a_movement_under_way_accounts_for_waits_for_a_second_snapshot(under_way: str) -> None:
    reported = 110 if ">hot" in under_way else 90
    brake = ", brake_applied P4 open" if "requested" in under_way else ""
    play(f"""
        08:00  price BTC 50000               |
        09:00  balance hot 100 BTC           |
        09:30  {under_way}                   |
        10:00  balance hot {reported} BTC    |
        11:00  balance hot {reported} BTC    | position_drift P1 open {reported - 100}{brake}
    """)


def test_a_movement_that_accounts_for_another_amount_is_no_excuse() -> None:
    play("""
        08:00  price BTC 50000                         |
        09:00  balance hot 100 BTC                     |
        09:30  move T1 requested hot>external 9 BTC    |
        10:00  balance hot 90 BTC                      | position_drift P1 open -10, brake_applied P4 open
    """)


def test_a_movement_that_was_called_off_is_no_excuse() -> None:
    play("""
        08:00  price BTC 50000                         |
        09:00  balance hot 100 BTC                     |
        09:30  move T1 requested hot>external 10 BTC   |
        09:40  move T1 rejected hot>external 10 BTC    |
        10:00  balance hot 90 BTC                      | position_drift P1 open -10
    """)


def test_a_drift_waits_for_what_its_source_has_yet_to_deliver() -> None:
    play("""
        09:00  balance hot 100 BTC                     |
        09:29  heartbeat desk 09:29                    |
        09:30  move T1 requested hot>external 10 BTC   |
        09:31  balance hot 90 BTC                      |
        09:32  balance hot 90 BTC                      |
        09:33  heartbeat desk 09:31                    |
        09:34  heartbeat desk 09:32                    | position_drift P2 open -10, brake_applied P4 open
    """)


def test_what_the_source_delivers_late_keeps_the_drift_from_opening() -> None:
    play("""
        09:00  balance hot 100 BTC                     |
        09:29  heartbeat desk 09:29                    |
        09:30  move T1 requested hot>external 10 BTC   |
        09:31  balance hot 90 BTC                      |
        09:32  balance hot 90 BTC                      |
        09:33  move T1 completed hot>external 10 BTC at=09:30:30 |
        09:34  heartbeat desk 09:32                    |
        09:40  balance hot 90 BTC                      |
    """)


def test_an_open_drift_is_told_again_only_when_it_changes_by_a_tenth() -> None:
    story = play("""
        09:00  balance hot 100 BTC   |
        10:00  balance hot 90 BTC    |
        11:00  balance hot 90 BTC    | position_drift P2 open -10
        12:00  balance hot 90.9 BTC  |
        13:00  balance hot 89 BTC    |
        14:00  balance hot 88.9 BTC  | position_drift P2 open -11.1 #1
        15:00  balance hot 88.9 BTC  |
        16:00  balance hot 95 BTC    | position_drift P2 open -5 #2
        17:00  balance hot 100.01 BTC| position_drift P2 resolved #3
    """)
    assert len({alert.alert_id for alert in story.alerts}) == 1


def test_a_second_report_of_one_moment_is_no_second_snapshot() -> None:
    play("""
        09:00  balance hot 100 BTC            |
        10:00  balance hot 90 BTC             |
        10:01  balance hot 90 BTC at=10:00    |
        11:00  balance hot 90 BTC             | position_drift P2 open -10
    """)


def test_a_movement_in_the_same_moment_may_show_or_not() -> None:
    """Two clocks differ by a second or two: a report that does not show the movement yet is pending, not a break."""
    play("""
        08:00     price BTC 50000                          |
        09:00     balance hot 100 BTC                      |
        10:00:00  move T1 completed hot>external 10 BTC    |
        10:00:02  balance hot 100 BTC                      |
        10:05     balance hot 90 BTC                       |
        11:00:01  move T2 completed hot>external 10 BTC    |
        11:00:02  balance hot 80 BTC at=11:00:00           |
        11:05:00  move T3 completed hot>external 10 BTC    |
        11:05:03  balance hot 80 BTC                       | position_drift P1 open 10
    """)


def test_a_movement_just_after_a_snapshot_explains_it_whatever_came_first() -> None:
    play("""
        08:00     price BTC 50000                                         |
        09:00     balance hot 100 BTC                                     |
        10:00:00  balance hot 90 BTC                                      | position_drift P1 open -10
        10:00:05  move T1 completed hot>external 10 BTC at=10:00:01       | position_drift P1 explained #1
    """)


def test_a_difference_of_timing_that_stays_is_none() -> None:
    play("""
        09:00     balance hot 100 BTC                      |
        10:00:00  move T1 completed hot>external 10 BTC    |
        10:00:01  balance hot 100 BTC                      |
        10:30     balance hot 100 BTC                      | position_drift P2 open 10
    """)


def test_a_value_date_keeps_a_difference_pending_until_its_day_is_over() -> None:
    play("""
        09:00    balance bank 1000 USD                             |
        10:00    move T1 completed external>bank 100 USD           |
        10:01    posting T1 100 USD value_date=2026-01-06 journal=j1          |
        10:01    posting T1 -100 USD value_date=2026-01-06 journal=j1 leg=2   |
        11:00    balance bank 1000 USD                             |
        12:00    balance bank 1000 USD                             |
        1/09:00  balance bank 1100 USD                             |
        1/10:00  move T2 completed external>bank 50 USD            |
        1/10:01  posting T2 50 USD value_date=2026-01-07 journal=j2           |
        1/10:01  posting T2 -50 USD value_date=2026-01-07 journal=j2 leg=2    |
        1/11:00  balance bank 1100 USD                             |
        2/09:00  balance bank 1100 USD                             |
        3/09:00  balance bank 1100 USD                             |
        3/10:00  balance bank 1100 USD                             | position_drift P2 open -50
    """)


def test_a_rebasing_asset_may_move_a_little_with_every_report() -> None:
    play("""
        08:00  asset STETH decimals=18 rebasing=yes   |
        09:00  balance hot 1000 STETH                 |
        10:00  balance hot 1000.9 STETH               |
        11:00  balance hot 1001.8 STETH               |
        12:00  balance hot 1004 STETH                 |
        13:00  balance hot 1004 STETH                 | position_drift P2 open 4
    """)


# --- Which reports count ---------------------------------------------------------------------------------------


def test_a_virtual_balance_is_never_compared_and_never_the_opening() -> None:
    story = play("""
        08:00  balance hot virtual 700 BTC  |
        09:00  balance hot 100 BTC          |
        10:00  balance hot virtual 700 BTC  |
        11:00  balance hot virtual 700 BTC  |
        12:00  balance hot 100 BTC          |
    """)
    assert story.position("hot")["reported"] == "100"


def test_what_a_complete_report_leaves_out_is_zero_and_what_a_partial_one_leaves_out_is_not() -> None:
    play("""
        09:00  balance hot 100 BTC 5 USD    |
        10:00  balance hot partial 100 BTC  |
        11:00  balance hot partial 100 BTC  |
        12:00  balance hot 100 BTC          |
        13:00  balance hot 100 BTC          | position_drift P2 open -5
    """)


def test_an_asset_that_turns_up_in_two_complete_reports_is_a_surplus() -> None:
    play("""
        09:00  balance hot 100 BTC          |
        10:00  balance hot 100 BTC 7 USD    |
        11:00  balance hot 100 BTC 7 USD    | position_drift P2 open 7
    """)


def test_an_asset_that_arrived_late_is_missing_in_the_complete_reports_before() -> None:
    """The reports of 10:00 and 11:00 said zero dollars, long before anybody heard that some had come."""
    play("""
        09:00  balance hot 100 BTC                                   |
        10:00  balance hot 100 BTC                                   |
        11:00  balance hot 100 BTC                                   |
        11:30  move T1 completed external>hot 7 USD at=09:30         | position_drift P2 open -7
    """)


def test_a_partial_report_opens_nothing() -> None:
    story = play("""
        09:00  balance hot partial 100 BTC               |
        10:00  balance hot partial 90 BTC                |
        11:00  balance hot partial 90 BTC                |
        12:00  move T1 completed external>hot 1 BTC      |
    """)
    row = story.position("hot")
    assert (row["expected"], row["reported"]) == ("1", "90")
    assert "drift" not in row


def test_the_parts_of_accounts_are_not_added_to_the_total() -> None:
    play("""
        09:00  balance hot 60 BTC/a 40 BTC/b             |
        10:00  balance hot 100 BTC 60 BTC/a 40 BTC/b     |
        11:00  balance hot partial 55 BTC/a              |
        12:00  balance hot partial 55 BTC/a              |
        13:00  balance hot 55 BTC/a 40 BTC/b             |
        14:00  balance hot 55 BTC/a 40 BTC/b             | position_drift P2 open -5
    """)


def test_a_restated_snapshot_takes_the_place_of_the_one_it_restates() -> None:
    story = play("""
        09:00  balance hot 100 BTC                         |
        10:00  balance hot 90 BTC id=S                     |
        11:00  balance hot 90 BTC id=R                     | position_drift P2 open -10
        11:10  balance hot 100 BTC id=S rev=1 at=10:00     |
        11:20  balance hot 100 BTC id=R rev=1 at=11:00     | position_drift P2 resolved #1
        13:00  balance hot 100 BTC id=V rev=1              |
        13:05  balance hot 90 BTC id=V at=13:00            |
    """)
    assert story.position("hot")["reported"] == "100"


def test_of_two_reports_under_one_name_and_revision_the_first_counts() -> None:
    story = play("""
        09:00  balance hot 100 BTC                         |
        10:00  balance hot 99.99 BTC id=S                  |
        10:05  balance hot 80 BTC id=S at=10:00            |
    """)
    assert story.position("hot")["reported"] == "99.99"


def test_an_earlier_complete_report_becomes_the_opening() -> None:
    story = play("""
        09:00  balance hot 100 BTC                              |
        10:00  balance hot 100 BTC                              |
        10:30  balance hot 90 BTC at=08:00                      | position_drift P2 open 10
        10:40  move T1 completed venue>hot 10 BTC at=08:30      | position_drift P2 explained #1
        11:00  balance hot 100 BTC                              |
    """)
    assert story.position("hot")["expected"] == "100"


def test_a_restated_opening_moves_what_is_expected() -> None:
    story = play("""
        09:00  balance hot 100 BTC id=S                     |
        10:00  balance hot 90 BTC                           |
        11:00  balance hot 90 BTC                           | position_drift P2 open -10
        12:00  balance hot 90 BTC id=S rev=1 at=09:00       | position_drift P2 resolved #1
    """)
    assert story.position("hot")["expected"] == "90"


def test_the_opening_contains_what_happened_until_its_own_moment() -> None:
    story = play("""
        08:00  move T1 completed venue>hot 10 BTC              |
        09:30  move T2 completed venue>hot 5 BTC at=09:00      |
        09:31  balance hot 50 BTC at=09:00                     |
        09:40  move T3 completed venue>hot 3 BTC at=07:00      |
        09:45  move T4 completed venue>hot 2 BTC at=09:00      |
        09:50  move T5 completed venue>hot 1 BTC at=09:00:01   |
    """)
    assert story.position("hot")["expected"] == "51"


# --- Restatements of movements ---------------------------------------------------------------------------------


def test_a_restated_completion_is_told_and_applied_once() -> None:
    story = play("""
        09:00  balance venue 0 BTC                                 |
        09:30  move T1 completed hot>venue 10 BTC                  |
        12:30  move T1 completed hot>venue 1 BTC rev=1             | restatement P3 open -9
        13:00  move T1 completed hot>venue 1 BTC rev=2             |
        14:00  balance venue 1 BTC                                 |
        15:00  balance venue 10 BTC at=12:00                       |
    """)
    (told,) = story.alerts
    assert (told.expected, told.observed, told.scope.transfer_id) == ("10", "1", "T1")
    assert story.position("hot")["expected"] == "-1"


@pytest.mark.parametrize("ending", ["failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed"])
def test_what_is_undone_is_expected_back_from_its_own_moment(ending: str) -> None:
    play(f"""
        09:00  balance hot 100 BTC                                  |
        09:30  move T1 broadcast hot>external 10 BTC fee=0.5        |
        10:00  balance hot 89.5 BTC                                 |
        10:30  move T1 {ending} hot>external 10 BTC                 |
        11:00  balance hot 100 BTC                                  |
        11:30  balance hot 89.5 BTC at=10:29                        |
    """)


def test_a_movement_is_forgotten_a_horizon_after_its_last_report_and_what_comes_then_is_new() -> None:
    """A limit, and a known one (decision 0004): state is kept for the horizon, so this counts 9 again and returns none."""
    story = play("""
        1/09:00   move T1 completed hot>venue 10 BTC           |
        1/09:00   move T2 completed hot>venue 10 BTC           |
        45/08:00  tick                                         |
        45/09:00  move T1 completed hot>venue 9 BTC rev=1      |
        45/09:00  move T2 returned hot>venue 10 BTC            |
    """)
    assert story.position("hot")["expected"] == "-29"


def test_an_alert_is_found_again_under_the_same_id_in_another_run() -> None:
    rows = """
        09:00  balance hot 100 BTC   |
        10:00  balance hot 90 BTC    |
        11:00  balance hot 90 BTC    | position_drift P2 open -10
    """
    first, second = play(rows), Story().play(rows)
    assert first.alerts == second.alerts
