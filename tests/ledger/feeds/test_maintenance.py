"""Announced pauses: how much of a span is paused, whatever the windows overlap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.maintenance import Maintenances, Window

spans = st.tuples(st.integers(0, 60), st.integers(0, 60))


def windows(pauses: list[tuple[int, int]], *, what: str = "all", location: str = "venue") -> Maintenances:
    """Return a check with these windows on record."""
    check = Maintenances(None)
    for number, (start, end) in enumerate(pauses):
        check.windows.put(str(number), Window(start, end, what, location, "", ""))
    return check


@given(st.lists(spans, max_size=6), spans)
def test_every_paused_moment_counts_once(pauses: list[tuple[int, int]], span: tuple[int, int]) -> None:
    start, end = span
    paused = windows(pauses).paused_us("transfers", start, end, locations=("hot", "venue"))
    assert paused == len({at for first, last in pauses for at in range(max(first, start), min(last, end))})


def test_a_window_reaches_what_it_names_and_no_more() -> None:
    check = windows([(10, 20)], what="transfers")
    assert check.paused_us("transfers", 0, 100, locations=("venue",)) == 10
    assert check.paused_us("snapshots", 0, 100, locations=("venue",)) == 0
    assert check.paused_us("transfers", 0, 100, locations=("hot",), network="venue", sources=("venue",)) == 0


def test_a_window_that_names_nothing_pauses_everything() -> None:
    check = windows([(10, 20)], location="")
    assert check.paused_us("transfers", 0, 15) == 5


def test_windows_of_long_ago_are_forgotten() -> None:
    check = windows([(0, 10), (0, 50)])
    check.swept(20)
    assert len(check.windows) == 1
