"""Movements in time: what is overdue, stuck, refused, unmet or posted twice, and what stops the clock."""

from __future__ import annotations

import pytest

from ledger.pace.routes import Ends
from streams.record import Output
from tests.monitor.story import Story

KINDS = ("in_transit_overdue", "sla_breach", "settlement_overdue")


class Pace(Story):
    """A story that hears only what is about time."""

    def tell(self, seconds: int, verb: str, words: list[str]) -> list[Output]:
        said = super().tell(seconds, verb, words)
        return [output for output in said if output.topic == "alerts" and output.value.type in KINDS]


def play(rows: str) -> Pace:
    """Tell a story from its beginning, and check what is said about time to each row."""
    story = Pace()
    story.play(rows)
    return story


def said(story: Story, kind: str) -> list[str]:
    """Return what the alerts of a kind explain, in order."""
    return [alert.explanation for alert in story.of(kind)]


# --- On the way ------------------------------------------------------------------------------------------------


def test_an_overdue_movement_says_what_it_is_worth_and_what_was_heard_last() -> None:
    story = play("""
        08:00     price BTC 50000                                        |
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:02     move T1 confirming hot>venue 10 BTC                    |
        09:03     move T1 confirming hot>venue 10 BTC                    |
        09:10:01  tick                                                   | in_transit_overdue P3 open
        09:15     move T1 completed hot>venue 10 BTC                     | in_transit_overdue P3 resolved #1
    """)
    opened, over = said(story, "in_transit_overdue")
    assert opened == (
        "Movement T1 of 10 BTC (about 500,000 USD) left hot 600 s ago and has not reached venue; 600 s are allowed on this "
        "route. The latest report says confirming since 2026-01-05T09:02:00Z."
    )
    assert over == (
        "Movement T1 of 10 BTC (about 500,000 USD) reached venue at 2026-01-05T09:15:00Z, 900 s after it left hot; "
        "600 s are allowed on this route."
    )
    assert story.alerts[0].usd == "500000.00"
    assert story.alerts[0].threshold == 600


def test_an_end_in_time_that_is_told_late_explains_what_was_said() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:12     move T1 completed hot>venue 10 BTC at=09:09            | in_transit_overdue P3 open, in_transit_overdue P3 explained #1
    """)


def test_a_replaced_transaction_is_the_same_movement_and_its_clock_goes_on() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:08     move T1 replaced hot>venue 10 BTC fee=0.1              |
        09:08     move T1 broadcast hot>venue 10 BTC fee=0.1             |
        09:10:01  tick                                                   | in_transit_overdue P3 open
    """)


def test_what_came_back_and_is_sent_again_has_its_whole_time_again() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:08     move T1 failed hot>venue 10 BTC                        |
        09:09     move T1 broadcast hot>venue 10 BTC                     |
        09:18     tick                                                   |
        09:19:01  tick                                                   | in_transit_overdue P3 open
    """)


@pytest.mark.parametrize("late", ["broadcast", "failed"])
def test_a_departure_that_is_told_late_moves_the_deadline(late: str) -> None:
    """Told in order, the value left at 09:02 the one time and at 09:06 the other."""
    first = "09:02" if late == "broadcast" else "09:06"
    rows = {
        "broadcast": "09:05  move T1 broadcast hot>venue 10 BTC at=09:02",
        "failed": "09:07  move T1 failed hot>venue 10 BTC at=09:03",
    }
    before = "09:04" if late == "broadcast" else "09:00"
    again = "" if late == "broadcast" else "09:06     move T1 broadcast hot>venue 10 BTC |"
    due = {"09:02": "09:12:01", "09:06": "09:16:01"}[first]
    play(
        f"""
        08:00     route BTC hot>venue sla=600                            |
        {before}  move T1 broadcast hot>venue 10 BTC                     |
        {again}
        {rows[late]}                                                     |
        {due[:5]}:00  tick                                               |
        {due}     tick                                                   | in_transit_overdue P3 open
    """.replace("\n        \n", "\n")
    )


def test_an_end_is_waited_for_from_whoever_tells_of_the_destination_too() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        08:50     move T0 completed external>venue 1 BTC source=exchange |
        09:00     heartbeat exchange 09:00                               |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:11     heartbeat exchange 09:09                               |
        09:12     heartbeat exchange 09:10                               | in_transit_overdue P3 open
    """)


