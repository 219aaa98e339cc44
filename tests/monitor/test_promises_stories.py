"""What clients were promised: when it is foreseen that a promise will be broken, when it is, and what ends that."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ledger.policy.document import Promise, default_policy
from streams.monitor import Monitor
from streams.monitor.settings import Settings
from streams.record import Output, Record
from streams.rowdata import encoded_lines, encoded_rows
from tests.ledger.wire import Sent, control, received, stamp, transfer
from tests.monitor.story import PREFACE, Options, Story, clock

KINDS = ("in_transit_overdue", "sla_breach", "settlement_overdue")
DECIDE = Promise(stage="decide", target_s=600)
SEND = Promise(stage="send", target_s=300)
SETTLE = Promise(stage="settle", target_s=1_800)
WHOLE = Promise(stage="whole", target_s=3_600)


def desk(*promises: Promise) -> Monitor:
    """Return a monitor whose policy makes promises."""
    return Monitor(Settings(policy=replace(default_policy(), promises=promises)))


class Promised(Story):
    """A story of movements with promises that hears only what is about time; `client=` is whose movement it is."""

    def __init__(self, *promises: Promise) -> None:
        super().__init__()
        self.monitor = desk(*promises)
        for sent in PREFACE:
            assert not self.hear(received(sent, 0))

    def tell(self, seconds: int, verb: str, words: list[str]) -> list[Output]:
        said = super().tell(seconds, verb, words)
        return [output for output in said if output.topic == "alerts" and output.value.type in KINDS]

    def _event(self, seconds: int, verb: str, plain: list[str], options: Options) -> Sent:
        sent = super()._event(seconds, verb, plain, options)
        if "client" in options:
            sent[1]["from"]["client_id"] = options["client"]
        return sent

    @property
    def said(self) -> list[str]:
        """What the alerts about time explain, in order."""
        return [alert.explanation for alert in self.alerts if alert.type in KINDS]

    @property
    def tables(self) -> dict[str, Any]:
        return self.monitor.state.reconciliation.tables

    @property
    def deadlines(self) -> list[str]:
        """What is waited for of promises."""
        return sorted(key for key in self.monitor.state.deadlines.due_us if key.startswith("promise|"))

    @property
    def backlog(self) -> list[tuple[str, str, int, str]]:
        """What stands where: operation, stage, count, and since when the oldest does."""
        found = self.monitor.state.reconciliation.context.stages.backlog()
        return [(op_type, stage, count, _time(since_us)) for op_type, stage, count, since_us in found]


def _time(at_us: int) -> str:
    minutes = (at_us // 60_000_000) % 1_440
    return f"{minutes // 60:02}:{minutes % 60:02}"


def play(rows: str, *promises: Promise) -> Promised:
    """Tell a story from its beginning, and check what is said about time to each row."""
    story = Promised(*promises)
    story.play(rows)
    return story


# --- Foreseen, broken, over ------------------------------------------------------------------------------------


def test_a_promise_is_foreseen_to_be_broken_then_broken_and_the_same_alert_says_when_it_was_over() -> None:
    story = play(
        """
        08:00     price BTC 50000                                                       |
        09:00     move W1 requested hot>external 10 BTC op=withdrawal client=acme       |
        09:02     move W1 screening hot>external 10 BTC op=withdrawal client=acme       |
        09:08     tick                                                                  |
        09:08:01  tick                                                                  | sla_breach P3 open
        09:10     tick                                                                  |
        09:10:01  tick                                                                  | sla_breach P2 open #1
        09:20     move W1 approved hot>external 10 BTC op=withdrawal client=acme        | sla_breach P2 resolved #2
        12:00     tick                                                                  |
        """,
        DECIDE,
    )
    foreseen, broken, over = story.said
    assert foreseen == (
        "Withdrawal W1 of 10 BTC (about 500,000 USD) is likely to break its promise to acme: 480 of 600 s have passed "
        "in stage `decide`. The latest report says screening since 2026-01-05T09:02:00Z."
    )
    assert broken == (
        "Withdrawal W1 of 10 BTC (about 500,000 USD) has broken its promise to acme: 600 of 600 s have passed "
        "in stage `decide`. The latest report says screening since 2026-01-05T09:02:00Z."
    )
    assert over == (
        "Withdrawal W1 of 10 BTC (about 500,000 USD) was let pass at 2026-01-05T09:20:00Z, after 1200 of the 600 s that "
        "were promised in stage `decide`."
    )
    first, second, _ = story.of("sla_breach")
    assert (first.rule, second.rule, first.threshold) == ("promise_foreseen", "promise_broken", 600)
    assert (first.scope.transfer_id, first.scope.client_id) == ("W1", "acme")


def test_a_stage_that_ends_in_time_after_the_warning_resolves_it() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC       |
        09:09     move T1 approved hot>venue 10 BTC        | sla_breach P3 open, sla_breach P3 resolved #1
        12:00     tick                                     |
        """,
        DECIDE,
    )


