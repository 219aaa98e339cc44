"""The example of an execution system: the highest seq counts, silence goes to people, nothing is released twice."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from confluent_kafka import Producer
from hypothesis import given
from hypothesis import strategies as st

from docs.examples.execution_client import Decision, Desk, Inbox, Verdicts, main, next_step, read_decision
from streams.engine.embedded import EmbeddedBroker

ACTIONS = ("auto_approve", "review", "hold")


def wire(transfer_id: object, seq: object, action: str, **others: object) -> bytes:
    failed = [] if action == "auto_approve" else [{"rule": "R5", "why": "12 BTC is above the limit of 10 BTC"}]
    record = {"transfer_id": transfer_id, "class": "risky", "action": action, "failed_rules": failed,
              "policy_version": "driftline-1", "decided_at": "2026-03-02T09:00:00Z", "seq": seq}  # fmt: skip
    return json.dumps({**record, **others}).encode()


def told(*decisions: Decision) -> Verdicts:
    verdicts = Verdicts()
    for decision in decisions:
        verdicts.take(decision)
    return verdicts


@given(st.permutations(range(6)), st.lists(st.integers(0, 5)))
def test_the_highest_seq_counts_in_whatever_order_and_however_often_they_come(
    order: list[int], more: list[int]
) -> None:
    by_seq = [Decision("W-1", seq, ACTIONS[seq % 3]) for seq in range(6)]
    assert told(*(by_seq[seq] for seq in order + more)).of("W-1") == by_seq[5]


def test_movements_are_judged_each_for_itself_and_a_repeat_is_no_news() -> None:
    verdicts = Verdicts()
    assert verdicts.take(Decision("W-1", 0, "hold"))
    assert verdicts.take(Decision("W-2", 0, "auto_approve"))
    assert not verdicts.take(Decision("W-1", 0, "hold"))
    assert verdicts.take(Decision("W-1", 1, "auto_approve"))
    assert not verdicts.take(Decision("W-1", 0, "hold"))
    verdicts.forget("W-1")
    assert verdicts.of("W-1") is None
    assert verdicts.of("W-2") == Decision("W-2", 0, "auto_approve")


@pytest.mark.parametrize(
    ("action", "step"), [("auto_approve", "release"), ("review", "person"), ("hold", "wait"), ("approve_all", "person")]
)
def test_only_auto_approve_releases(action: str, step: str) -> None:
    assert next_step(Decision("W-1", 0, action), 1e9) == step


def test_silence_never_releases_and_goes_to_people_in_the_end() -> None:
    assert [next_step(None, waited_s, 30.0) for waited_s in (0.0, 29.9, 30.0, 1e9)] == [
        "wait",
        "wait",
        "person",
        "person",
    ]


def test_a_hold_is_released_once_and_what_comes_after_it_changes_nothing() -> None:
    verdicts = told(Decision("W-1", 0, "hold"))
    desk = Desk(verdicts)
    desk.asked("W-1", 0.0)
    assert desk.steps(60.0) == []
    verdicts.take(Decision("W-1", 1, "auto_approve"))
    assert desk.steps(61.0) == [("W-1", "release")]
    desk.asked("W-1", 62.0)  # the request told again, and the log replayed after a restart
    assert not verdicts.take(Decision("W-1", 0, "hold"))
    assert not verdicts.take(Decision("W-1", 1, "auto_approve"))
    assert desk.steps(100.0) == []
    assert desk.may_leave("W-1")
    verdicts.take(Decision("W-1", 2, "hold"))
    assert desk.steps(101.0) == []
    assert not desk.may_leave("W-1")


def test_a_request_that_nobody_judges_is_in_the_queue_of_people_until_a_late_verdict_takes_it_out() -> None:
    verdicts = Verdicts()
    desk = Desk(verdicts, timeout_s=5.0)
    desk.asked("W-1", 10.0)
    assert [desk.steps(now_s) for now_s in (12.0, 15.0, 16.0)] == [[], [("W-1", "person")], []]
    verdicts.take(Decision("W-1", 0, "auto_approve"))
    assert desk.steps(17.0) == [("W-1", "release")]


def test_a_record_is_read_with_its_reasons() -> None:
    assert read_decision(wire("W-1", 3, "review")) == Decision(
        "W-1", 3, "review", ("R5: 12 BTC is above the limit of 10 BTC",), "driftline-1"
    )


BROKEN = (b"", b"nonsense", b"[]", b"null", b'{"seq": 0}', wire("W-1", "1", "hold"), wire(7, 0, "hold"),
          wire("W-1", 0, "hold", failed_rules=None))  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN)
def test_what_cannot_be_read_is_no_decision(raw: bytes) -> None:
    assert read_decision(raw) is None


def test_the_inbox_reads_every_partition_and_says_when_it_has_caught_up(capsys: pytest.CaptureFixture[str]) -> None:
    with EmbeddedBroker({"decisions": 3}) as broker:
        said = [wire("W-1", 0, "hold"), wire("W-2", 0, "auto_approve"), b"nonsense", wire("W-1", 1, "auto_approve"),
                wire("W-1", 0, "hold")]  # fmt: skip
        produce(broker.address, said)
        verdicts = Verdicts()
        inbox = Inbox(broker.address, verdicts)
        assert not inbox.caught_up
        news = drained(inbox)
        produce(broker.address, [wire("W-3", 0, "review")])
        while not verdicts.of("W-3"):
            news += inbox.poll()
        inbox.close()
    assert len([decision for decision in news if decision.transfer_id == "W-1"]) == 2
    assert [verdicts.of(name).action for name in ("W-1", "W-2", "W-3")] == ["auto_approve", "auto_approve", "review"]  # type: ignore[union-attr]  # a missing one fails as it should
    assert "nonsense" in capsys.readouterr().err


def test_the_program_prints_the_steps(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    polls: list[list[Decision]] = [[Decision("W-1", 0, "auto_approve"), Decision("W-2", 0, "review", ("R9: why",))]]

    def poll(self: Inbox, seconds: float) -> list[Decision]:
        if not polls:
            raise KeyboardInterrupt
        return polls.pop()

    monkeypatch.setattr(Inbox, "poll", poll)
    with EmbeddedBroker({"decisions": 1}) as broker:
        main(broker.address)
    assert capsys.readouterr().out == "W-1 #0 release (every rule holds)\nW-2 #0 person (R9: why)\n"


def produce(address: str, values: Iterable[bytes]) -> None:
    """Send records, each to the partition of its movement."""
    producer = Producer({"bootstrap.servers": address, "log_level": 0})
    for value in values:
        decision = read_decision(value)
        producer.produce("decisions", value, decision.transfer_id if decision else None)
    assert producer.flush(10) == 0


def drained(inbox: Inbox) -> list[Decision]:
    news: list[Decision] = []
    for _ in range(400):
        news += inbox.poll()
        if inbox.caught_up:
            return news
    pytest.fail("it never caught up")
