"""Movements told under two ids."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.matching.links import KIN_MAX, Links
from tests.ledger.matching.desk import DEPOSIT, Desk


def kin(desk: Desk, transfer_id: str) -> set[str]:
    """Return the movements that are one with another, as the index says and as a new one of the same dossiers does."""
    dossiers = desk.monitor.state.reconciliation.context.dossiers.rows
    anew = Links(desk.join.context)
    anew.loaded()
    found = {other.transfer_id for other in desk.join.links.kin(dossiers[transfer_id])}
    assert found == {other.transfer_id for other in anew.kin(dossiers[transfer_id])}, "the index follows from the rows"
    return found


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ({"tx_hash": "0x1", "tx_index": 0}, {"tx_hash": "0x1", "tx_index": 0}, True),
        ({"tx_hash": "0x1", "tx_index": 0}, {"tx_hash": "0x1", "tx_index": 1}, False),
        ({"tx_hash": "0x1", "tx_index": 0}, {"tx_hash": "0x1"}, True),
        ({"tx_hash": "0x1"}, {"tx_hash": "0x2"}, False),
        ({"end_to_end_id": "E"}, {"end_to_end_id": "E"}, False),
        ({"tx_hash": "0x1"}, {"client_ref": "0x1"}, False),
    ],
)
def test_two_that_arrived_are_one_by_their_transaction_alone(
    one: dict[str, Any], other: dict[str, Any], are_one: bool
) -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1", ids=one), desk.inflow("D-2", ids=other))
    assert kin(desk, "D-1") == ({"D-2"} if are_one else set())
    assert kin(desk, "D-2") == ({"D-1"} if are_one else set())


def test_what_was_announced_and_what_came_are_one_by_their_reference_until_both_have_come() -> None:
    desk = Desk()
    same: dict[str, Any] = {"ids": {"end_to_end_id": "E2E-1"}}
    desk.hear(desk.inflow("A-1", "queued", **same), desk.inflow("D-1", **same))
    assert kin(desk, "A-1") == {"D-1"}
    desk.hear(desk.inflow("A-1", **same))
    assert kin(desk, "A-1") == set()


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "11"},
        {"asset": "USD"},
        {"to": {"location": "hot", "client_id": "bob"}},
        {"to": {"location": "hot", "address": DEPOSIT["bob"]}},
    ],
    ids=str,
)
def test_whatever_they_say_otherwise_parts_them(other: dict[str, Any]) -> None:
    desk = Desk()
    same: dict[str, Any] = {"ids": {"tx_hash": "0x1", "client_ref": "R"}}
    desk.hear(desk.inflow("A-1", "queued", **same), desk.inflow("D-1", **{**same, **other}))
    assert kin(desk, "A-1") == set()


def test_a_replaced_transaction_is_found_under_its_new_hash() -> None:
    desk = Desk()
    desk.hear(desk.payment("W-1", "broadcast", ids={"tx_hash": "0x1"}))
    desk.hear(desk.payment("C-1", "broadcast", ids={"tx_hash": "0x2"}))
    assert kin(desk, "W-1") == set()
    desk.hear(desk.payment("W-1", "replaced", ids={"tx_hash": "0x2", "replaced_tx_hash": "0x1"}))
    assert kin(desk, "W-1") == {"C-1"}


def test_more_than_a_few_under_one_name_are_not_one() -> None:
    desk = Desk()
    for number in range(KIN_MAX + 1):
        desk.hear(desk.inflow(f"D-{number + 1}", ids={"tx_hash": "0x1"}))
        expected = set() if number == KIN_MAX else {f"D-{other + 1}" for other in range(number)}
        assert kin(desk, f"D-{number + 1}") == expected


def test_one_that_is_forgotten_is_no_kin() -> None:
    desk = Desk()
    same: dict[str, Any] = {"ids": {"tx_hash": "0x1"}}
    desk.hear(desk.inflow("D-1", **same), desk.inflow("D-2", **same))
    desk.monitor.state.reconciliation.forget(["D-1"])
    assert kin(desk, "D-2") == set()