def test_a_stage_that_was_over_before_the_warning_explains_it_once_that_is_told() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC              |
        09:08:01  tick                                            | sla_breach P3 open
        09:09     move T1 approved hot>venue 10 BTC at=09:07      | sla_breach P3 explained #1
        """,
        DECIDE,
    )


def test_a_promise_that_was_kept_after_all_explains_that_it_was_called_broken() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC              |
        09:11     tick                                            | sla_breach P3 open, sla_breach P2 open #1
        09:12     move T1 approved hot>venue 10 BTC at=09:09      | sla_breach P2 explained #2
        """,
        DECIDE,
    )


def test_each_stage_has_a_clock_of_its_own_and_the_whole_has_one_besides() -> None:
    story = play(
        """
        09:00     move T1 requested hot>venue 10 BTC       |
        09:07     move T1 approved hot>venue 10 BTC        |
        09:11:01  tick                                     | sla_breach P3 open
        09:11:30  move T1 broadcast hot>venue 10 BTC       | sla_breach P3 resolved #1
        09:35:31  tick                                     | sla_breach P3 open
        09:41:31  tick                                     | sla_breach P2 open #1
        09:48:01  tick                                     | sla_breach P3 open
        10:00:01  tick                                     | sla_breach P2 open #1
        10:10     move T1 completed hot>venue 10 BTC       | sla_breach P2 resolved #2, sla_breach P2 resolved #2
        """,
        DECIDE, SEND, SETTLE, WHOLE,
    )  # fmt: skip
    assert len({alert.alert_id for alert in story.alerts}) == 3
    assert len({alert.incident_id for alert in story.alerts}) == 1
    assert (
        "left hot at 2026-01-05T09:11:30Z, after 270 of the 300 s that were promised in stage `send`" in story.said[1]
    )
    assert "720 s have passed" not in story.said[2]
    assert "3600 s have passed in all." in story.said[5]
    assert len(story.tables["promise"]) == len(story.tables["stage"]) == 0
    assert not story.deadlines


def test_a_movement_that_comes_to_nothing_breaks_no_promise() -> None:
    story = play(
        """
        09:00     move T1 requested hot>venue 10 BTC       |
        09:00     move T2 requested hot>venue 10 BTC       |
        09:05     move T1 cancelled hot>venue 10 BTC       |
        09:09     tick                                     | sla_breach P3 open
        09:09:30  move T2 rejected hot>venue 10 BTC        | sla_breach P3 resolved #1
        12:00     tick                                     |
        """,
        DECIDE, WHOLE,
    )  # fmt: skip
    assert "ended as rejected at 2026-01-05T09:09:30Z, after 570 of the 600 s" in story.said[-1]
    assert story.backlog == []


def test_each_clock_that_runs_has_one_deadline_and_what_is_over_has_none() -> None:
    story = Promised(DECIDE, SEND, WHOLE)
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC       |
        09:01     move T1 screening hot>venue 10 BTC       |
    """)
    assert story.deadlines == ["promise|decide|T1", "promise|whole|T1"]
    story.play("09:02  move T1 approved hot>venue 10 BTC |")
    assert story.deadlines == ["promise|send|T1", "promise|whole|T1"]
    story.play("09:03  move T1 cancelled hot>venue 10 BTC |")
    assert story.deadlines == []
    assert len(story.tables["absence"]) == 0


def test_what_failed_and_is_asked_for_again_has_its_whole_time_again() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC         |
        09:05     move T1 failed hot>venue 10 BTC            |
        09:06     move T1 requested hot>venue 10 BTC rev=1   |
        09:14     tick                                       |
        09:14:01  tick                                       | sla_breach P3 open
        """,
        DECIDE,
    )


