"""Laws of the alert book, tried on any series of steps: one cause each, with whatever it raises, clears and closes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import AlertBook, Signal
from alerts.records import Alert, AlertState, Severity, encode
from tests.alerts.kept import Rows, book_of, keep_changes, restarted, rows_of

KEYS = ("position_drift|a|BTC", "position_drift|b|BTC", "event_conflict|ledger")
ALIVE = ("open", "acknowledged")


@dataclass(frozen=True)
class Raise:
    key: str
    severity: Severity
    told: bool
    one_off: bool
    evidence: tuple[str, ...]
    expected: str | None
    score: float | None
    links: tuple[str, ...]


@dataclass(frozen=True)
class Clear:
    key: str
    explained: bool


@dataclass(frozen=True)
class Word:
    which: int
    close: bool


Act = Raise | Clear | Word
Step = tuple[int, list[Act]]  # microseconds since the step before, and what its cause does

EVIDENCE = st.lists(st.integers(0, 40).map(str), max_size=25).map(tuple)
RAISES = st.builds(
    Raise,
    key=st.sampled_from(KEYS),
    severity=st.sampled_from(Severity),
    told=st.booleans(),
    one_off=st.booleans(),
    evidence=EVIDENCE,
    expected=st.sampled_from([None, "0", "-1.50"]),
    score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    links=st.lists(st.sampled_from(["place|a", "place|b"]), max_size=2).map(tuple),
)
ACTS: st.SearchStrategy[Act] = (
    RAISES
    | st.builds(Clear, key=st.sampled_from(KEYS), explained=st.booleans())
    | st.builds(Word, which=st.integers(0, 3), close=st.booleans())
)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from([0, 1, 60_000_000]), st.lists(ACTS, max_size=4)), max_size=12
)


def sighting(act: Raise, cause_id: str, at_us: int) -> Signal:
    return Signal(
        type=act.key.partition("|")[0],
        key=act.key,
        severity=act.severity,
        scope={"source": act.key},
        cause_id=cause_id,
        at_us=at_us,
        explanation=f"{act.key} by {cause_id}",
        evidence=act.evidence,
        expected=act.expected,
        score=act.score,
        rule="law",
        links=act.links,
        told=act.told,
        one_off=act.one_off,
    )


def do(book: AlertBook, act: Act, cause_id: str, at_us: int) -> Alert | None:
    match act:
        case Raise():
            return book.raise_(sighting(act, cause_id, at_us))
        case Clear(key, explained):
            state = AlertState.EXPLAINED if explained else AlertState.RESOLVED
            return book.clear(key, state, at_us, cause_id, "over", (cause_id,))
        case Word(which, close):
            ids = sorted(row.alert_id for row in book.rows.values()) or ["al-none"]
            named = ids[which % len(ids)]
            return book.close(named, "ana", None, None, at_us) if close else book.acknowledge(named, "ana", at_us)


def run(steps: list[Step], between: Callable[[AlertBook, int], AlertBook] = lambda book, _: book) -> list[Alert]:
    """Apply the steps and return the records; `between` may change the book for another after each step."""
    book, at_us, records = AlertBook(), 0, []
    for number, (later_us, acts) in enumerate(steps):
        at_us += later_us
        told = [do(book, act, f"ev-{number}", at_us) for act in acts]
        records += [alert for alert in told if alert is not None]
        book = between(book, number)
    return records


@given(STEPS)
def test_seq_counts_from_zero_without_gaps(steps: list[Step]) -> None:
    seqs: dict[str, list[int]] = defaultdict(list)
    for alert in run(steps):
        seqs[alert.alert_id].append(alert.seq)
    assert all(found == list(range(len(found))) for found in seqs.values())


@given(STEPS)
def test_two_runs_write_the_same_bytes(steps: list[Step]) -> None:
    assert list(map(encode, run(steps))) == list(map(encode, run(steps)))


@given(STEPS, st.integers(0, 12))
def test_a_cut_anywhere_changes_nothing(steps: list[Step], cut: int) -> None:
    def between(book: AlertBook, number: int) -> AlertBook:
        return restarted(book) if number == cut else book

    assert list(map(encode, run(steps, between))) == list(map(encode, run(steps)))


@given(STEPS)
def test_the_changed_rows_are_all_that_a_store_needs(steps: list[Step]) -> None:
    store: Rows = {}

    def between(book: AlertBook, number: int) -> AlertBook:
        keep_changes(book, store)
        assert store == rows_of(book)
        return book_of(store)

    assert list(map(encode, run(steps, between))) == list(map(encode, run(steps)))


@given(STEPS)
def test_one_alert_is_open_for_a_condition_and_an_ended_one_stays_ended(steps: list[Step]) -> None:
    open_by_scope: dict[str, str] = {}
    ended: set[str] = set()
    for alert in run(steps):
        assert alert.alert_id not in ended
        key = alert.scope.key()
        assert open_by_scope.setdefault(key, alert.alert_id) == alert.alert_id
        if alert.state not in ALIVE:
            ended.add(open_by_scope.pop(key))


@given(STEPS)
def test_severity_never_falls_and_count_never_goes_back(steps: list[Step]) -> None:
    last: dict[str, Alert] = {}
    for alert in run(steps):
        before = last.get(alert.alert_id, alert)
        assert alert.severity <= before.severity
        assert alert.count >= before.count
        assert (alert.opened_at, alert.incident_id) == (before.opened_at, before.incident_id)
        last[alert.alert_id] = alert


@given(STEPS)
def test_evidence_is_at_most_twenty_ids_and_none_twice(steps: list[Step]) -> None:
    for alert in run(steps):
        assert len(alert.evidence) <= 20
        assert len(set(alert.evidence)) == len(alert.evidence)
