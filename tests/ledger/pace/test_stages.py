"""Stages: where a movement stands and since when, whatever the order in which it was told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from ledger.events import Status
from ledger.fold import RANK, Fact
from ledger.pace.stages import Moments, Open, moments_of, spans_of
from ledger.policy.document import Promise, default_policy
from streams.monitor import Monitor
from streams.monitor.settings import Settings
from tests.ledger.wire import DAY, HOUR, Sent, control, received, reference, stamp, transfer

STATUSES: tuple[str, ...] = get_args(Status)
PROMISES = (
    Promise(stage="decide", target_s=600),
    Promise(stage="send", target_s=300, warn_share=0.5),
    Promise(stage="settle", target_s=1_800),
    Promise(stage="whole", target_s=2_400, warn_share=1),
)
FIRM = [
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
    reference("location", "ref-hot", location="hot", role="hot"),
    reference("location", "ref-venue", location="venue", role="venue"),
]
BEGIN_S = HOUR
Told = tuple[int, str]  # seconds after the beginning, and the status


def fact(at_us: int, status: str, revision: int = 0) -> Fact:
    return Fact(
        at_us, revision, RANK[status], f"{status}-{at_us}", 1, None, None, "BTC", "sender", "hot", "venue", "BTC", True
    )


# --- Moments ---------------------------------------------------------------------------------------------------


def test_the_earliest_report_of_each_stage_counts() -> None:
    facts = [(1, "requested"), (2, "screening"), (3, "requested"), (5, "queued"), (6, "signing"), (8, "broadcast")]
    assert moments_of([fact(*one) for one in facts]) == Moments(1, 5, 8)


def test_what_is_on_its_way_was_let_pass() -> None:
    assert moments_of([fact(1, "requested"), fact(4, "broadcast")]) == Moments(1, 4, 4)
    assert moments_of([fact(1, "requested"), fact(4, "confirming")]) == Moments(1, 4, 0)


def test_what_was_undone_does_not_count_and_what_comes_after_does() -> None:
    facts = [(1, "requested"), (2, "approved"), (3, "broadcast"), (4, "failed"), (6, "requested"), (7, "approved")]
    assert moments_of([fact(*one) for one in facts]) == Moments(6, 7, 0)


def test_what_nobody_asks_for_again_begins_with_what_came_first() -> None:
    facts = [(1, "requested"), (3, "failed"), (6, "signing"), (9, "broadcast")]
    assert moments_of([fact(*one) for one in facts]) == Moments(6, 6, 9)


def test_a_failure_that_was_taken_back_before_it_was_told_again_undoes_nothing() -> None:
    facts = [fact(1, "requested"), fact(2, "failed", 1), fact(3, "requested"), fact(4, "failed", 0)]
    assert moments_of(facts) == Moments(3, 0, 0)


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from(STATUSES), st.integers(0, 2)), max_size=12))
def test_a_stage_never_ends_before_the_one_before_it_has(reports: list[tuple[int, str, int]]) -> None:
    moments = moments_of(sorted({fact(*one) for one in reports}, key=lambda one: (one.at_us, one.revision, one.rank)))
    assert bool(moments.passed_us) >= bool(moments.left_us)
    if moments.left_us:
        assert moments.passed_us <= moments.left_us


def test_spans_begin_where_the_one_before_ends_and_the_whole_is_all_of_it() -> None:
    assert [tuple(span) for span in spans_of(Open("internal", "", 1, 4, 6), 9)] == [
        ("decide", 1, 4), ("send", 4, 6), ("settle", 6, 9), ("whole", 1, 9),
    ]  # fmt: skip
    stages = [Open("internal", "", 1), Open("internal", "", 1, 4), Open("internal", "", 1, 4, 6)]
    assert [(row.stage, row.since_us) for row in stages] == [("decide", 1), ("send", 4), ("settle", 6)]


# --- Any order -------------------------------------------------------------------------------------------------


def desk() -> Monitor:
    monitor = Monitor(Settings(policy=replace(default_policy(), promises=PROMISES)))
    hear(monitor, FIRM, 0)
    return monitor


def hear(monitor: Monitor, sent: Sequence[Sent], second: int) -> None:
    for one in sent:
        monitor.step(received(one, second))


def report(number: int, told: Told) -> Sent:
    return transfer(f"e{number}", BEGIN_S + told[0], "T1", told[1], "hot", "venue", "1")


def standing(monitor: Monitor) -> tuple[Any, ...]:
    """Return what is left at the end: the backlog, its rows, the clocks, and which alerts of promises are open."""
    reconciliation = monitor.state.reconciliation
    rows = {key: to_builtins(reconciliation.tables["stage"].rows[key]) for key in reconciliation.tables["stage"].rows}
    clocks = {key: (clock.since_us, clock.told) for key, clock in reconciliation.tables["promise"].rows.items()}
    book = [(key, row.severity.value) for key, row in monitor.state.book.rows.items() if row.type == "sla_breach"]
    return reconciliation.context.stages.backlog(), rows, clocks, sorted(book)


USUAL = ("requested", "approved", "signing", "broadcast", "confirming", "completed")
ANY = st.sampled_from(USUAL) | st.sampled_from(STATUSES)
REPORTS = st.lists(st.tuples(st.integers(0, 1_500), ANY), min_size=1, max_size=7, unique=True)
PLAIN = st.lists(st.tuples(st.integers(0, 1_500), st.sampled_from(USUAL[:4])), min_size=2, max_size=5, unique=True)


def shuffled(reports: st.SearchStrategy[list[Told]]) -> st.SearchStrategy[tuple[list[Told], list[int]]]:
    """Return reports in order of their moments, and another order in which they come."""
    return reports.flatmap(lambda told: st.tuples(st.just(sorted(told)), st.permutations(range(len(told)))))


ORDERS = shuffled(REPORTS) | shuffled(PLAIN.map(lambda told: [(0, "requested"), *told]))


@given(ORDERS, st.integers(0, 300), st.integers(0, 5_000))
def test_whatever_the_order_in_which_it_is_told_the_same_stands_at_the_end(
    order: tuple[list[Told], list[int]], apart_s: int, later_s: int
) -> None:
    told, numbers = order
    straight, muddled = desk(), desk()
    last_s = BEGIN_S + 1_500
    for index, number in enumerate(numbers):
        hear(muddled, [report(number, told[number])], last_s + apart_s * index)
    for number, one in enumerate(told):
        hear(straight, [report(number, one)], BEGIN_S + one[0])
    end_s = last_s + apart_s * len(told) + 61 + later_s
    for monitor in (straight, muddled):
        hear(monitor, [control("tick", "end", end_s)], end_s)
    assert standing(straight) == standing(muddled)


@given(ORDERS)
def test_what_was_kept_is_never_called_broken_while_the_source_says_how_far_it_has_told(
    order: tuple[list[Told], list[int]],
) -> None:
    """Reports come an hour late, a minute apart; the mark is the oldest of what is yet to be told."""
    told, numbers = order
    kept = [(index, status) for index, (_, status) in enumerate(told)]  # a second apart: every promise is kept
    ended = [*kept, (len(kept), "cancelled")]
    monitor, said = desk(), []
    hear(monitor, [_beat(BEGIN_S, BEGIN_S)], BEGIN_S)
    for index, number in enumerate([*numbers, len(kept)]):
        second = BEGIN_S + HOUR + 60 * index
        missing = [ended[later][0] for later in [*numbers, len(kept)][index + 1 :]]
        for sent in (report(number, ended[number]), _beat(second + 1, BEGIN_S + min(missing, default=9_000))):
            said += [output for output in monitor.step(received(sent, second + 1)) if output.topic == "alerts"]
    hear(monitor, [control("tick", "end", DAY)], DAY)
    assert not [output for output in said if output.value.rule.startswith("promise_")]
    assert standing(monitor) == ([], {}, {}, [])


def _beat(second: int, mark_s: int) -> Sent:
    return control("heartbeat", f"beat-{second}", second, of_source="desk", watermark=stamp(mark_s))


@given(REPORTS)
def test_what_is_open_is_what_was_asked_for_and_is_not_over(told: list[Told]) -> None:
    monitor = desk()
    for number, one in enumerate(sorted(told)):
        hear(monitor, [report(number, one)], BEGIN_S + one[0])
    dossier = monitor.state.reconciliation.context.dossiers.rows["T1"]
    asked = any(status == "requested" for _, status in told)
    assert ("T1" in monitor.state.reconciliation.tables["stage"].rows) == (
        asked and not dossier.arrived and not dossier.undone
    )