def test_what_has_been_overdue_by_twice_for_long_is_told_once_and_as_that() -> None:
    play("""
        08:00     route BTC hot>venue sla=60                             |
        09:00     move T1 broadcast hot>venue 10 BTC at=08:10            |
        09:00:59  tick                                                   |
        09:01:01  tick                                                   | in_transit_overdue P2 open
        10:00     tick                                                   |
    """)


def test_more_reports_of_a_departure_long_ago_put_nothing_off() -> None:
    play("""
        08:00     route BTC hot>venue sla=60                             |
        09:00     move T1 broadcast hot>venue 10 BTC at=08:10            |
        09:00:40  move T1 broadcast hot>venue 10 BTC source=exchange     |
        09:01:01  tick                                                   | in_transit_overdue P2 open
    """)


def test_a_transfer_in_the_books_alone_is_never_on_its_way() -> None:
    play("""
        08:00     route BTC hot>hot sla=600                              |
        09:00     move T1 requested hot>hot 10 BTC                       |
        09:05     move T1 broadcast hot>hot 10 BTC                       |
        09:10:01  tick                                                   | sla_breach P3 open
        09:11     move T1 completed hot>hot 10 BTC                       | sla_breach P3 resolved #1
    """)


def test_a_place_that_has_no_role_for_a_while_takes_its_movements_up_again() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:05     place venue counterparty                               |
        09:20     tick                                                   |
        09:30     place venue venue                                      |
        09:31:01  tick                                                   | in_transit_overdue P2 open
    """)


# --- Refused by the other side ----------------------------------------------------------------------------------


@pytest.mark.parametrize("destination", ["venue", "external"])
@pytest.mark.parametrize("how", ["failed", "rejected"])
def test_completed_and_yet_not_there_is_told_at_once(how: str, destination: str) -> None:
    story = play(f"""
        09:00  move T1 broadcast hot>{destination} 10 BTC                                            |
        09:05  move T1 completed hot>{destination} 10 BTC sub=COMPLETED_BUT_3RD_PARTY_{how.upper()}  | in_transit_overdue P2 open
        09:06  move T1 completed hot>{destination} 10 BTC sub=completed_but_3rd_party_{how} source=x |
        2/09:00  tick                                                                                |
        2/09:01  move T1 returned hot>{destination} 10 BTC                                           | in_transit_overdue P2 resolved #1
    """)
    first = story.alerts[0]
    assert first.rule == "third_party"
    assert "left hot and was completed 300 s later" in first.explanation
    receiver = "its receiver outside" if destination == "external" else destination
    assert f"but did not reach {receiver}: desk says COMPLETED_BUT_3RD_PARTY_{how.upper()}" in first.explanation


def test_what_was_refused_and_is_credited_after_all_is_over() -> None:
    play("""
        08:00  route BTC hot>venue sla=3600                                              |
        09:00  move T1 completed hot>venue 10 BTC sub=completed_but_3rd_party_failed     | in_transit_overdue P2 open
        09:30  move T1 completed hot>venue 10 BTC source=exchange                        | in_transit_overdue P2 resolved #1
    """)


def test_an_overdue_movement_that_turns_out_to_be_refused_is_one_alert() -> None:
    story = play("""
        08:00  route BTC hot>venue sla=600                                               |
        09:00  move T1 broadcast hot>venue 10 BTC                                        |
        09:11  move T1 completed hot>venue 10 BTC sub=completed_but_3rd_party_failed     | in_transit_overdue P3 open, in_transit_overdue P2 open #1
        1/09:00  tick                                                                    |
    """)
    assert [alert.rule for alert in story.alerts] == ["route_deadline", "third_party"]


def test_a_refusal_that_is_told_after_the_arrival_it_came_before_is_nothing() -> None:
    play("""
        09:00  move T1 broadcast hot>venue 10 BTC                                              |
        09:20  move T1 completed hot>venue 10 BTC source=exchange                              |
        09:21  move T1 completed hot>venue 10 BTC at=09:10 sub=completed_but_3rd_party_failed  |
    """)


def test_another_remark_on_a_completion_is_nothing() -> None:
    play("""
        09:00  move T1 completed hot>venue 10 BTC sub=3rd_party_confirmed   |
    """)


# --- What was learned -------------------------------------------------------------------------------------------


def _learned(story: Story, count: int, seconds: int, ends: str = "hot>venue") -> None:
    for number in range(count):
        start = 3_600 + number * 60
        for status, at in (("broadcast", start), ("completed", start + seconds)):
            assert not story.tell(at, "move", [f"L{number}", status, ends, "1", "BTC"]), "an ordinary day"


def test_without_a_route_what_movements_usually_took_is_the_measure() -> None:
    story = Pace(restarts=False)
    _learned(story, 30, 40)
    story.restarts = True
    story.play("""
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:01:59  tick                                                   |
        09:02:10  tick                                                   | in_transit_overdue P3 open
        09:05     tick                                                   | in_transit_overdue P2 open #1
    """)
    assert "three times the slowest in a hundred of the last 30" in story.of("in_transit_overdue")[0].explanation


def test_too_few_movements_are_no_measure_and_the_one_too_many_is_for_all_under_way() -> None:
    story = Pace(restarts=False)
    _learned(story, 29, 40)
    story.restarts = True
    story.play("""
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        10:00     tick                                                   |
        10:00     move T2 broadcast hot>venue 1 BTC                      |
        10:00:40  move T2 completed hot>venue 1 BTC                      |
        10:01:39  tick                                                   |
        10:01:41  tick                                                   | in_transit_overdue P2 open
    """)


def test_a_route_that_leaves_out_its_slowest_learns_it_up_to_three_times_its_promise() -> None:
    story = Pace(restarts=False)
    story.play("08:00:00 route BTC hot>venue sla=60 |".replace("08:00:00", "0:10"))
    _learned(story, 50, 55)
    story.restarts = True
    story.play("""
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:02:44  tick                                                   |
        09:03     tick                                                   | in_transit_overdue P3 open
    """)


def _taught(story: Story) -> int:
    """Return how long a way from hot to venue may take by what was learned, in seconds."""
    routes = story.monitor.state.reconciliation.context.routes
    allowance = routes.under_way(Ends("BTC", "", "hot", "venue"))
    assert allowance is not None
    return allowance.us // 1_000_000


def test_what_was_overdue_teaches_no_more_than_it_was_allowed() -> None:
    story = Pace(restarts=False)
    _learned(story, 45, 40)
    story.play("""
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:05     tick                                                   | in_transit_overdue P3 open, in_transit_overdue P2 open #1
        20:00     move T1 completed hot>venue 10 BTC                     | in_transit_overdue P2 resolved #2
    """)
    assert _taught(story) <= 3 * (3 * 50), "three times of what was three times of a little over 40"


def test_what_waited_for_maintenance_teaches_how_long_it_took_without() -> None:
    story = Pace(restarts=False)
    _learned(story, 45, 40)
    story.play("""
        09:00     maintenance location=venue until=19:59:30              |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        20:00     move T1 completed hot>venue 10 BTC                     |
    """)
    assert _taught(story) <= 3 * 45


# --- Maintenance ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", ["location=venue", "location=hot", "desk", ""])
def test_maintenance_stops_the_clock(reach: str) -> None:
    story = play(f"""
        08:00     route BTC hot>venue sla=600                            |
        08:00     maintenance {reach} since=09:05 until=10:05            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        10:09     tick                                                   |
        10:10:01  tick                                                   | in_transit_overdue P3 open
        10:20     tick                                                   |
        10:20:01  tick                                                   | in_transit_overdue P2 open #1
    """)
    assert "3600 s of maintenance do not count." in story.of("in_transit_overdue")[0].explanation


def test_maintenance_elsewhere_stops_nothing() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        08:00     maintenance location=bank since=09:05 until=10:05      |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:10:01  tick                                                   | in_transit_overdue P3 open
    """)


