"""How much of what clients and the treasury ask for is held, as it is counted: by request, by rule, in seconds."""

from __future__ import annotations

from streams.monitor.outputs import Decision, FailedRule
from streams.simulate import SimEvent
from tests.scenarios.clean import HELD_SHARE_MAX, Month
from tests.scenarios.decided import Decided


def asked(name: str, status: str = "requested", at: str = "12:00:00", kind: str = "withdrawal") -> SimEvent:
    value = {"transfer_id": name, "op_type": kind, "status": status, "observed_at": f"2026-01-05T{at}Z"}
    return SimEvent(0, "transfers", name, value)


def said(name: str, action: str, at: str, *rules: str, seq: int = 0) -> Decision:
    return Decision(
        transfer_id=name, risk_class="risky" if rules else "risk_free", action=action,  # type: ignore[arg-type]  # as is
        failed_rules=tuple(FailedRule(rule=rule, why="") for rule in rules), policy_version="1",
        decided_at=f"2026-01-05T{at}Z", seq=seq,
    )  # fmt: skip


def test_a_request_that_is_held_twice_counts_once_and_both_times_have_their_length() -> None:
    decided = Decided()
    for name in ("a", "b", "c", "d"):
        decided.hear(asked(name))
    decided.note(said("a", "hold", "12:00:00", "R7", "R12"))
    decided.note(said("a", "auto_approve", "12:00:30", seq=1))
    decided.note(said("a", "hold", "12:01:00", "R12", seq=2))
    decided.note(said("a", "review", "12:03:00", "R2", seq=3))
    decided.note(said("b", "review", "12:00:00", "R2"))
    assert decided.held_share == 0.25
    assert [hold.seconds for hold in decided.holds["a"]] == [30.0, 120.0]
    assert list(decided.lines()) == [
        "4 requests: hold 1, review 1",
        "held at any time: 1 (25.000%)",
        "     1 for R7, 30 s at the median, 30 s at most",
        "     2 for R12, 75 s at the median, 120 s at most",
    ]


def test_what_is_over_is_not_held_any_more_and_other_kinds_do_not_count() -> None:
    decided = Decided()
    decided.hear(asked("a"))
    decided.hear(asked("dep", kind="deposit"))
    decided.note(said("a", "hold", "12:00:00", "R7"))
    decided.note(said("dep", "hold", "12:00:00", "R7"))
    decided.hear(asked("a", "cancelled", "12:10:00"))
    assert decided.held_share == 1.0
    assert [hold.seconds for hold in decided.holds["a"]] == [600.0]


def test_a_month_is_noisy_when_more_than_one_request_in_a_thousand_is_held() -> None:
    month = Month()
    for number in range(1_000):
        month.decided.hear(asked(str(number)))
    month.decided.note(said("1", "hold", "12:00:00", "R7"))
    assert month.decided.held_share == HELD_SHARE_MAX
    assert not month.is_noisy
    month.decided.note(said("2", "hold", "12:00:00", "R7"))
    assert month.is_noisy