def test_a_failure_that_is_told_late_gives_the_time_back() -> None:
    """The second request stands; until the failure between them was told, the first one counted."""
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC          |
        09:07     move T1 requested hot>venue 10 BTC rev=1    |
        09:11     tick                                        | sla_breach P3 open, sla_breach P2 open #1
        09:12     move T1 failed hot>venue 10 BTC at=09:06    | sla_breach P2 explained #2
        09:15:01  tick                                        | sla_breach P3 open
        09:17:01  tick                                        | sla_breach P2 open #1
        """,
        DECIDE,
    )


def test_a_failure_that_is_told_late_takes_back_a_stage_that_has_not_begun_again() -> None:
    story = play(
        """
        09:00     move T1 requested hot>venue 10 BTC          |
        09:01     move T1 approved hot>venue 10 BTC           |
        09:05:01  tick                                        | sla_breach P3 open
        09:05:10  move T1 requested hot>venue 10 BTC rev=1    |
        09:05:20  move T1 failed hot>venue 10 BTC at=09:05    | sla_breach P3 explained #1
        12:00     tick                                        |
        """,
        SEND,
    )
    assert story.backlog == [("internal", "decide", 1, "09:05")]
    assert story.said[-1].startswith("T1 has no promise to keep in stage `send`, as move-T1-failed")
    assert not story.tables["stage_pace"].rows


def test_what_is_heard_of_late_has_a_minute_for_its_end_to_come_too() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC at=08:00 |
        09:01     tick                                        |
        09:01:01  tick                                        | sla_breach P2 open
        """,
        DECIDE,
    )


# --- What stops a clock, and who may still tell ----------------------------------------------------------------


def test_maintenance_stops_the_clock() -> None:
    story = play(
        """
        08:00     maintenance location=hot since=09:02 until=09:12  |
        09:00     move T1 requested hot>venue 10 BTC                |
        09:18     tick                                              |
        09:18:01  tick                                              | sla_breach P3 open
        09:20:01  tick                                              | sla_breach P2 open #1
        09:22     move T1 approved hot>venue 10 BTC at=09:19        | sla_breach P2 explained #2
        """,
        DECIDE,
    )
    assert "480 of 600 s have passed in stage `decide`. 600 s of maintenance do not count." in story.said[0]


def test_maintenance_that_is_told_late_takes_back_what_it_excuses() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC                |
        09:08:01  tick                                              | sla_breach P3 open
        09:09     maintenance location=hot since=09:02 until=09:07  | sla_breach P3 explained #1
        09:13     tick                                              |
        09:13:01  tick                                              | sla_breach P3 open
        """,
        DECIDE,
    )


def test_an_end_is_waited_for_from_a_source_that_has_yet_to_deliver() -> None:
    play(
        """
        09:00     heartbeat desk 09:00                        |
        09:00     move T1 requested hot>venue 10 BTC          |
        09:00     move T2 requested hot>venue 10 BTC          |
        09:12     heartbeat desk 09:07                        |
        09:13     move T1 approved hot>venue 10 BTC at=09:07  |
        09:14     heartbeat desk 09:08                        | sla_breach P3 open
        09:16     heartbeat desk 09:11                        | sla_breach P2 open #1
        """,
        DECIDE,
    )


# --- Which promise ---------------------------------------------------------------------------------------------


def test_the_first_promise_that_fits_counts() -> None:
    play(
        """
        09:00     move W1 requested hot>external 10 BTC op=withdrawal client=acme   |
        09:00     move W2 requested hot>external 10 BTC op=withdrawal client=bolt   |
        09:00     move W3 requested hot>external 10 USD op=withdrawal client=bolt   |
        09:00     move T1 requested hot>venue 10 BTC                                |
        09:01:01  tick                                                              | sla_breach P2 open
        09:02:01  tick                                                              | sla_breach P2 open
        09:10:01  tick                                                              | sla_breach P2 open
        12:00     tick                                                              |
        """,
        Promise(stage="decide", target_s=60, client_id="acme", warn_share=1),
        Promise(stage="decide", target_s=120, asset="USD", warn_share=1),
        Promise(stage="decide", target_s=600, op_type="withdrawal", warn_share=1),
        Promise(stage="send", target_s=1),
    )


def test_a_promise_may_name_an_asset_by_a_name_that_is_heard_later() -> None:
    play(
        """
        09:00     move T1 requested hot>venue 10 BTC        |
        09:01     asset BTC aliases=XBT                     |
        09:02     move T1 screening hot>venue 10 BTC        |
        09:08:01  tick                                      | sla_breach P3 open
        """,
        Promise(stage="decide", target_s=600, asset="XBT"),
    )


def test_without_promises_nothing_is_kept_but_where_each_movement_stands() -> None:
    story = play(
        """
        09:00     move W1 requested hot>external 10 BTC op=withdrawal client=acme   |
        09:01     move T1 requested hot>venue 10 BTC                                |
        09:02     move T1 approved hot>venue 10 BTC                                 |
        09:03     move T2 requested hot>venue 10 BTC                                |
        09:04     move T3 broadcast hot>venue 10 BTC                                |
        09:05     move T4 requested hot>venue 10 BTC                                |
        09:06     move T4 broadcast hot>venue 10 BTC                                |
        12:00     tick                                                              |
        """
    )
    assert story.backlog == [
        ("internal", "decide", 1, "09:03"),
        ("internal", "send", 1, "09:02"),
        ("internal", "settle", 1, "09:06"),
        ("withdrawal", "decide", 1, "09:00"),
    ]
    assert not story.tables["promise"].rows
    assert not story.tables["stage_pace"].rows
    assert not story.deadlines
    story.play("12:01  move T3 requested hot>venue 10 BTC at=08:50 |")
    assert story.backlog[2] == ("internal", "settle", 2, "09:04")


def test_rows_say_whose_movement_it_is_and_when_its_stage_should_be_over() -> None:
    story = play("09:00  move W1 requested hot>external 10 BTC op=withdrawal client=acme |", DECIDE, WHOLE)
    row = story.tables["stage"].rows["W1"]
    assert (row.stage, row.op_type, row.client) == ("decide", "withdrawal", "acme")
    assert (_time(row.since_us), _time(row.target_us)) == ("09:00", "09:10")
    story.play("09:05  move W1 approved hot>external 10 BTC op=withdrawal client=acme |")
    assert (row.stage, _time(row.since_us), row.target_us) == ("send", "09:05", 0)


def test_whose_movement_it_is_may_be_told_later() -> None:
    story = play(
        """
        09:00     move W1 requested hot>external 10 BTC op=withdrawal               |
        09:02     move W1 screening hot>external 10 BTC op=withdrawal client=acme   |
        09:03:01  tick                                                              | sla_breach P2 open
        """,
        Promise(stage="decide", target_s=60, client_id="acme"),
    )
    assert story.tables["stage"].rows["W1"].client == "acme"


def test_promises_that_come_or_go_count_from_the_next_report_or_day_on() -> None:
    story = Promised()
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC       |
        09:00     move T2 requested hot>venue 10 BTC       |
    """)
    policy = story.monitor.state.settings.policy
    story.monitor.state.configure(replace(story.monitor.state.settings, policy=replace(policy, promises=(DECIDE,))))
    story.play("""
        09:05     move T1 screening hot>venue 10 BTC       |
        09:08:01  tick                                     | sla_breach P3 open
        1/00:30   tick                                     | sla_breach P2 open #1
        1/00:32   tick                                     | sla_breach P2 open
    """)
    story.monitor.state.configure(replace(story.monitor.state.settings, policy=replace(policy, promises=())))
    story.play("1/00:40  move T1 screening hot>venue 10 BTC | sla_breach P2 explained #2")
    assert "has no promise to keep in stage `decide`" in story.said[-1]