def test_maintenance_that_is_told_afterwards_explains_what_was_said_and_the_clock_goes_on() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:12     tick                                                   | in_transit_overdue P3 open
        09:15     maintenance location=venue since=09:06 until=09:16     | in_transit_overdue P3 explained #1
        09:19     tick                                                   |
        09:21     tick                                                   | in_transit_overdue P3 open
    """)


def test_what_maintenance_put_off_is_concluded_as_soon_as_its_source_has_told_that_far() -> None:
    play("""
        08:00     route BTC hot>venue sla=600                            |
        08:00     maintenance location=venue since=09:01 until=09:03     |
        09:00     heartbeat desk 09:00                                   |
        09:00     move T1 broadcast hot>venue 10 BTC                     |
        09:14     heartbeat desk 09:13                                   | in_transit_overdue P3 open
    """)


# --- What was promised ------------------------------------------------------------------------------------------


def test_a_movement_that_was_asked_for_and_does_not_leave_is_stuck_and_says_where() -> None:
    story = play("""
        08:00     price BTC 50000                                            |
        08:00     route BTC hot>external sla=600                             |
        09:00     move W1 requested hot>external 2 BTC op=withdrawal         |
        09:01     move W1 screening hot>external 2 BTC op=withdrawal         |
        09:04     move W1 screening hot>external 2 BTC op=withdrawal         |
        09:10     tick                                                       |
        09:10:01  tick                                                       | sla_breach P3 open
        09:20:01  tick                                                       | sla_breach P2 open #1
        09:30     move W1 broadcast hot>external 2 BTC op=withdrawal         | sla_breach P2 resolved #2
        09:40     tick                                                       |
        09:40:01  tick                                                       | in_transit_overdue P3 open
    """)
    opened, _, over = said(story, "sla_breach")
    assert opened == (
        "Withdrawal W1 of 2 BTC (about 100,000 USD) was asked for 600 s ago and has not left hot; 600 s are allowed on this "
        "route. It is stuck: screening since 2026-01-05T09:01:00Z."
    )
    assert "left hot at 2026-01-05T09:30:00Z, 1800 s after it was asked for" in over
    assert story.of("sla_breach")[0].scope.to_plain() == {"transfer_id": "W1", "location": "hot", "asset": "BTC"}


@pytest.mark.parametrize("op_type", ["settlement", "collateral"])
def test_what_somebody_outside_waits_for_is_a_settlement_that_is_overdue(op_type: str) -> None:
    story = play(f"""
        08:00     route BTC hot>venue sla=600                                      |
        09:00     move C1 requested hot>venue 2 BTC op={op_type}                   |
        09:10:01  tick                                                             | settlement_overdue P3 open
        09:20:01  tick                                                             | settlement_overdue P2 open #1
        09:25     move C1 broadcast hot>venue 2 BTC op={op_type}                   | settlement_overdue P2 resolved #2
        09:35:01  tick                                                             | in_transit_overdue P3 open
    """)
    assert (
        f"{op_type.capitalize()} C1 of 2 BTC was asked for 600 s ago" in story.of("settlement_overdue")[0].explanation
    )


@pytest.mark.parametrize("ending", ["rejected", "cancelled", "failed", "expired", "blocked"])
def test_what_is_called_off_is_stuck_no_more(ending: str) -> None:
    story = play(f"""
        08:00     route BTC hot>external sla=600                                  |
        09:00     move W1 requested hot>external 2 BTC op=withdrawal              |
        09:05     move W1 on_hold hot>external 2 BTC op=withdrawal                |
        09:10:01  tick                                                            | sla_breach P3 open
        09:15     move W1 {ending} hot>external 2 BTC op=withdrawal               | sla_breach P3 resolved #1
        10:00     tick                                                            |
    """)
    assert f"ended as {ending}" in story.of("sla_breach")[-1].explanation


def test_a_wire_that_never_says_it_left_has_until_it_is_completed() -> None:
    play("""
        08:00     route USD bank>client sla=600                                   |
        09:00     move W1 requested bank>external 200 USD op=withdrawal           |
        09:01     move W1 queued bank>external 200 USD op=withdrawal              |
        09:00     move W2 requested bank>external 300 USD op=withdrawal           |
        09:09     move W2 completed bank>external 300 USD op=withdrawal           |
        09:10:01  tick                                                            | sla_breach P3 open
        09:12     move W1 completed bank>external 200 USD op=withdrawal           | sla_breach P3 resolved #1
    """)


def test_that_it_left_is_waited_for_from_whoever_tells_of_the_place_that_it_leaves() -> None:
    play("""
        08:00     route BTC hot>external sla=600                                       |
        08:50     move T0 completed external>hot 1 BTC source=custodian                |
        09:00     heartbeat custodian 09:00                                            |
        09:00     move W1 requested hot>external 2 BTC op=withdrawal                   |
        09:12     heartbeat custodian 09:09                                            |
        09:13     heartbeat custodian 09:10                                            | sla_breach P3 open
    """)


def test_nothing_was_promised_without_a_route_whatever_was_learned() -> None:
    story = Pace(restarts=False)
    _learned(story, 60, 40)
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC                     |
        1/09:00   tick                                                   |
    """)


