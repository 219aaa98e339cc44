"""What was asked for since a moment: the running totals say what adding up would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.policy.totals import Made, RunningTotal, Total

STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "add", "add", "oldest", "any", "ask"]), st.integers(0, 30), st.integers(1, 9)),
    max_size=60,
)


@given(STEPS)
def test_running_totals_are_what_adding_up_gives(steps: list[tuple[str, int, int]]) -> None:
    running, kept, order = RunningTotal(), list[Made](), 0
    for what, at_us, units in steps:
        if what == "add":
            kept.append(Made(at_us, order, units))
            running.add(kept[-1])
            order += 1
        elif what != "ask" and kept:
            gone = min(kept) if what == "oldest" else kept[at_us % len(kept)]
            kept.remove(gone)
            running.remove(gone)
        for asked_by in {order, units}:
            counted = [made.units for made in kept if made.at_us >= at_us and made.order < asked_by]
            assert running.since(at_us, asked_by) == Total(len(counted), sum(counted))
        assert bool(running) == bool(kept)


def test_what_is_not_here_is_not_let_go_of() -> None:
    running = RunningTotal()
    running.add(Made(5, 0, 7))
    running.remove(Made(5, 0, 8))
    running.remove(Made(9, 0, 7))
    assert running.since(0, 1) == Total(1, 7)
