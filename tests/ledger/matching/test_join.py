"""The laws of the join: what agrees is quiet in any order, and each thing that is bent is called by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.matching.questions import Questions
from tests.ledger.matching.desk import Desk, Firm
from tests.ledger.wire import Sent, stamp

Story = list[Sent]
FEE = {"fee_amount": "0.5", "fee_asset": "BTC", "fee_payer": "sender"}


def in_time(desk: Firm, *events: Sent) -> Story:
    """Date some events a second apart, in this order, all of them before now."""
    for number, (_, event) in enumerate(events):
        event["event_time"] = stamp(desk.now - 60 + number)
    return list(events)


def deposit(desk: Firm, name: str = "D-1") -> Story:
    told = in_time(desk, *(desk.inflow(name, status) for status in ("broadcast", "confirming", "completed")))
    return [*told, *desk.credit(name)]


def found_deposit(desk: Firm) -> Story:
    """Return a deposit of nobody, whose owner is found later."""
    told = in_time(desk, desk.inflow("D-2", "broadcast", to={"location": "hot"}))
    told += in_time(desk, desk.inflow("D-2", to={"location": "hot"}))
    owner = desk.journal(("lost", "-10"), ("ann", "10"), of="D-2", op_type="adjustment")
    return [*told, *desk.credit("D-2", who="lost"), *owner]


def payment(desk: Firm, name: str = "W-1") -> Story:
    stages = ("requested", "approved", "broadcast", "completed")
    told = in_time(desk, *(desk.payment(name, status, **FEE) for status in stages))
    legs = [("way", "-10"), ("out", "10"), ("house", "-0.5"), ("out", "0.5")]
    return [*told, *desk.hold(name), *desk.journal(*legs, of=name, op_type="withdrawal")]


def returned_payment(desk: Firm) -> Story:
    stages = ("requested", "completed", "returned")
    told = in_time(desk, *(desk.payment("W-2", status) for status in stages))
    return [*told, *desk.hold("W-2"), *desk.settle("W-2"), *desk.credit("W-2", op_type="withdrawal")]


def cancelled_payment(desk: Firm) -> Story:
    told = in_time(desk, *(desk.payment("W-3", status) for status in ("requested", "cancelled")))
    back = desk.journal(("way", "-10"), ("ann", "10"), of="W-3", op_type="withdrawal")
    return [*told, *desk.hold("W-3"), *back]


def payment_under_two_ids(desk: Firm) -> Story:
    same: dict[str, Any] = {"ids": {"client_ref": "ref-4"}}
    told = in_time(desk, desk.payment("W-4", "requested", **same), desk.payment("W-4", "approved", **same))
    told += in_time(desk, desk.payment("C-4", "broadcast", **same), desk.payment("C-4", **same))
    return [*told, *desk.hold("W-4"), *desk.settle("C-4")]


def book_transfer(desk: Firm) -> Story:
    told = in_time(desk, desk.own("B-1", "requested"), desk.own("B-1"))
    return [*told, *desk.journal(("ann", "-10"), ("bob", "10"), of="B-1", op_type="internal")]


def trade(desk: Firm) -> Story:
    leg: dict[str, Any] = {"op_type": "settlement", "parent_id": "T-1"}
    ours, away = {"location": "hot", "client_id": "ann"}, {"location": "external"}
    sold: dict[str, Any] = {"from": ours, "to": away}
    bought: dict[str, Any] = {"from": away, "to": ours}
    told = in_time(desk, desk.payment("S-1", **leg, **sold), desk.inflow("S-2", amount="3", **leg, **bought))
    legs = desk.journal(("ann", "-10"), ("out", "10"), of="S-1", op_type="settlement")
    return [*told, *legs, *desk.journal(("ann", "3"), ("out", "-3"), of="S-2", op_type="settlement")]


def income(desk: Firm) -> Story:
    told = in_time(desk, desk.inflow("F-1", op_type="funding", to={"location": "hot"}))
    return [*told, *desk.credit("F-1", who="house", op_type="funding")]


HONEST: tuple[Callable[[Firm], Story], ...] = (
    deposit, found_deposit, payment, returned_payment, cancelled_payment, payment_under_two_ids, book_transfer, trade,
    income,
)  # fmt: skip


def hear(desk: Desk, story: Story, data: st.DataObject) -> None:
    """Hear a story in some order, part of it twice, within ten seconds; then let all deadlines pass."""
    again = data.draw(st.lists(st.sampled_from(story), max_size=3))
    for sent in data.draw(st.permutations(story + again)):
        desk.hear(sent, after=0.2)
    desk.wait(3_000)


@given(st.sampled_from(HONEST), st.data())
def test_what_agrees_is_quiet_in_any_order_and_however_often(
    tell: Callable[[Firm], Story], data: st.DataObject
) -> None:
    desk = Desk()
    hear(desk, tell(desk), data)
    assert [(alert.type, alert.explanation) for alert in desk.alerts] == []


@given(st.lists(st.sampled_from(HONEST), unique=True, min_size=2, max_size=4), st.data())
def test_several_that_agree_do_not_disturb_each_other(
    tells: list[Callable[[Firm], Story]], data: st.DataObject
) -> None:
    desk = Desk()
    hear(desk, [sent for tell in tells for sent in tell(desk)], data)
    assert [(alert.type, alert.explanation) for alert in desk.alerts] == []


@settings(max_examples=15)
@given(st.sampled_from(HONEST), st.data())
def test_a_restart_between_any_two_events_changes_nothing(tell: Callable[[Firm], Story], data: st.DataObject) -> None:
    desk = Desk(restarts=True)
    hear(desk, tell(desk), data)
    assert desk.alerts == []


def is_journal_of(account: str, sent: Sent) -> bool:
    return sent[0] == "ledger" and any(part in str(sent[1]["account_id"]) for part in account.split("|"))


def without_journal(account: str, story: Story) -> Story:
    """Drop the journals that touch an account."""
    gone = {event["journal_id"] for topic, event in story if is_journal_of(account, (topic, event))}
    return [sent for sent in story if sent[1].get("journal_id") not in gone]


def without(status: str, story: Story) -> Story:
    return [sent for sent in story if sent[1].get("status") not in status.split()]


def credit_dropped(desk: Firm) -> Story:
    return without_journal("ann:main", deposit(desk))


def credit_doubled(desk: Firm) -> Story:
    return [*deposit(desk), *desk.credit("D-1")]


def credit_too_large(desk: Firm) -> Story:
    return [*credit_dropped(desk), *desk.credit("D-1", "12")]


def credit_too_small(desk: Firm) -> Story:
    return [*credit_dropped(desk), *desk.credit("D-1", "7")]


def credit_in_another_unit(desk: Firm) -> Story:
    return [*credit_dropped(desk), *desk.credit("D-1", "100000")]


def credit_misplaced(desk: Firm) -> Story:
    return [*credit_dropped(desk), *desk.credit("D-1", who="bob")]


def inflow_dropped(desk: Firm) -> Story:
    return [sent for sent in deposit(desk) if sent[0] == "ledger"]


def inflow_failed(desk: Firm) -> Story:
    told = in_time(desk, desk.inflow("D-1", "broadcast"), desk.inflow("D-1", "failed"))
    return [*told, *desk.credit("D-1")]


def inflow_reorganised(desk: Firm) -> Story:
    story = deposit(desk)
    reorganised = desk.inflow("D-1", "reorged")
    reorganised[1]["event_time"] = stamp(desk.now)
    return [*story, reorganised]


def request_dropped(desk: Firm) -> Story:
    return without("requested approved", payment(desk))


def debit_dropped(desk: Firm) -> Story:
    return without_journal("ann:main|house:main", payment(desk))


def more_sent_than_asked(desk: Firm) -> Story:
    story = without("broadcast completed", payment(desk))
    stages = [desk.payment("W-1", status, "17", **FEE) for status in ("broadcast", "completed")]
    for number, (_, event) in enumerate(stages):
        event["event_time"] = stamp(desk.now - 10 + number)
    return [*story, *stages]


def income_not_booked(desk: Firm) -> Story:
    return [sent for sent in income(desk) if sent[0] != "ledger"]


BENT: dict[Callable[[Firm], Story], str] = {
    credit_dropped: "missing_credit P2",
    credit_doubled: "double_credit P1",
    credit_too_large: "amount_mismatch P1",
    credit_too_small: "amount_mismatch P3",
    credit_in_another_unit: "unit_or_decimal_error P1",
    credit_misplaced: "wrong_account P2",
    inflow_dropped: "phantom_credit P1",
    inflow_failed: "phantom_credit P1",
    inflow_reorganised: "reorged_credit P1",
    request_dropped: "unmatched_outflow P1",
    debit_dropped: "missing_debit P3",
    more_sent_than_asked: "amount_mismatch P1",
    income_not_booked: "unmatched_inflow P3",
}


@pytest.mark.parametrize("tell", BENT, ids=lambda tell: tell.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_each_thing_that_is_bent_is_called_by_its_name_in_any_order(
    tell: Callable[[Firm], Story], data: st.DataObject
) -> None:
    desk = Desk()
    hear(desk, tell(desk), data)
    assert desk.open == {BENT[tell]}
    assert {alert.type for alert in desk.alerts} == {BENT[tell].partition(" ")[0]}


@settings(max_examples=60)
@given(st.sampled_from([*HONEST, *BENT]), st.sampled_from([*HONEST, *BENT]), st.data())
def test_what_is_usual_at_a_glance_is_what_all_questions_say(
    one: Callable[[Firm], Story], other: Callable[[Firm], Story], data: st.DataObject
) -> None:
    firm = Firm(told=1_000)
    story = [*one(firm), *other(firm)]
    order = data.draw(st.permutations(story))
    said = []
    for glance in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not glance:
                patch.setattr(Questions, "_is_usual", lambda *_: False)
            desk = Desk()
            desk.hear(*order, after=0.5)
            desk.wait(3_000)
            said.append([(alert.type, alert.severity, alert.state, alert.explanation) for alert in desk.alerts])
    assert said[0] == said[1]
