"""Assets as they become known: what waits for them, what they are called, and how finely they divide."""

from __future__ import annotations

from tests.monitor.story import play


def test_what_came_in_an_unknown_asset_waits_and_is_applied_when_it_is_introduced() -> None:
    story = play("""
        09:00  balance hot 5 BTC 7 SOL                                      | unknown_asset P2 open
        09:30  move T1 completed hot>venue 2 SOL                            |
        09:40  move T2 completed hot>venue 1 BTC fee=0.5 fee_asset=SOL      |
        10:00  balance hot 4 BTC 4.5 SOL                                    |
        10:30  asset SOL decimals=9                                         | unknown_asset P2 explained #1
        11:00  balance hot 4 BTC 4.5 SOL                                    |
    """)
    for asset, expected in (("SOL", "4.5"), ("BTC", "4")):
        row = story.position("hot", asset)
        assert (row["expected"], row["reported"], row["drift"]) == (expected, expected, "0")


def test_the_known_rows_of_a_report_count_at_once() -> None:
    play("""
        09:00  balance hot 100 BTC 7 SOL      | unknown_asset P2 open
        10:00  balance hot 90 BTC 7 SOL       |
        11:00  balance hot 90 BTC 7 SOL       | position_drift P2 open -10
        11:30  asset SOL                      | unknown_asset P2 explained #1
    """)


def test_a_drift_in_an_asset_nobody_knew_is_found_when_it_is_introduced() -> None:
    play("""
        09:00  balance hot 7 SOL      | unknown_asset P2 open
        10:00  balance hot 6 SOL      |
        11:00  balance hot 6 SOL      |
        11:30  asset SOL              | unknown_asset P2 explained #1, position_drift P2 open -1
    """)


def test_a_movement_waits_for_both_of_its_assets() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 2 SOL fee=1 fee_asset=XYZ   | unknown_asset P2 open
        09:10  asset SOL                                               | unknown_asset P2 explained #1, unknown_asset P2 open
        09:20  asset XYZ                                               | unknown_asset P2 explained #1
    """)
    assert (story.position("hot", "SOL")["expected"], story.position("hot", "XYZ")["expected"]) == ("-2", "-1")
    assert [alert.scope.asset for alert in story.alerts] == ["SOL", "SOL", "XYZ", "XYZ"]


def test_many_unknown_assets_in_one_report_are_applied_once_each() -> None:
    names = [f"COIN{number}" for number in range(20)]
    story = play(
        f"09:00 balance hot {' '.join(f'5 {name}' for name in names)} | {', '.join(['unknown_asset P2 open'] * 20)}"
    )
    for name in names:
        story.play(f"10:00 asset {name} | unknown_asset P2 explained #1")
    assert [story.position("hot", name)["expected"] for name in names] == ["5"] * 20
    assert story.monitor.state.set_aside.size == 0


def test_a_redelivery_of_what_waits_is_not_applied_twice() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 2 SOL event=a    | unknown_asset P2 open
        09:01  again a                                      |
        09:10  asset SOL                                    | unknown_asset P2 explained #1
        09:11  again a                                      |
    """)
    assert story.position("hot", "SOL")["expected"] == "-2"


def test_an_alias_is_booked_under_the_name_of_the_books() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 1 XBT      | unknown_asset P2 open
        09:01  asset BTC aliases=XBT,BTC.F            | unknown_asset P2 explained #1
        09:02  move T2 completed hot>venue 1 BTC.F fee=0.5 fee_asset=XBT   |
        09:03  balance venue 1 BTC                    |
    """)
    assert story.position("hot")["expected"] == "-2.5"


def test_a_later_change_of_decimals_is_refused_where_it_cannot_be_exact() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 0.12345678 BTC       |
        09:10  asset BTC decimals=7                             | quarantined decimals_refused
        09:20  move T2 completed hot>venue 0.00000001 BTC       |
        09:30  asset BTC decimals=10                            |
        09:40  move T3 completed hot>venue 0.0000000001 BTC     |
        09:50  asset BTC decimals=9                             | quarantined decimals_refused
        10:00  asset USD decimals=0                             |
        10:10  move T4 completed hot>bank 1.50 USD              | quarantined too_many_decimals
    """)
    assert story.position("hot")["expected"] == "-0.1234567901"


def test_more_decimals_than_the_asset_has_are_turned_away_wherever_they_stand() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 1.000000001 BTC                            | quarantined too_many_decimals
        09:01  move T1 completed hot>venue 1 BTC fee=0.000000001                      | quarantined too_many_decimals
        09:02  move T1 completed hot>venue 1 BTC fee=0.001 fee_asset=USD              | quarantined too_many_decimals
        09:03  move T1 completed hot>venue 1 BTC delivered=0.999999999                | quarantined too_many_decimals
        09:04  balance hot 1 USD 1.000000001 BTC                                      | quarantined too_many_decimals
        09:05  posting T1 1.000000001 BTC                                             | quarantined too_many_decimals
        09:06  move T1 completed hot>venue 1.000000000 BTC fee=0.00000001 delivered=1 |
    """)
    assert story.position("hot")["expected"] == "-1.00000001"


def test_what_waited_and_is_too_fine_is_turned_away_when_its_asset_is_known() -> None:
    story = play("""
        09:00  move T1 completed hot>venue 1.25 SOL     | unknown_asset P2 open
        09:10  asset SOL decimals=1                     | unknown_asset P2 explained #1, quarantined too_many_decimals
    """)
    assert story.outputs[-1].value.topic == "transfers"