def test_a_promise_whose_report_is_late_is_counted_from_its_beginning() -> None:
    play("""
        08:00     route BTC hot>external sla=600                                    |
        09:05     move W1 approved hot>external 2 BTC op=withdrawal                 |
        09:06     move W1 requested hot>external 2 BTC op=withdrawal at=09:00       |
        09:10     tick                                                              |
        09:10:01  tick                                                              | sla_breach P3 open
    """)


def test_what_was_called_off_and_is_asked_for_again_has_its_whole_time_again() -> None:
    play("""
        08:00     route BTC hot>external sla=600                                    |
        09:00     move W1 requested hot>external 2 BTC op=withdrawal                |
        09:05     move W1 cancelled hot>external 2 BTC op=withdrawal                |
        12:00     move W1 requested hot>external 2 BTC op=withdrawal                |
        12:10     tick                                                              |
        12:10:01  tick                                                              | sla_breach P3 open
    """)


def test_a_stuck_movement_that_everybody_has_forgotten_is_closed() -> None:
    play("""
        08:00     route BTC hot>external sla=600                                    |
        09:05     move W1 requested hot>external 2 BTC op=withdrawal                |
        1/09:00   tick                                                              | sla_breach P3 open, sla_breach P2 open #1
        40/09:00  tick                                                              | sla_breach P2 resolved #2
    """)


