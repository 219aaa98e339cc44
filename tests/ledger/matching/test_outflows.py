"""Value that leaves, and nobody asked for it; and instructions that were heard under another id, or late."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger.matching.desk import PAYOUT, STRANGER, Desk
from tests.ledger.wire import control, stamp

UNASKED = "unmatched_outflow P1"
AWAY = {"location": "external", "address": STRANGER}


def gone(desk: Desk, name: str = "C-1", **more: Any) -> set[str]:
    return desk.hear(desk.payment(name, "broadcast", **{"from": {"location": "hot"}, "to": AWAY, **more}))


def test_an_outflow_with_no_request_is_told_after_a_minute() -> None:
    desk = Desk(restarts=True)
    assert gone(desk) == set()
    assert desk.wait(58) == set()
    assert desk.wait(3) == {UNASKED}
    alert = desk.told_of("unmatched_outflow")
    assert alert.explanation.startswith(f"10 BTC left hot to {STRANGER} as withdrawal C-1, and within 60 s nobody")
    assert alert.usd == "500000.00"


def test_several_from_one_place_are_one_incident() -> None:
    desk = Desk()
    for number in range(3):
        gone(desk, f"C-{number}")
        desk.wait(6 * 3_600)
    incidents = {alert.incident_id for alert in desk.alerts if alert.type == "unmatched_outflow"}
    assert len(incidents) == 1


@pytest.mark.parametrize("stage", ["requested", "screening", "pending_approval", "approved", "queued", "signing"])
def test_whoever_asked_for_it_or_let_it_pass_before_explains_it_however_late(stage: str) -> None:
    desk = Desk(restarts=True)
    gone(desk)
    desk.wait(100)
    ends: dict[str, Any] = {"from": {"location": "hot"}, "to": AWAY}
    desk.hear(desk.payment("C-1", stage, **ends))
    assert desk.ended == {"unmatched_outflow": "explained"}


def test_one_that_came_back_is_over() -> None:
    desk = Desk()
    gone(desk)
    desk.wait(100)
    desk.hear(desk.payment("C-1", "failed", to=AWAY))
    assert "unmatched_outflow" in desk.ended
    assert desk.told_of("unmatched_outflow").explanation == "C-1 has come back to hot."


@pytest.mark.parametrize(
    "same",
    [
        {"tx_hash": "0xabc", "tx_index": 0},
        {"tx_hash": "0xabc"},
        {"client_ref": "ref-1"},
        {"end_to_end_id": "E2E-1"},
    ],
    ids="+".join,
)
def test_a_request_under_another_id_that_names_the_same_is_its_instruction(same: dict[str, Any]) -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "approved", ids=same))
    gone(desk, ids=same, to={"location": "external", "address": PAYOUT})
    assert desk.wait(500) == set()


def test_a_reference_that_everybody_uses_names_nothing() -> None:
    desk = Desk()
    none = {"end_to_end_id": "NOTPROVIDED"}
    for number in range(9):
        desk.hear(desk.payment(f"W-{number}", "approved", str(number + 20), ids=none))
    gone(desk, ids=none, to={"location": "external", "address": STRANGER})
    assert desk.wait(61) == {UNASKED}


def test_a_request_that_was_carried_out_itself_is_not_the_instruction_of_another() -> None:
    desk = Desk(restarts=True)
    same: dict[str, Any] = {"client_ref": "ref-1"}
    desk.hear(desk.payment("W-1", "approved", ids=same))
    gone(desk, ids=same, to={"location": "external", "address": PAYOUT})
    assert desk.wait(100) == set()
    desk.hear(desk.payment("W-1", "broadcast", ids=same))
    assert desk.wait(61) == {UNASKED}


def test_a_request_of_the_same_amount_place_and_address_is_taken_for_it_while_it_waits() -> None:
    desk = Desk(restarts=True)
    desk.hear(desk.payment("W-1", "approved"))
    gone(desk, to={"location": "external", "address": PAYOUT})
    assert desk.wait(500) == set()
    assert gone(desk, "C-2", to={"location": "external", "address": PAYOUT}) == set()
    assert desk.wait(61) == {UNASKED}, "it is taken once"
    desk.hear(desk.payment("W-1", "broadcast"))
    assert desk.wait(61) == {UNASKED}, "and not for another when it is carried out itself"


def test_two_requests_that_would_do_equally_well_prove_nothing() -> None:
    desk = Desk()
    begun = stamp(desk.now)
    for client in ("ann", "bob"):
        to = {"location": "external", "client_id": client, "address": PAYOUT}
        asked = desk.payment(f"W-{client}", "approved", to=to)
        asked[1]["event_time"] = begun
        desk.hear(asked)
    gone(desk, to={"location": "external", "address": PAYOUT})
    assert desk.wait(61) == {UNASKED}
    told = desk.told_of("unmatched_outflow").explanation
    assert "Two or more requests could be meant, and none is taken for it: W-ann, W-bob." in told


@pytest.mark.parametrize(
    "other",
    [{"amount": "11"}, {"asset": "USD"}, {"from": {"location": "cold"}}, {"to": AWAY}],
    ids=str,
)
def test_a_request_that_differs_is_not_taken_for_it(other: dict[str, Any]) -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "approved", **other))
    gone(desk, to={"location": "external", "address": PAYOUT})
    assert desk.wait(61) == {UNASKED}


def test_several_requests_in_one_transaction_may_leave_as_one() -> None:
    desk = Desk()
    same: dict[str, Any] = {"ids": {"tx_hash": "0xabc"}}
    for number, amount in enumerate(("3", "7")):
        desk.hear(desk.payment(f"W-{number}", "approved", amount, **same))
    gone(desk, to={"location": "external"}, **same)
    assert desk.wait(500) == set()


def test_the_batch_that_was_asked_for_covers_its_legs() -> None:
    desk = Desk()
    desk.hear(desk.payment("B-1", "approved", "30"))
    gone(desk, parent_id="B-1")
    assert desk.wait(500) == set()
    gone(desk, "C-2", parent_id="B-2")
    assert desk.wait(61) == {UNASKED}
    desk.hear(desk.payment("B-2", "approved", "30"))
    assert desk.ended == {"unmatched_outflow": "explained"}


def test_a_plan_that_it_fits_is_its_instruction() -> None:
    desk = Desk()
    plan = {"plan_id": "P-1", "op_type": "withdrawal", "from": "hot", "to": "external", "asset": "BTC", "amount": "10"}
    desk.hear(control("plan", desk.name(), desk.now, **plan))
    gone(desk)
    assert desk.wait(500) == set()


def test_our_own_address_is_no_outside() -> None:
    desk = Desk()
    gone(desk, to={"location": "external", "address": "0xour-own"})
    assert desk.wait(2_000) == set()


def test_a_move_between_own_places_needs_no_request() -> None:
    desk = Desk()
    gone(desk, op_type="sweep", to={"location": "cold"})
    assert desk.wait(500) == set()


def test_where_nobody_was_ever_heard_to_ask_it_proves_nothing() -> None:
    desk = Desk(begun=False)
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"))
    gone(desk)
    assert desk.wait(5_000) == set()


def test_who_could_still_tell_of_a_request_is_waited_for() -> None:
    desk = Desk()
    desk.beat()
    gone(desk)
    assert desk.wait(300) == set()
    assert desk.beat() == {UNASKED}
