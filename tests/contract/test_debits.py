"""Plausible ways to book an honest withdrawal: none of them disturbs anybody."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import HELD, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import DAY, Leg, Ways

CHAIN = "chain:eip155:1"
HANDS: dict[str, Any] = {"origin": "manual", "maker": "ann", "checker": "ben"}
Scene = Callable[[Firm], None]


def client_pays_the_fee_in_one_debit(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2", fee_amount="0.01", fee_asset="ETH", fee_payer="sender")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2.01")
    firm.debit(it, "alice", "2.01", 401, 442)


def client_pays_the_fee_in_its_own_journal(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2", fee_amount="0.01", fee_asset="ETH", fee_payer="sender")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2.01")
    firm.debit(it, "alice", "2", 401, 442)
    firm.journal(443, "fee", ("client:alice", "ETH", "-0.01"), ("world:w", "ETH", "0.01"), transfer_id="w")


def a_service_fee_is_taken_with_the_debit(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2")
    legs: tuple[Leg, ...] = ("client:alice", "ETH", "-2.05"), ("transit:main", "ETH", "2"), ("fee:main", "ETH", "0.05")
    firm.journal(401, "withdrawal", *legs, transfer_id="w")
    firm.journal(442, "withdrawal", ("transit:main", "ETH", "-2"), ("world:w", "ETH", "2"), transfer_id="w")


def a_withdrawal_is_booked_in_one_journal(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2")
    firm.journal(445, "withdrawal", ("client:alice", "ETH", "-2"), ("world:w", "ETH", "2"), transfer_id="w")


def a_withdrawal_is_debited_minutes_later(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2")
    firm.leave(it, 400)
    firm.value(410, HOT, "ETH", "-2")
    firm.debit(it, "alice", "2", 700, 701)


def a_withdrawal_fails_after_it_was_sent(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2", fee_amount="0.01", fee_asset="ETH", fee_payer="sender")
    it("requested", 400, "oms")
    it("broadcast", 410)
    it("failed", 500)
    firm.value(410, HOT, "ETH", "-2.01")
    firm.value(500, HOT, "ETH", "2.01")
    firm.journal(401, "withdrawal", ("client:alice", "ETH", "-2"), ("transit:main", "ETH", "2"), transfer_id="w")
    firm.journal(505, "withdrawal", ("client:alice", "ETH", "2"), ("transit:main", "ETH", "-2"), transfer_id="w")


def a_stuck_transaction_is_replaced(firm: Firm) -> None:
    it = firm.wanted("w", "alice", "ETH", "2", fee_asset="ETH", fee_payer="sender")
    it("requested", 400, "oms", fee_amount="0.001")
    it("broadcast", 410, fee_amount="0.001", ids={"tx_hash": "a"})
    it("replaced", 500, fee_amount="0.004", ids={"tx_hash": "b", "replaced_tx_hash": "a"})
    it("completed", 560, CHAIN, fee_amount="0.004", ids={"tx_hash": "b"})
    firm.value(410, HOT, "ETH", "-2.001")
    firm.value(500, HOT, "ETH", "-0.003")
    firm.debit(it, "alice", "2", 401, 562)
    firm.journal(563, "fee", ("house:main", "ETH", "-0.004"), ("world:w", "ETH", "0.004"), transfer_id="w")


SCENES = {
    scene.__name__.replace("_", " "): scene
    for scene in (
        client_pays_the_fee_in_one_debit,
        client_pays_the_fee_in_its_own_journal,
        a_service_fee_is_taken_with_the_debit,
        a_withdrawal_is_booked_in_one_journal,
        a_withdrawal_is_debited_minutes_later,
        a_withdrawal_fails_after_it_was_sent,
        a_stuck_transaction_is_replaced,
    )
}
WAYS = [Ways(heartbeat_s=60), Ways(), Ways(heartbeat_s=60, transfer_ids=False), Ways(group="all", told_twice=True)]


@pytest.mark.parametrize("ways", WAYS, ids=str)
@pytest.mark.parametrize("name", SCENES)
def test_an_honest_thing_is_quiet_in_whatever_way_it_is_told(name: str, ways: Ways) -> None:
    firm = Firm(ways).told()
    SCENES[name](firm)
    polls(firm, 1_800)
    verdict = examine(firm)
    verdict.quiet()
    for place in HELD:
        for asset, total in firm.held(place, DAY).items():
            assert verdict.expected(place, asset) == total, (place, asset)
            assert Decimal(verdict.positions[place, asset]["drift"]) == 0