# --- Planned settlements and collateral -------------------------------------------------------------------------

HEARD = "08:00  move T0 completed external>hot 100 BTC |"


@pytest.mark.parametrize("op_type", ["settlement", "collateral"])
def test_a_plan_that_is_not_met_a_minute_after_its_end_is_told_and_mended_when_it_is_met(op_type: str) -> None:
    story = play(f"""
        {HEARD}
        08:00     plan P1 {op_type} hot>venue 10 BTC since=09:00 until=10:00         |
        10:01     tick                                                               |
        10:01:01  tick                                                               | settlement_overdue P2 open -10
        10:15     move C1 requested hot>venue 10 BTC op={op_type} plan=P1            |
        10:20     move C1 completed hot>venue 10 BTC op={op_type} plan=P1            | settlement_overdue P2 resolved #1
    """)
    opened = story.of("settlement_overdue")[0]
    assert opened.explanation == (
        f"{op_type.capitalize()} of 10 BTC from hot to venue (plan P1) was due by 2026-01-05T10:00:00Z, and 60 s later "
        "nothing has arrived."
    )
    assert opened.scope.to_plain() == {"location": "venue", "asset": "BTC"}
    assert opened.rule == "plan_deadline"


@pytest.mark.parametrize(
    "met",
    [
        "09:30 move C1 completed hot>venue 10 BTC op=collateral plan=P1",
        "08:30 move C1 completed hot>venue 10 BTC op=collateral plan=P1",  # early
        "09:30 move C1 completed hot>venue 10 BTC op=collateral",  # names no plan, and is what the plan says
        "08:30 move C1 completed hot>venue 10.005 BTC op=collateral",
        "09:30 move C1 completed hot>venue 10 BTC op=collateral plan=P1 fee=1 payer=deducted",
        "09:30 move C1 completed hot>venue 10 BTC op=internal plan=P1",
    ],
)
def test_a_plan_that_is_met_is_quiet(met: str) -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 collateral hot>venue 10 BTC since=09:00 until=10:00        |
        {met} |
        1/10:00   tick                                                               |
    """)


@pytest.mark.parametrize(
    "other",
    [
        "09:30 move C1 completed hot>bank 10 BTC op=collateral plan=P1",
        "09:30 move C1 completed hot>venue 10 USD op=collateral plan=P1",
        "09:30 move C1 completed hot>venue 9 BTC op=collateral",
        "09:30 move C1 completed hot>venue 10 BTC op=settlement",
        "09:30 move C1 completed hot>venue 10 BTC op=collateral plan=P2",
        "09:30 move C1 completed venue>hot 10 BTC op=collateral",
    ],
)
def test_what_is_not_what_a_plan_says_does_not_meet_it(other: str) -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 collateral hot>venue 10 BTC since=09:00 until=10:00        |
        {other} |
        10:01:01  tick                                                               | settlement_overdue P2 open -10
    """)


