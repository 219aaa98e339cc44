"""The floor counts what flows, waits and is held, whatever the order in which requests and verdicts are heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.demo.floor import BRAKE_RULES, Floor
from streams.monitor.outputs import Decision, FailedRule
from streams.simulate import SimEvent

RULES = {"auto_approve": (), "review": ("R5",), "hold": ("R5", "R12")}


def said(transfer_id: str, status: str, op_type: str = "withdrawal") -> SimEvent:
    value = {"transfer_id": transfer_id, "op_type": op_type, "status": status, "asset": "BTC",
             "from": {"location": "hot-1"}}  # fmt: skip
    return SimEvent(0, "transfers", transfer_id, value)


def verdict(transfer_id: str, seq: int, action: str, rules: tuple[str, ...] | None = None) -> Decision:
    failed = RULES[action] if rules is None else rules
    return Decision(
        transfer_id=transfer_id,
        risk_class="risky" if failed else "risk_free",
        action=action,  # type: ignore[arg-type]  # one of the three
        failed_rules=tuple(FailedRule(rule=rule, why="because") for rule in failed),
        policy_version="driftline-1",
        decided_at="2026-03-02T09:00:00Z",
        seq=seq,
    )


def floor(*heard: SimEvent | Decision) -> Floor:
    there = Floor()
    for one in heard:
        if isinstance(one, SimEvent):
            there.hear(one)
        else:
            there.judged(one)
    return there


def test_what_is_free_of_risk_flows_and_is_counted_once() -> None:
    there = floor(said("W", "requested"), verdict("W", 0, "auto_approve"), said("W", "approved"))
    there.hear(said("W", "approved"))
    now = there.figures()
    assert (now.judged, now.free, now.flowed, now.flowing, now.waiting, now.free_share) == (1, 1, 1, 1, 0, 1.0)
    there.hear(said("W", "completed"))
    assert (there.figures().flowed, there.figures().flowing) == (1, 0)


def test_a_move_in_the_books_flows_without_further_words() -> None:
    done = floor(said("I", "requested", "internal"), verdict("I", 0, "auto_approve"), said("I", "completed"))
    assert done.figures().flowed == 1


def test_what_people_pass_or_refuse_has_not_flowed() -> None:
    there = floor(said("W", "requested"), said("V", "requested"), verdict("W", 0, "review"), verdict("V", 0, "review"))
    assert (there.figures().waiting, there.figures().oldest_s > 0) == (2, True)
    there.hear(said("W", "approved"))
    there.hear(said("V", "rejected"))
    now = there.figures()
    assert (now.judged, now.risky, now.flowed, now.waiting, now.oldest_s) == (2, 2, 0, 0, 0.0)


def test_what_the_brake_holds_is_shown_with_its_place_and_flows_when_it_lets_go() -> None:
    there = floor(said("W", "requested"), verdict("W", 0, "auto_approve"), verdict("W", 1, "hold"))
    assert (there.figures().held, there.figures().holding, there.figures().held_at) == (1, 1, ("hot-1 BTC",))
    there.judged(verdict("W", 2, "auto_approve"))
    there.judged(verdict("W", 3, "hold"))
    there.judged(verdict("W", 4, "auto_approve"))
    there.hear(said("W", "approved"))
    now = there.figures()
    assert (now.judged, now.free, now.flowed, now.held, now.holding) == (1, 1, 1, 1, 0)


def test_what_had_passed_before_the_word_was_out_is_not_held() -> None:
    there = floor(
        said("W", "requested"), verdict("W", 0, "auto_approve"), said("W", "approved"), verdict("W", 1, "hold")
    )
    assert (there.figures().held, there.figures().holding, there.figures().flowed) == (0, 0, 1)


def test_waiting_for_cover_is_no_matter_of_the_brake() -> None:
    assert {"R12"} == BRAKE_RULES
    there = floor(said("W", "requested"), verdict("W", 0, "hold", ("R7",)))
    assert (there.figures().held, there.figures().holding) == (0, 0)
    assert there.newest("W") == "hold"


def test_other_kinds_and_verdicts_on_what_nobody_asked_for_are_left_out() -> None:
    there = floor(said("D", "requested", "deposit"), verdict("D", 0, "review"), verdict("X", 0, "review"))
    assert there.figures().judged == 0
    assert there.newest("D") is None


def test_no_verdict_is_no_action() -> None:
    there = floor(said("W", "requested"))
    assert there.newest("W") is None
    assert there.figures().unjudged == 1


@given(st.permutations(range(5)), st.lists(st.integers(0, 4)))
def test_the_highest_seq_counts_in_whatever_order(order: list[int], more: list[int]) -> None:
    actions = ("auto_approve", "review", "hold")
    there = floor(said("W", "requested"), *(verdict("W", seq, actions[seq % 3]) for seq in order + more))
    assert there.newest("W") == actions[4 % 3]
    now = there.figures()
    assert (now.judged, now.free, now.risky) == (1, 0, 1)