def test_a_promise_that_is_changed_is_foreseen_to_be_broken_at_its_new_time() -> None:
    story = play("09:00  move T1 requested hot>venue 10 BTC |", DECIDE)
    settings = story.monitor.state.settings
    longer = replace(settings.policy, promises=(Promise(stage="decide", target_s=1_200),))
    story.monitor.state.configure(replace(settings, policy=longer))
    story.play("""
        09:05     move T1 screening hot>venue 10 BTC       |
        09:16     tick                                     |
        09:16:01  tick                                     | sla_breach P3 open
        09:20:01  tick                                     | sla_breach P2 open #1
    """)


def test_a_movement_beyond_the_horizon_is_let_go_of() -> None:
    story = play(
        """
        09:00     move T1 requested hot>venue 10 BTC       |
        09:11     tick                                     | sla_breach P3 open, sla_breach P2 open #1
        37/12:00  tick                                     | sla_breach P2 resolved #2
        """,
        DECIDE,
    )
    assert len(story.tables["promise"]) == len(story.tables["stage"]) == 0


# --- Besides the promise of the route --------------------------------------------------------------------------


def test_the_whole_is_not_told_while_the_routes_promise_is_and_is_told_when_that_is_over() -> None:
    story = play(
        """
        08:00     route BTC hot>venue sla=600                     |
        09:00     move T1 requested hot>venue 10 BTC              |
        09:10:01  tick                                            | sla_breach P3 open
        09:20:01  tick                                            | sla_breach P2 open #1
        09:24     tick                                            |
        09:25     move T1 approved hot>venue 10 BTC               |
        09:30     move T1 broadcast hot>venue 10 BTC              | sla_breach P2 resolved #2
        09:31:01  tick                                            | sla_breach P2 open
        09:35     move T1 completed hot>venue 10 BTC              | sla_breach P2 resolved #1
        """,
        Promise(stage="whole", target_s=1_000),
    )
    assert [alert.rule for alert in story.alerts if alert.seq == 0] == ["route_promise", "promise_broken"]