def test_parts_add_up_and_too_little_is_told_with_what_there_is() -> None:
    story = play(f"""
        {HEARD}
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        08:00     plan P2 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        09:50     move C1 completed hot>venue 6 BTC op=settlement plan=P1            |
        09:51     move C2 completed hot>venue 4 BTC op=settlement plan=P1            |
        09:52     move C3 completed hot>venue 7 BTC op=settlement plan=P2            |
        09:53     move C4 broadcast hot>venue 3 BTC op=settlement plan=P2            |
        10:01:01  tick                                                               | settlement_overdue P2 open -3
        10:05     move C4 completed hot>venue 3 BTC op=settlement plan=P2 at=09:59   | settlement_overdue P2 explained #1
    """)
    assert "only 7 BTC has arrived: C3 of 7 BTC, C4 of 3 BTC still under way." in said(story, "settlement_overdue")[0]


def test_collateral_that_is_posted_twice_is_told_when_the_second_is_first_heard_of() -> None:
    story = play(f"""
        {HEARD}
        08:00     plan P1 collateral hot>venue 10 BTC since=09:00 until=10:00        |
        09:10     move C1 completed hot>venue 10 BTC op=collateral plan=P1           |
        09:20     move C2 requested hot>venue 10 BTC op=collateral plan=P1           | settlement_overdue P2 open 10
        09:21     move C2 completed hot>venue 10 BTC op=collateral plan=P1           |
        09:30     move C2 returned hot>venue 10 BTC op=collateral plan=P1            | settlement_overdue P2 resolved #1
        1/10:00   tick                                                               |
    """)
    (first, _) = said(story, "settlement_overdue")
    assert "20 BTC is posted for it, 10 BTC more: C1 of 10 BTC, C2 of 10 BTC still under way." in first
    assert "posted twice" in first
    assert story.of("settlement_overdue")[0].rule == "posted_twice"


def test_collateral_posted_again_after_the_first_came_back_is_quiet() -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 collateral hot>venue 10 BTC since=09:00 until=10:00        |
        09:10     move C1 completed hot>venue 10 BTC op=collateral plan=P1           |
        09:15     move C1 returned hot>venue 10 BTC op=collateral plan=P1            |
        09:20     move C2 completed hot>venue 10 BTC op=collateral plan=P1           |
        1/10:00   tick                                                               |
    """)


def test_a_net_that_is_more_than_planned_is_told_at_once() -> None:
    story = play(f"""
        {HEARD}
        08:00     plan P1 settlement hot>venue 8-10 BTC since=09:00 until=10:00      |
        09:10     move C1 requested hot>venue 12 BTC op=settlement plan=P1           | settlement_overdue P2 open 2
    """)
    assert story.of("settlement_overdue")[0].rule == "net_differs"


def test_what_met_a_plan_and_is_taken_back_after_its_end_leaves_it_unmet() -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        09:10     move C1 completed hot>venue 10 BTC op=settlement plan=P1           |
        11:00     move C1 reversed hot>venue 10 BTC op=settlement plan=P1            | settlement_overdue P2 open -10
    """)


