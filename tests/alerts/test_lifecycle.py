"""The life of an alert, told as what people hear."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.lifecycle import AlertBook, Signal, Verdict, row_to_plain
from alerts.records import Alert, AlertState, Severity

KEY = "position_drift|venue:one|BTC"
A15 = tuple(f"a{number}" for number in range(15))
EXPLAINED, RESOLVED = AlertState.EXPLAINED, AlertState.RESOLVED


def signal(cause_id: str, at_us: int = 0, severity: Severity = Severity.P2, **more: Any) -> Signal:
    fields: dict[str, Any] = {
        "type": "position_drift",
        "key": KEY,
        "scope": {"location": "venue:one", "asset": "BTC"},
        "explanation": f"seen by {cause_id}",
        "evidence": (cause_id,),
        "rule": "position_drift",
    }
    return Signal(cause_id=cause_id, at_us=at_us, severity=severity, **(fields | more))


def raised(book: AlertBook, *args: Any, **more: Any) -> Alert:
    alert = book.raise_(signal(*args, **more))
    assert alert is not None
    return alert


def test_an_alert_opens_is_seen_again_in_silence_and_resolves() -> None:
    book = AlertBook()
    opening = raised(book, "ev-1", 1_000_000, expected="1.5", observed="1.9", difference="0.4", usd="40000")
    assert (opening.seq, opening.count, opening.state, opening.severity) == (0, 1, "open", "P2")
    assert (opening.expected, opening.observed, opening.difference, opening.usd) == ("1.5", "1.9", "0.4", "40000")
    assert opening.opened_at == opening.updated_at == "1970-01-01T00:00:01Z"
    assert opening.runbook == "docs/runbooks/position_drift.md"

    assert book.raise_(signal("ev-2", 2_000_000)) is None
    end = book.clear(KEY, RESOLVED, 3_000_000, "ev-3", "agrees again", ("ev-3",))
    assert end is not None
    assert (end.alert_id, end.seq, end.count, end.state) == (opening.alert_id, 1, 2, "resolved")
    assert (end.opened_at, end.updated_at) == ("1970-01-01T00:00:01Z", "1970-01-01T00:00:03Z")
    assert end.explanation == "agrees again"
    assert end.evidence == ("ev-3", "ev-1", "ev-2")
    assert book.rows == {}


def test_clearing_what_is_not_open_says_nothing_and_touches_nothing() -> None:
    book = AlertBook()
    assert book.clear(KEY, RESOLVED, 0, "ev-1", "agrees") is None
    assert book.drain_changed() == ()


def test_a_rise_is_told_and_a_fall_is_not() -> None:
    book = AlertBook()
    raised(book, "ev-1", severity=Severity.P3)
    rise = raised(book, "ev-2", severity=Severity.P1)
    assert (rise.seq, rise.severity) == (1, "P1")
    assert book.raise_(signal("ev-3", severity=Severity.P3)) is None
    assert book.rows[KEY].severity is Severity.P1


def test_a_material_change_is_told_with_the_new_figures_only() -> None:
    book = AlertBook()
    raised(book, "ev-1", expected="1", score=3.0000000001, model="cusum", rule=None)
    change = raised(book, "ev-2", told=True, observed="7")
    assert (change.seq, change.count) == (1, 2)
    assert (change.expected, change.observed, change.score, change.model, change.rule) == (
        *(None, "7", None, None),
        "position_drift",
    )


def test_a_flood_of_one_offs_is_told_sixteen_times_and_then_at_powers_of_two() -> None:
    book = AlertBook()
    told = [book.raise_(signal(f"ev-{number}", number, one_off=True)) for number in range(1, 1001)]
    records = [alert for alert in told if alert is not None]
    assert [alert.count for alert in records] == [*range(1, 17), 32, 64, 128, 256, 512]
    assert [alert.seq for alert in records] == list(range(21))
    assert book.rows[KEY].evidence == tuple(f"ev-{number}" for number in range(1000, 980, -1))


def test_a_condition_that_comes_back_is_a_new_alert_with_its_own_count() -> None:
    book = AlertBook()
    first = raised(book, "ev-1")
    book.clear(KEY, EXPLAINED, 1, "ev-2", "late transfer")
    second = raised(book, "ev-3", 2)
    assert first.alert_id != second.alert_id
    assert (second.seq, second.count, second.evidence) == (0, 1, ("ev-3",))


def test_a_deadline_that_comes_round_again_is_a_new_alert() -> None:
    book = AlertBook()
    first = raised(book, "deadline|venue:one", 0)
    book.clear(KEY, RESOLVED, 1, "ev-2", "agrees")
    assert raised(book, "deadline|venue:one", 2).alert_id != first.alert_id


def test_one_cause_that_ends_and_opens_the_same_condition_repeats_no_id() -> None:
    book = AlertBook()
    ids = []
    for _ in range(3):
        ids.append(raised(book, "ev-1").alert_id)
        book.clear(KEY, RESOLVED, 0, "ev-1", "agrees")
    assert len(set(ids)) == 3


def test_a_book_of_ended_alerts_is_empty() -> None:
    book = AlertBook()
    for number in range(100):
        opening = raised(book, f"ev-{number}", number)
        if number % 2:
            book.clear(KEY, RESOLVED, number, f"ev-{number}", "agrees")
        else:
            book.close(opening.alert_id, "ana", None, None, number)
    book.drain_changed()
    kept = [len(getattr(book, name)) for name in ("rows", "changed", "_key_of", "_just_ended")]
    assert kept == [0, 0, 0, 1]  # the id that the last cause ended


def test_alerts_of_one_cause_share_an_incident() -> None:
    book = AlertBook()
    one = raised(book, "ev-1")
    two = raised(book, "ev-1", key="drift_trend|venue:one|BTC", type="drift_trend")
    other = raised(book, "ev-2", key="position_drift|venue:two|BTC")
    assert one.incident_id == two.incident_id != other.incident_id
    assert one.alert_id != two.alert_id


def test_the_order_of_scope_parts_changes_nothing() -> None:
    parts = {"location": "venue:one", "asset": "BTC"}
    assert raised(AlertBook(), "ev-1", scope=parts) == raised(AlertBook(), "ev-1", scope=tuple(parts.items())[::-1])


def test_an_acknowledgement_is_told_once_and_survives_the_next_sighting() -> None:
    book = AlertBook()
    opening = raised(book, "ev-1")
    told = book.acknowledge(opening.alert_id, "ana", 5)
    assert told is not None
    assert (told.seq, told.state, told.updated_at) == (1, "acknowledged", "1970-01-01T00:00:00.000005Z")
    assert told.explanation == "seen by ev-1 Acknowledged by ana."
    assert book.acknowledge(opening.alert_id, "ben", 6) is None
    change = raised(book, "ev-2", 7, told=True)
    assert (change.state, change.explanation) == ("acknowledged", "seen by ev-2 Acknowledged by ana.")


def test_a_rise_takes_the_acknowledgement_back_and_says_so() -> None:
    book = AlertBook()
    book.acknowledge(raised(book, "ev-1").alert_id, "ana", 1)
    rise = raised(book, "ev-2", severity=Severity.P1)
    assert (rise.state, rise.seq) == ("open", 2)
    assert rise.explanation == "seen by ev-2 Acknowledged by ana. Open again: P2 became P1."


@pytest.mark.parametrize(
    ("verdict", "reason", "state", "words"),
    [
        ("false_positive", "test transfer", "false_positive", "Closed by ana as false positive: test transfer"),
        ("true_positive", None, "resolved", "Closed by ana as true positive."),
        ("expected", None, "resolved", "Closed by ana as expected."),
        ("data_error", "", "resolved", "Closed by ana as data error."),
        (None, None, "resolved", "Closed by ana."),
    ],
)
def test_people_close_with_a_verdict(verdict: Verdict | None, reason: str | None, state: str, words: str) -> None:
    book = AlertBook()
    opening = raised(book, "ev-1")
    end = book.close(opening.alert_id, "ana", verdict, reason, 9)
    assert end is not None
    assert (end.seq, end.state, end.explanation) == (1, state, f"seen by ev-1 {words}")
    assert book.rows == {}


def test_the_world_ends_an_alert_only_as_explained_or_resolved() -> None:
    book = AlertBook()
    raised(book, "ev-1")
    with pytest.raises(AssertionError, match="not false_positive"):
        book.clear(KEY, AlertState.FALSE_POSITIVE, 1, "ev-2", "over")


def test_words_about_an_alert_that_is_not_open_do_nothing() -> None:
    book = AlertBook()
    gone = raised(book, "ev-1").alert_id
    book.clear(KEY, RESOLVED, 1, "ev-2", "agrees")
    book.drain_changed()
    for unknown in (gone, "al-unknown", ""):
        assert book.acknowledge(unknown, "ana", 2) is None
        assert book.close(unknown, "ana", None, None, 2) is None
    assert book.drain_changed() == ()


def test_evidence_keeps_what_opened_it_without_repeats_and_within_twenty() -> None:
    book = AlertBook()
    opening = raised(book, "ev-1", evidence=(*A15, "a0"))
    assert opening.evidence == A15
    change = raised(book, "ev-2", told=True, evidence=("a3", "b0", "b1", "b2", "b3", "b4", "b5"))
    assert change.evidence == (*A15[:5], "b0", "b1", "b2", "b3", "b4", "b5", *A15[5:14])
    end = book.clear(KEY, EXPLAINED, 1, "ev-3", "late", ("late",))
    assert end is not None
    assert (len(end.evidence), end.evidence[:2]) == (20, ("late", "a0"))


def test_changed_names_each_key_once_in_order_and_tombstones_too() -> None:
    book = AlertBook()
    for name in ("c", "a", "b", "a"):
        book.raise_(signal(f"ev-{name}", key=name))
    assert book.drain_changed() == ("a", "b", "c")
    assert book.drain_changed() == ()
    book.clear("b", RESOLVED, 1, "ev-9", "agrees")
    assert book.drain_changed() == ("b",)
    assert "b" not in book.rows


def test_a_key_belongs_to_one_type() -> None:
    book = AlertBook()
    raised(book, "ev-1")
    with pytest.raises(AssertionError, match="open as position_drift, not as drift_trend"):
        book.raise_(signal("ev-2", type="drift_trend"))


def test_a_row_under_another_key_is_refused() -> None:
    book = AlertBook()
    raised(book, "ev-1")
    plain = row_to_plain(book.rows[KEY])
    with pytest.raises(AssertionError, match="was kept under"):
        AlertBook().load_row("other", plain)


def test_endless_words_are_cut() -> None:
    book = AlertBook()
    opening = raised(book, "ev-1", explanation="x" * 1_000_000)
    assert len(opening.explanation) == 2_000
    assert opening.explanation.endswith("…")
    end = book.close(opening.alert_id, "y" * 1_000_000, None, None, 1)
    assert end is not None
    assert len(end.explanation) == 4_001
