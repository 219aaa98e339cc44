"""Value that comes to an address of which nobody has shown that it is ours."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.screens import proofs
from tests.ledger.screens.desk import DEPOSIT, ETHEREUM, PAYOUT, STRANGER, Desk, address

UNPROVED = "unproved_address P2"
NEW = "0x" + "e" * 40


def deposit(desk: Desk, transfer_id: str, of: str, status: str = "broadcast", **more: Any) -> set[str]:
    ends: dict[str, Any] = {"from": {"location": "external"}, "to": {"location": "hot", "address": of}}
    return desk.move(transfer_id, status, op_type="deposit", **{**ends, **more})


def own(of: str, **more: Any) -> Any:
    return address(of, owner="hot", role="hot", location="hot", **more)


def test_a_deposit_to_a_proved_address_is_quiet() -> None:
    desk = Desk()
    for status in ("broadcast", "confirming", "completed"):
        assert deposit(desk, "D-1", DEPOSIT, status) == set()


@pytest.mark.parametrize("record", [
    {"owner": "hot", "role": "hot"},
    {"owner": "acme", "role": "hot", "location": "hot"},
    {"owner": "acme", "role": "gas", "location": "hot"},
])  # fmt: skip
def test_one_to_an_address_of_ours_with_no_proof_is_told_once_and_counted(record: dict[str, str]) -> None:
    desk = Desk(restarts=True)
    desk.hear(address(NEW, **record))
    assert deposit(desk, "D-1", NEW) == {UNPROVED}
    assert deposit(desk, "D-1", NEW, "completed") == set()
    assert deposit(desk, "D-2", NEW) == {UNPROVED}
    assert deposit(desk, "D-3", NEW) == set()
    assert len({alert.alert_id for alert in desk.alerts("unproved_address")}) == 1
    assert "deposit 2" in desk.alerts("unproved_address")[-1].explanation


def test_our_own_move_there_is_told_as_well() -> None:
    desk = Desk()
    desk.hear(own(NEW))
    assert desk.own(to={"location": "hot", "address": NEW}) == {UNPROVED}


def test_a_proof_that_comes_explains_it() -> None:
    desk = Desk(restarts=True)
    desk.hear(own(NEW))
    deposit(desk, "D-1", NEW)
    desk.hear(own(NEW))  # said again, and still not proved
    assert desk.open == {UNPROVED}
    desk.hear(own(NEW, control_proved_at="2026-01-05T00:30:00Z"))
    assert desk.ended == {"unproved_address": "explained"}
    assert deposit(desk, "D-2", NEW) == set()


def test_an_address_of_a_client_needs_no_proof() -> None:
    desk = Desk()
    assert deposit(desk, "D-1", PAYOUT) == set()
    desk.hear(address(NEW, role="client", location="hot"))
    assert deposit(desk, "D-2", NEW) == set()


def test_an_address_on_another_network_needs_its_proof_too() -> None:
    desk = Desk()
    desk.hear(own(NEW, network="eip155:137"))
    assert deposit(desk, "D-1", NEW, network=ETHEREUM) == {UNPROVED}


def test_an_unknown_address_proves_something_where_all_others_are_known() -> None:
    desk = Desk(restarts=False)
    for number in range(proofs.REGISTERED_MIN):
        assert deposit(desk, f"D-{number}", DEPOSIT) == set()
    assert deposit(desk, "D-odd", STRANGER) == {UNPROVED}
    assert deposit(desk, "D-odder", STRANGER) == {UNPROVED}
    assert deposit(desk, "D-venue", STRANGER, to={"location": "venue", "address": STRANGER}) == set()
    desk.hear(own(STRANGER, control_proved_at="2026-01-05T00:30:00Z"))
    assert desk.open == set()


def test_where_many_are_unknown_one_more_says_nothing() -> None:
    desk = Desk()
    for number in range(2 * proofs.REGISTERED_MIN):
        if number % 10 == 5:
            assert deposit(desk, f"D-{number}", f"0x{number:040x}") == set()
        assert deposit(desk, f"d-{number}", DEPOSIT) == set()
    assert deposit(desk, "D-odd", STRANGER) == set()


def test_one_that_turns_out_to_be_a_clients_own_is_explained() -> None:
    desk = Desk()
    for number in range(proofs.REGISTERED_MIN):
        deposit(desk, f"D-{number}", DEPOSIT)
    assert deposit(desk, "D-odd", STRANGER) == {UNPROVED}
    desk.hear(address(STRANGER))
    assert desk.ended == {"unproved_address": "explained"}
