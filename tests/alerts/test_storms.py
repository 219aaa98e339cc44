"""What people hear of an incident that opens alert after alert: twenty, the storm, and whatever is graver."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import AlertBook, Signal
from alerts.records import Alert, AlertState, Severity, encode
from alerts.rows import NOTHING_TOLD
from alerts.storms import CALM_US, WINDOW_US
from tests.alerts.kept import restarted

P1, P2, P3, P4 = Severity
SECOND_US = 1_000_000
RESOLVED = AlertState.RESOLVED


def signal(key: str, at_us: int, severity: Severity = P1, alert_type: str = "unmatched_outflow", **more: Any) -> Signal:
    fields: dict[str, Any] = {"scope": {"location": "hot", "transfer_id": key}, "explanation": f"{key} left hot"}
    fields |= {"cause_id": f"ev-{key}-{at_us}", "evidence": (f"ev-{key}",), "rule": "story", "links": ("place|hot",)}
    return Signal(type=alert_type, key=key, severity=severity, at_us=at_us, **(fields | more))


class Drain:
    """A book in which one incident opens alert after alert, a second apart, and all that it said."""

    def __init__(self) -> None:
        self.book = AlertBook()
        self.at_us = 0
        self.told: list[Alert] = []
        self.due: dict[str, int] = {}

    def raise_(self, key: str, severity: Severity = P1, alert_type: str = "unmatched_outflow", **more: Any) -> str:
        """Return what is said to one more signal: nothing, or type, severity, state and seq."""
        self.at_us += SECOND_US
        return self.say(self.book.raise_(signal(key, self.at_us, severity, alert_type, **more)))

    def many(self, count: int, severity: Severity = P1, alert_type: str = "unmatched_outflow") -> list[str]:
        """Return what is said to `count` alerts that open."""
        return [self.raise_(f"{alert_type}-{self.at_us}", severity, alert_type) for _ in range(count)]

    def end(self, key: str) -> str:
        return self.say(self.book.clear(key, RESOLVED, self.at_us, f"end-{key}", "over"))

    def wait(self) -> str:
        """Let the storm pass; return what is said to it."""
        ((incident_id, self.at_us),) = self.due.items()
        self.due.clear()
        return self.say(self.book.end_storm(incident_id, self.at_us, f"storm|{incident_id}@{self.at_us}"))

    def say(self, alert: Alert | None) -> str:
        self.due |= self.book.drain_due()
        if alert is None:
            return ""
        self.told.append(alert)
        return f"{alert.type} {alert.severity} {alert.state} {alert.seq}"


def test_a_drain_of_a_hundred_and_fifty_outflows_is_twenty_alerts_and_a_storm() -> None:
    drain = Drain()
    said = drain.many(150)
    assert said[:20] == ["unmatched_outflow P1 open 0"] * 20
    storm = {21: 0, 22: 1, 24: 2, 28: 3, 36: 4, 52: 5, 84: 6, 148: 7}
    assert said[20:] == [f"alert_storm P1 open {storm[number]}" if number in storm else "" for number in range(21, 151)]
    assert len({alert.incident_id for alert in drain.told}) == 1
    assert len(drain.book.rows) == 151, "what is held back is open like any other"
    first, last = drain.told[20], drain.told[-1]
    assert first.alert_id == last.alert_id
    assert first.scope == drain.told[0].scope
    assert first.evidence == (f"ev-unmatched_outflow-{20 * SECOND_US}",)
    assert last.explanation == (
        "Since 1970-01-01T00:00:21Z alerts of this incident are held back, 128 so far: 128 unmatched_outflow; the worst "
        "of them is P1. The incident has opened 148 alerts in all, more than 20 of them within 10 min; those told one by "
        f"one carry the same incident_id, {first.incident_id}."
    )


def test_a_storm_has_an_identity_of_its_own_for_each_incident() -> None:
    drain = Drain()
    drain.many(21)
    assert f"alert_storm|{drain.told[0].incident_id}" in drain.book.rows


@pytest.mark.parametrize(("apart_us", "storms"), [(WINDOW_US // 20, True), (WINDOW_US // 20 + 1, False)])
def test_a_storm_is_more_than_twenty_within_ten_minutes(apart_us: int, storms: bool) -> None:
    book = AlertBook()
    told = [book.raise_(signal(f"W-{number}", number * apart_us)) for number in range(60)]
    types = Counter(alert.type for alert in told if alert is not None)
    assert types == ({"unmatched_outflow": 20, "alert_storm": 6} if storms else {"unmatched_outflow": 60})


def test_other_incidents_are_told_as_before() -> None:
    drain = Drain()
    drain.many(30)
    assert drain.raise_("elsewhere", P3, "missing_credit", links=("place|cold",)) == "missing_credit P3 open 0"


def test_what_is_worse_than_all_that_was_told_is_told() -> None:
    drain = Drain()
    drain.many(21, P3, "missing_credit")
    assert drain.told[-1].severity is P2, "that so many alerts open is worse than each of them"
    assert drain.raise_("worse", P2, "wrong_account") == "wrong_account P2 open 0"
    assert drain.raise_("as bad", P2, "wrong_account") == "alert_storm P2 open 1"


def test_the_first_p1_of_its_type_is_told_and_the_next_makes_the_storm_a_p1() -> None:
    drain = Drain()
    drain.raise_("less came", P3, "amount_mismatch")
    drain.many(21, P1)
    drain.raise_("less came too", P3, "amount_mismatch")
    assert drain.raise_("more came", P1, "amount_mismatch") == "amount_mismatch P1 open 0"
    assert drain.raise_("more came too", P1, "amount_mismatch") == "alert_storm P1 open 2"
    assert drain.raise_("again", P1, "amount_mismatch") == ""


def test_the_severity_of_a_storm_is_the_worst_that_it_holds_back() -> None:
    drain = Drain()
    drain.many(20, P1, "phantom_credit")
    assert drain.raise_("late", P3, "missing_credit") == "alert_storm P2 open 0"
    assert drain.raise_("gone", P1, "phantom_credit") == "alert_storm P1 open 1"
    assert "the worst of them is P1" in drain.told[-1].explanation


def test_the_severity_of_the_next_storm_is_its_own() -> None:
    drain = Drain()
    drain.many(21, P1)
    assert drain.wait() == "alert_storm P1 resolved 1"
    assert drain.many(21, P3, "missing_credit")[-1] == "alert_storm P2 open 0"
    assert " 1 so far: 1 missing_credit; the worst of them is P3" in drain.told[-1].explanation


def test_what_was_held_back_ends_in_silence_and_what_was_told_does_not() -> None:
    drain = Drain()
    drain.raise_("first")
    drain.many(19)
    drain.raise_("held")
    assert drain.end("held") == ""
    assert drain.end("first") == "unmatched_outflow P1 resolved 1"
    assert "held" not in drain.book.rows


def test_a_storm_is_over_after_half_an_hour_without_a_new_alert_and_says_what_is_left() -> None:
    drain = Drain()
    drain.many(24)
    drain.raise_("held")
    drain.end("held")
    ((_, due_us),) = drain.due.items()
    assert due_us == drain.at_us + CALM_US
    drain.raise_("unmatched_outflow-0", told=True)
    assert list(drain.due.values()) == [due_us], "a sighting of an alert that is open does not prolong it"
    assert drain.wait() == "alert_storm P1 resolved 3"
    assert drain.told[-1].explanation == (
        "No alert has opened in this incident for 30 min. Since 1970-01-01T00:00:21Z alerts of this incident are held "
        "back, 5 so far: 5 unmatched_outflow; still open and untold: 4. The incident has opened 25 alerts in all."
    )
    assert drain.raise_("new") == "unmatched_outflow P1 open 0"


def test_an_alert_that_is_told_during_a_storm_prolongs_it_too() -> None:
    drain = Drain()
    drain.many(21, P3, "missing_credit")
    assert drain.raise_("worse", P1, "double_credit") == "double_credit P1 open 0"
    assert list(drain.due.values()) == [drain.at_us + CALM_US]


def test_feeds_that_race_do_not_shorten_a_storm() -> None:
    drain = Drain()
    drain.many(21)
    due = dict(drain.due)
    drain.at_us -= 10 * SECOND_US
    drain.raise_("of a slower feed")
    assert drain.due == due


def test_what_was_told_since_is_not_counted_as_untold_nor_is_what_another_incident_holds_back() -> None:
    drain = Drain()
    for _ in range(22):
        drain.many(1, P3, "missing_credit")
        drain.at_us -= SECOND_US
        drain.raise_(f"cold-{drain.at_us}", P3, "missing_credit", links=("place|cold",))
    drain.raise_(f"missing_credit-{20 * SECOND_US}", P2, "missing_credit")
    drain.due = {drain.told[0].incident_id: drain.due[drain.told[0].incident_id]}
    drain.wait()
    assert "2 so far: 2 missing_credit; still open and untold: 1." in drain.told[-1].explanation


def test_a_storm_is_not_over_before_its_time() -> None:
    drain = Drain()
    drain.many(21)
    with pytest.raises(AssertionError, match="is over at 1821000000, not at 1820999999"):
        drain.book.end_storm(drain.told[0].incident_id, drain.at_us + CALM_US - 1, "too early")


def test_where_no_storm_is_none_ends() -> None:
    drain = Drain()
    drain.many(20)
    assert drain.due == {}
    assert drain.book.end_storm(drain.told[0].incident_id, CALM_US, "ev-1") is None
    assert drain.book.end_storm("in-unknown", CALM_US, "ev-1") is None


def test_a_held_alert_that_becomes_graver_than_all_that_was_told_is_told_from_its_beginning() -> None:
    drain = Drain()
    drain.many(20, P3, "missing_credit")
    drain.raise_("held", P3, "missing_credit")
    drain.raise_("held too", P3, "missing_credit")
    assert drain.raise_("held", P2, "missing_credit") == "missing_credit P2 open 0"
    assert (drain.told[-1].count, drain.told[-1].opened_at) == (2, "1970-01-01T00:00:21Z")
    assert drain.raise_("held too", P2, "missing_credit") == "", "the storm is P2 already"
    assert drain.raise_("held", P1, "missing_credit") == "missing_credit P1 open 1"
    assert drain.raise_("held too", P1, "missing_credit") == "alert_storm P1 open 2", "it is the storm that got worse"
    assert drain.end("held") == "missing_credit P1 resolved 2"
    assert drain.end("held too") == ""


def test_a_held_alert_that_changes_is_silent_and_counts_once() -> None:
    drain = Drain()
    drain.many(20)
    drain.raise_("held")
    assert [drain.raise_("held", told=True), drain.raise_("held", one_off=True)] == ["", ""]
    assert drain.raise_("next") == "alert_storm P1 open 1"
    assert " 2 so far" in drain.told[-1].explanation
    assert drain.book.rows["held"].count == 3


def test_after_the_storm_a_held_alert_speaks_when_it_changes() -> None:
    drain = Drain()
    drain.many(20, P3, "missing_credit")
    drain.raise_("held", P3, "missing_credit")
    drain.wait()
    assert drain.raise_("held", P3, "missing_credit") == "", "seen again, nothing new"
    assert drain.raise_("held", P2, "missing_credit") == "missing_credit P2 open 0"
    assert drain.end("held") == "missing_credit P2 resolved 1"


def test_days_after_the_storm_the_last_of_it_still_speaks() -> None:
    drain = Drain()
    drain.many(20, P3, "missing_credit")
    drain.raise_("held", P3, "missing_credit")
    drain.wait()
    for key in [key for key in drain.book.rows if key != "held"]:
        drain.end(key)
    drain.at_us += 48 * 60 * 60 * SECOND_US
    drain.raise_("elsewhere", P3, "missing_credit", links=("place|cold",))
    drain.book = restarted(drain.book)
    assert drain.raise_("held", P2, "missing_credit") == "missing_credit P2 open 0"


def test_held_alerts_that_all_change_after_the_storm_are_a_storm_again() -> None:
    drain = Drain()
    drain.many(20, P3, "missing_credit")
    names = [f"held-{number}" for number in range(60)]
    for name in names:
        drain.raise_(name, P3, "missing_credit")
    drain.wait()
    said = Counter(drain.raise_(name, P2, "missing_credit") for name in names)
    assert said["missing_credit P2 open 0"] == 20
    assert said[""] == 34
    assert sum(what.startswith("alert_storm P2 open") for what in said) == 6
    assert "held back, 32 so far: 32 missing_credit" in drain.told[-1].explanation


def test_who_names_a_held_alert_is_answered() -> None:
    drain = Drain()
    drain.many(20)
    drain.raise_("one")
    drain.raise_("two")
    ids = [drain.book.rows[key].alert_id for key in ("one", "two")]
    assert drain.say(drain.book.acknowledge(ids[0], "ana", drain.at_us)) == "unmatched_outflow P1 acknowledged 0"
    assert drain.end("one") == "unmatched_outflow P1 resolved 1"
    assert drain.say(drain.book.close(ids[1], "ana", None, None, drain.at_us)) == "unmatched_outflow P1 resolved 0"


def test_a_storm_that_somebody_closed_is_told_anew_when_it_goes_on() -> None:
    drain = Drain()
    drain.many(23)
    storm = drain.told[-1]
    drain.say(drain.book.close(storm.alert_id, "ana", "true_positive", None, drain.at_us))
    assert drain.raise_("next") == "alert_storm P1 open 0"
    assert drain.told[-1].alert_id != storm.alert_id
    assert " 4 so far" in drain.told[-1].explanation


def test_a_flood_of_one_off_conditions_is_a_storm_as_well() -> None:
    drain = Drain()
    said = [drain.raise_(f"asset-{number}", P2, "unknown_asset", one_off=True) for number in range(30)]
    assert Counter(what.split(" ")[0] for what in said) == {"unknown_asset": 20, "alert_storm": 4, "": 6}


# --- Laws, where two alerts are told one by one ---


@dataclass(frozen=True)
class Act:
    """A signal of one of a few conditions, or its end."""

    key: str
    severity: Severity
    told: bool
    ends: bool


TYPES = ("unmatched_outflow", "missing_credit")
ACTS = st.builds(
    Act,
    key=st.sampled_from([f"{alert_type}|{number}" for alert_type in TYPES for number in range(5)]),
    severity=st.sampled_from(Severity),
    told=st.booleans(),
    ends=st.sampled_from([False, False, False, True]),
)
STEPS = st.lists(st.tuples(st.sampled_from([0, SECOND_US, WINDOW_US, CALM_US + 1]), ACTS), max_size=25)
Steps = list[tuple[int, Act]]
Said = list[tuple[int, Alert]]
Look = Callable[[AlertBook, Act, Said], None]


def run(steps: Steps, look: Look = lambda book, act, said: None, *, restarts: bool = False) -> Said:
    """Return all records with their moments; `look` sees each step when it is done."""
    book, at_us, said = AlertBook(), 0, Said()
    due: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alerts.storms.ALERTS_TOLD", 2)
        for number, (later_us, act) in enumerate(steps):
            at_us, cause_id = at_us + later_us, f"ev-{number}"
            for incident_id, due_us in sorted(due.items()):
                if due_us < at_us:
                    del due[incident_id]
                    ended = book.end_storm(incident_id, due_us, f"storm|{incident_id}@{due_us}")
                    said += [] if ended is None else [(due_us, ended)]  # where all were told, a storm goes unsaid
            if act.ends:
                told = book.clear(act.key, RESOLVED, at_us, cause_id, "over")
            else:
                alert_type = act.key.partition("|")[0]
                seen = signal(act.key, at_us, act.severity, alert_type, told=act.told, cause_id=cause_id)
                told = book.raise_(seen)
            due |= book.drain_due()
            said += [] if told is None else [(at_us, told)]
            look(book, act, said)
            book = restarted(book) if restarts else book
    return said


def of_incident(said: Said, incident_id: str) -> list[Alert]:
    return [alert for _, alert in said if alert.incident_id == incident_id and alert.type != "alert_storm"]


@given(STEPS)
def test_the_records_of_an_alert_are_numbered_from_zero_and_end_once(steps: Steps) -> None:
    records: dict[str, list[Alert]] = defaultdict(list)
    for _, alert in run(steps):
        records[alert.alert_id].append(alert)
    for found in records.values():
        assert [alert.seq for alert in found] == list(range(len(found)))
        assert all(alert.state == "open" for alert in found[:-1])


@given(STEPS)
def test_a_restart_after_every_step_changes_nothing(steps: Steps) -> None:
    assert [encode(alert) for _, alert in run(steps, restarts=True)] == [encode(alert) for _, alert in run(steps)]


@given(STEPS)
def test_nothing_graver_than_what_was_told_is_ever_held_back(steps: Steps) -> None:
    def look(book: AlertBook, act: Act, said: Said) -> None:
        row = book.rows.get(act.key)
        if row is None or act.ends:
            return
        told = of_incident(said, row.incident_id)
        assert min(alert.severity for alert in told) <= row.severity
        assert row.severity != P1 or any(alert.type == row.type and alert.severity == P1 for alert in told)

    run(steps, look)


@given(STEPS)
def test_what_is_held_back_stands_behind_an_alert_of_a_storm_that_is_as_bad(steps: Steps) -> None:
    def look(book: AlertBook, act: Act, said: Said) -> None:
        row = book.rows.get(act.key)
        if row is None or row.seq != NOTHING_TOLD:
            return
        storms = [alert for _, alert in said if alert.type == "alert_storm" and alert.incident_id == row.incident_id]
        assert min(storm.severity for storm in storms) <= min(row.severity, P2), "the storm that held it back said so"
        if book.incidents.known[row.incident_id].telling.since_us == row.held_us:
            assert storms[-1].severity <= min(row.severity, P2)
            assert storms[-1].state == "open"

    run(steps, look)


@given(STEPS)
def test_within_ten_minutes_few_alerts_of_an_incident_are_told_one_by_one(steps: Steps) -> None:
    said = run(steps)
    first = [(at_us, alert.incident_id) for at_us, alert in said if alert.seq == 0 and alert.type != "alert_storm"]
    for last_us, incident_id in first:
        near = [at_us for at_us, of in first if of == incident_id and last_us - WINDOW_US <= at_us <= last_us]
        # Two of any kind; each severity above the first; each type once as P1.
        assert len(near) <= 2 + 3 + len(TYPES)
