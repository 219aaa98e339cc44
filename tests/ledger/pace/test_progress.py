"""Laws of the clock: who ends in time is never late, in whatever order it is told, and maintenance never counts."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from alerts.records import Alert
from streams.monitor import Monitor
from streams.record import Record
from tests.ledger.wire import HOUR, Sent, control, received, reference, stamp, transfer

KINDS = ("in_transit_overdue", "sla_breach")
ALLOWED_S = 600
BEGIN_S = HOUR
FIRM = [
    reference("asset", "ref-BTC", asset="BTC", decimals=8, dust="0"),
    reference("location", "ref-hot", location="hot", role="hot"),
    reference("location", "ref-venue", location="venue", role="venue"),
    reference("route", "ref-route", asset="BTC", from_role="hot", to_role="venue", sla_s=ALLOWED_S),
]
ENDS = ("completed", "failed", "cancelled", "rejected", "returned", "expired")
Stage = tuple[int, str]  # seconds after its beginning, and the status


def desk() -> Monitor:
    """Return a monitor that knows a route of ten minutes."""
    monitor = Monitor()
    hear(monitor, [received(sent, 0) for sent in FIRM])
    return monitor


def hear(monitor: Monitor, records: Sequence[Record]) -> list[Alert]:
    """Return what is said about time."""
    said = [output.value for record in records for output in monitor.step(record) if output.topic == "alerts"]
    return [alert for alert in said if alert.type in KINDS]


def move(number: int, stage: Stage) -> Sent:
    return transfer(f"e{number}", BEGIN_S + stage[0], "T1", stage[1], "hot", "venue", "1")


def tick(second: int) -> Record:
    return received(control("tick", f"tick-{second}", second), second)


def beat(second: int, mark_s: int) -> Record:
    return received(control("heartbeat", f"beat-{second}", second, of_source="desk", watermark=stamp(mark_s)), second)


@st.composite
def lives(draw: st.DrawFn) -> list[Stage]:
    """Return the stages of a movement that leaves and ends within what is allowed for each, in order."""
    leaves_s = draw(st.integers(1, ALLOWED_S - 1))
    before = draw(st.lists(st.tuples(st.integers(0, leaves_s), st.sampled_from(["screening", "approved", "signing"]))))
    took_s = draw(st.integers(0, ALLOWED_S - 1))
    between = st.tuples(
        st.integers(leaves_s, leaves_s + took_s), st.sampled_from(["confirming", "replaced", "broadcast"])
    )
    rest = draw(st.lists(between, max_size=4))
    end = (leaves_s + took_s + 1, draw(st.sampled_from(ENDS)))
    return [*sorted([(0, "requested"), *before, (leaves_s, "broadcast"), *rest]), end]


@given(lives())
def test_a_movement_that_ends_in_time_is_never_late(stages: list[Stage]) -> None:
    monitor = desk()
    records = [received(move(number, stage), BEGIN_S + stage[0]) for number, stage in enumerate(stages)]
    assert hear(monitor, [*records, tick(BEGIN_S + 10 * HOUR)]) == []
    assert clocks(monitor) == 0


@given(lives().flatmap(lambda stages: st.tuples(st.just(stages), st.permutations(range(len(stages))))))
def test_nor_in_whatever_order_it_is_told_while_its_source_says_how_far_it_has_told(
    told: tuple[list[Stage], list[int]],
) -> None:
    """The reports come an hour late, a minute apart; the source's mark is the oldest of what it has yet to tell."""
    stages, order = told
    monitor, said = desk(), hear(desk(), [])
    said += hear(monitor, [beat(BEGIN_S, BEGIN_S)])
    for index, number in enumerate(order):
        second = BEGIN_S + HOUR + 60 * index
        said += hear(monitor, [received(move(number, stages[number]), second)])
        missing = [stages[later][0] for later in order[index + 1 :]]
        said += hear(monitor, [beat(second + 1, min([BEGIN_S + begun for begun in missing], default=second))])
    assert said + hear(monitor, [tick(BEGIN_S + 10 * HOUR)]) == []
    assert clocks(monitor) == 0


@given(st.permutations(["requested", "approved", "signing", "broadcast", "confirming"]))
def test_nor_without_heartbeats_if_all_is_told_before_its_time_is_up(order: list[str]) -> None:
    stages = list(enumerate(["requested", "approved", "signing", "broadcast", "confirming"]))
    monitor = desk()
    told = [
        received(move(number, stages[number]), BEGIN_S + 10 + index) for index, number in enumerate(map(_rank, order))
    ]
    end = received(move(9, (500, "completed")), BEGIN_S + ALLOWED_S - 1)
    assert hear(monitor, [*told, end, tick(BEGIN_S + 10 * HOUR)]) == []


def _rank(status: str) -> int:
    return ["requested", "approved", "signing", "broadcast", "confirming"].index(status)


@given(st.sampled_from(["requested", "broadcast"]), st.lists(st.integers(1, 3_000), max_size=8))
def test_one_that_never_ends_is_late_once_and_by_twice_once_whenever_time_is_told(first: str, ticks: list[int]) -> None:
    monitor = desk()
    records = [received(move(0, (0, first)), BEGIN_S), *(tick(BEGIN_S + second) for second in sorted(set(ticks)))]
    said = hear(monitor, [*records, tick(BEGIN_S + 10 * HOUR)])
    assert [(alert.severity.value, alert.updated_at) for alert in said] == [
        ("P3", stamp(BEGIN_S + ALLOWED_S)),
        ("P2", stamp(BEGIN_S + 2 * ALLOWED_S)),
    ]


WINDOWS = st.lists(st.tuples(st.integers(-600, 4_000), st.integers(1, 3_000)), max_size=4)


@given(WINDOWS, st.sampled_from(["requested", "broadcast"]))
def test_maintenance_never_counts(windows: list[tuple[int, int]], first: str) -> None:
    """Second by second: the clock runs while no window is open, and what was told is told as it strikes."""
    monitor = desk()
    pauses = [
        control("maintenance", f"m{number}", 0, what="all", location="venue", until=stamp(BEGIN_S + start + long),
                **{"from": stamp(BEGIN_S + start)})
        for number, (start, long) in enumerate(windows)
    ]  # fmt: skip
    records = [received(pause, 0) for pause in pauses]
    said = hear(monitor, [*records, received(move(0, (0, first)), BEGIN_S), tick(BEGIN_S + 10 * HOUR)])
    strikes, ran_s = [], 0
    for second in range(10 * HOUR):
        if not any(start <= second < start + long for start, long in windows):
            ran_s += 1
            if ran_s in (ALLOWED_S, 2 * ALLOWED_S):
                strikes.append(stamp(BEGIN_S + second + 1))
    assert [alert.updated_at for alert in said] == strikes


def clocks(monitor: Monitor) -> int:
    """Return how much is kept for movements on their course."""
    tables, deadlines = monitor.state.reconciliation.tables, monitor.state.deadlines.due_us
    waiting = [key for key in (*deadlines, *tables["absence"].rows) if key.startswith("pace|")]
    return len(tables["course"]) + len(waiting)


def test_a_movement_has_one_deadline_however_much_is_heard_of_it() -> None:
    monitor = desk()
    stages = ["requested", "screening", "approved", "signing", "broadcast", "confirming", "confirming", "replaced"]
    for number, status in enumerate(stages):
        hear(monitor, [received(move(number, (number, status)), BEGIN_S + number)])
        keys = [key for key in monitor.state.deadlines.due_us if key.startswith("pace|")]
        assert keys == ["pace|T1"]