def test_each_occurrence_of_a_recurring_plan_stands_for_itself() -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00 every=7200  |
        09:30     move C1 completed hot>venue 10 BTC op=settlement plan=P1                |
        10:30     move C2 completed hot>venue 10 BTC op=settlement plan=P1                |
        12:02     tick                                                                    |
        14:02     tick                                                                    | settlement_overdue P2 open -10
        15:00     move C4 completed hot>venue 10 BTC op=settlement plan=P1                |
        15:10     move C3 completed hot>venue 10 BTC op=settlement plan=P1                | settlement_overdue P2 resolved #1
        15:20     move C5 completed hot>venue 10 BTC op=settlement plan=P1                | settlement_overdue P2 open 10
    """)


def test_a_plan_that_is_told_after_what_meets_it_is_met() -> None:
    play("""
        09:10     move C1 completed hot>venue 10 BTC op=settlement plan=P1           |
        09:10     move C2 completed hot>venue 7 BTC op=settlement                    |
        09:30     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        09:30     plan P2 settlement hot>venue 7 BTC since=09:00 until=10:00         |
        1/10:00   tick                                                               |
    """)


def test_one_movement_that_names_no_plan_meets_one_plan_only() -> None:
    play("""
        09:10     move C1 completed hot>venue 10 BTC op=settlement                   |
        09:30     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        09:30     plan P2 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        10:01:01  tick                                                               | settlement_overdue P2 open -10
    """)


def test_a_plan_that_was_changed_counts_as_it_is_now() -> None:
    play(f"""
        {HEARD}
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        08:01     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        09:10     move C1 completed hot>venue 8 BTC op=settlement plan=P1            |
        10:02     tick                                                               | settlement_overdue P2 open -2
        10:05     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        10:10     plan P1 settlement hot>venue 8 BTC since=09:00 until=10:00         | settlement_overdue P2 explained #1
        1/10:00   tick                                                               |
    """)


def test_a_plan_that_is_told_days_after_its_end_asks_for_nothing() -> None:
    play(f"""
        {HEARD}
        3/08:00   plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        4/08:00   tick                                                               |
    """)


def test_of_places_that_nobody_tells_of_nothing_is_concluded() -> None:
    play("""
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        1/10:00   tick                                                               |
    """)


def test_a_plan_waits_for_maintenance_and_for_who_could_still_tell() -> None:
    play(f"""
        {HEARD}
        08:00     maintenance location=venue since=09:30 until=09:40                 |
        08:00     plan P1 settlement hot>venue 10 BTC since=09:00 until=10:00        |
        10:00     heartbeat desk 10:00                                               |
        10:10:50  tick                                                               |
        10:12     heartbeat desk 10:10                                               |
        10:12     heartbeat desk 10:11:30                                            | settlement_overdue P2 open -10
    """)


# --- Trades of two legs -----------------------------------------------------------------------------------------


def _pairs(story: Story, count: int, *, legs: int = 2) -> None:
    for number in range(count):
        for leg in range(legs):
            words = [f"S{number}{leg}", "completed", ("venue>external", "external>venue")[leg], "1", "BTC"]
            assert not story.tell(3_600 + number, "move", [*words, "op=settlement", f"parent=D{number}"])


def test_the_one_leg_of_a_trade_that_stays_alone_is_told_where_pairs_are_usual() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    story.restarts = True
    story.play("""
        09:00     move A1 completed venue>external 3 BTC op=settlement parent=D-A         |
        09:00     move B1 completed venue>external 3 BTC op=settlement parent=D-B         |
        09:10     move B2 completed external>venue 90 USD op=settlement parent=D-B        |
        09:15     tick                                                                    |
        09:15:01  tick                                                                    | settlement_overdue P3 open
        09:30:01  tick                                                                    | settlement_overdue P2 open #1
        09:40     move A2 completed external>venue 90 USD op=settlement parent=D-A        | settlement_overdue P2 resolved #2
    """)
    opened = story.of("settlement_overdue")[0]
    assert (
        "3 BTC left venue by its leg A1 900 s ago, but no second leg is settled; 900 s are allowed."
        in opened.explanation
    )
    assert opened.rule == "second_leg"


def test_a_second_leg_that_is_known_and_not_settled_is_named() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    story.restarts = True
    story.play("""
        09:00     move A2 requested external>venue 90 USD op=settlement parent=D-A        |
        09:00     move A1 completed external>venue 3 BTC op=settlement parent=D-A         |
        09:15:01  tick                                                                    | settlement_overdue P3 open
        09:18     move A2 completed external>venue 90 USD op=settlement parent=D-A at=09:14 | settlement_overdue P3 explained #1
    """)
    assert "but A2 of 90 USD (about 90 USD) is not settled" in story.of("settlement_overdue")[0].explanation


def test_a_second_leg_that_a_route_gives_a_time_is_told_for_itself_until_it_is_called_off() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    story.restarts = True
    story.play("""
        08:00     route USD external>venue sla=300                                        |
        09:00     move A1 completed external>venue 3 BTC op=settlement parent=D-A         |
        09:01     move A2 requested external>venue 90 USD op=settlement parent=D-A        |
        09:06:01  tick                                                                    | settlement_overdue P3 open
        09:10     move A2 cancelled external>venue 90 USD op=settlement parent=D-A        | settlement_overdue P3 resolved #1
        09:30     tick                                                                    | settlement_overdue P3 open
    """)
    assert [alert.scope.transfer_id for alert in story.of("settlement_overdue")] == ["A2", "A2", "A1"]


def test_a_second_leg_whose_time_was_learned_has_a_clock_of_its_own_too() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    _learned(story, 30, 40, "external>venue")
    story.restarts = True
    story.play("""
        09:00     move A1 completed venue>external 3 BTC op=settlement parent=D-A         |
        09:14     move A2 broadcast external>venue 3 BTC op=settlement parent=D-A         |
        09:15:01  tick                                                                    |
        09:16:10  tick                                                                    | in_transit_overdue P3 open
        09:17     move A2 completed external>venue 3 BTC op=settlement parent=D-A         | in_transit_overdue P3 resolved #1
    """)


def test_where_a_leg_usually_stands_alone_its_being_alone_means_nothing() -> None:
    story = Pace(restarts=False)
    _pairs(story, 40, legs=1)
    story.play("10:00  tick |")
    _pairs_later = ["P", "Q", "R", "S", "U"]
    for name in _pairs_later:
        story.play(f"""
            10:00  move {name}1 completed venue>external 3 BTC op=settlement parent=D-{name}    |
            10:00  move {name}2 completed external>venue 9 BTC op=settlement parent=D-{name}    |
        """)
    story.play("""
        11:00     move A1 completed venue>external 3 BTC op=settlement parent=D-A         |
        1/11:00   tick                                                                    |
    """)


def test_a_trade_of_which_one_leg_is_reversed_is_half_a_trade_and_of_both_is_none() -> None:
    story = Pace(restarts=False)
    _pairs(story, 6)
    story.restarts = True
    story.play("""
        09:00     move S00 reversed venue>external 1 BTC op=settlement parent=D0          |
        09:00     move S10 reversed venue>external 1 BTC op=settlement parent=D1          |
        09:05     move S11 reversed external>venue 1 BTC op=settlement parent=D1          |
        09:15:01  tick                                                                    | settlement_overdue P3 open
        09:20     move S01 reversed external>venue 1 BTC op=settlement parent=D0          | settlement_overdue P3 resolved #1
    """)


def test_a_leg_that_is_told_late_leaves_the_other_a_moment() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    story.play("""
        12:00     move A1 completed venue>external 3 BTC op=settlement parent=D-A at=09:00  |
        12:00:10  tick                                                                      |
        12:00:30  move A2 completed external>venue 9 BTC op=settlement parent=D-A at=09:00  |
        12:00     move B1 completed venue>external 3 BTC op=settlement parent=D-B at=09:00  |
        12:01:31  tick                                                                      | settlement_overdue P3 open, settlement_overdue P2 open #1
    """)


def test_of_a_trade_that_is_half_forgotten_nothing_is_said() -> None:
    story = Pace(restarts=False)
    _pairs(story, 6)
    story.play("""
        1/09:00   move A1 completed venue>external 3 BTC op=settlement parent=D-A          |
        1/09:10   move A2 completed external>venue 9 BTC op=settlement parent=D-A          |
        10/09:00  move A2 completed external>venue 9 BTC op=settlement parent=D-A rev=1    |
        40/09:00  tick                                                                     |
        41/09:00  move A2 completed external>venue 8 BTC op=settlement parent=D-A rev=2    |
        42/09:00  tick                                                                     |
    """)


def test_a_route_that_is_told_after_the_first_trades_counts_for_those_that_follow() -> None:
    story = Pace(restarts=False)
    _pairs(story, 5)
    story.play("""
        08:00     route BTC venue>external sla=60                                         |
        09:00     move A1 completed venue>external 3 BTC op=settlement parent=D-A         |
        09:01:01  tick                                                                    | settlement_overdue P3 open
    """)