def test_a_stage_and_the_route_are_two_conditions_of_one_incident() -> None:
    story = play(
        """
        08:00     route BTC hot>venue sla=600                     |
        09:00     move T1 requested hot>venue 10 BTC              |
        09:08:01  tick                                            | sla_breach P3 open
        09:10:01  tick                                            | sla_breach P3 open, sla_breach P2 open #1
        """,
        DECIDE,
    )
    assert len({alert.alert_id for alert in story.alerts}) == 2
    assert len({alert.incident_id for alert in story.alerts}) == 1


# --- What was learned ------------------------------------------------------------------------------------------


def teach(story: Promised, seconds: list[int]) -> None:
    """Let movements be approved after so many seconds each, one after the other."""
    story.restarts = False
    at_s = clock("01:00")
    for number, took_s in enumerate(seconds):
        for status, second in (("requested", at_s), ("approved", at_s + took_s), ("cancelled", at_s + took_s)):
            sent = transfer(f"{status}-{number}", second, f"L{number}", status, "hot", "venue", "1")
            story.hear(received(sent, second))
        at_s += took_s
    story.restarts = True
    story.outputs.clear()


def test_it_is_foreseen_as_soon_as_fewer_than_one_in_five_that_took_so_long_were_in_time() -> None:
    story = Promised(DECIDE)
    teach(story, [60] * 40 + [900] * 10)
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC       |
        09:01:03  tick                                     |
        09:01:04  tick                                     | sla_breach P3 open
        09:10:01  tick                                     | sla_breach P2 open #1
    """)
    assert (
        "63 of 600 s have passed in stage `decide`, and 0 of the 10 among the last 50 that took so long"
        in story.said[0]
    )


def test_one_finished_less_says_nothing() -> None:
    story = Promised(DECIDE)
    teach(story, [60] * 39 + [900] * 10)
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC       |
        09:08     tick                                     |
        09:08:01  tick                                     | sla_breach P3 open
    """)
    assert "480 of 600 s have passed in stage `decide`. The latest" in story.said[0]


def test_while_one_in_five_is_still_in_time_the_warning_waits_for_its_share() -> None:
    story = Promised(DECIDE)
    teach(story, [60] * 40 + [500] * 2 + [900] * 8)
    story.play("""
        09:00     move T1 requested hot>venue 10 BTC       |
        09:08     tick                                     |
        09:08:01  tick                                     | sla_breach P3 open
    """)
    assert "and 2 of the 10 among the last 50 that took so long were still in time" in story.said[0]


# --- A restart -------------------------------------------------------------------------------------------------


PROMISES = (DECIDE, SEND, SETTLE, WHOLE)


def told(second: int, at_s: int, status: str) -> list[Record]:
    """Return the reports, heard at a second, that three movements came to a stage at another."""
    return [
        received(
            transfer(f"{status}-{number}-{at_s}", at_s, f"T{number}", status, "hot", "venue", "1"), second + number
        )
        for number in range(3)
    ]


LOG = [
    *(received(sent, 0) for sent in PREFACE),
    *told(3_600, 3_600, "requested"),
    *told(3_700, 3_500, "requested"),
    received(control("tick", "tick", 3_990), 3_990),
    received(
        control(
            "maintenance", "pause", 4_000, what="all", location="hot", until=stamp(3_900), **{"from": stamp(3_600)}
        ),
        4_000,
    ),
    *told(4_350, 4_350, "approved"),
    *told(4_500, 4_500, "broadcast"),
    *told(6_600, 6_600, "completed"),
]


def test_a_log_cut_anywhere_ends_as_the_whole_one() -> None:
    straight = desk(*PROMISES)
    said = [output for record in LOG for output in straight.step(record)]
    assert sum(output.value.type == "sla_breach" for output in said if output.topic == "alerts") > 6
    for cut in range(1, len(LOG)):
        first = desk(*PROMISES)
        again = [output for record in LOG[:cut] for output in first.step(record)]
        second = Monitor.from_rows(first.rows())
        again += [output for record in LOG[cut:] for output in second.step(record)]
        assert again == said
        assert second.rows() == straight.rows()


def test_the_rows_that_changed_are_all_that_a_checkpoint_has_to_write() -> None:
    monitor, kept = desk(*PROMISES), dict[str, bytes | None]()
    for record in LOG:
        monitor.step(record)
        kept.update(encoded_lines(monitor.changed_rows()))
        assert {key.encode(): row for key, row in kept.items() if row is not None} == encoded_rows(monitor.rows())
