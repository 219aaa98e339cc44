"""Money that came, and is not booked."""

from __future__ import annotations

import pytest

from tests.contract.broker import polls
from tests.contract.firm import Firm
from tests.contract.names import BANK, HOT
from tests.contract.verdicts import examine
from tests.contract.ways import USUAL_WAYS, Ways

VARIED = [
    *USUAL_WAYS,
    Ways(client_named=False),
    Ways(single_completed=True),
]
CHAIN = "chain:eip155:1"


@pytest.mark.parametrize("ways", VARIED, ids=str)
def test_a_deposit_that_is_not_booked_is_raised_at_its_sla_and_worse_at_twice(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = firm.coming("in", "alice", "ETH", "3")
    firm.arrive(it, 370)  # final at 400, or at 398 where two sources tell it
    firm.value(400, HOT, "ETH", "3")
    polls(firm, 1_800)
    verdict = examine(firm)
    story = verdict.one("missing_credit")
    late_s = 60 if ways.heartbeat_s else 0
    assert story.severity == "P3"
    assert 998 <= story.opened <= 1_000 + late_s
    worse = story.reached("P2")
    assert worse is not None
    assert 1_598 <= worse <= 1_600 + late_s
    assert story.scope.get("transfer_id") == "in"
    assert [one.kind for one in verdict.loud()] == ["missing_credit"]


@pytest.mark.parametrize("ways", [Ways(heartbeat_s=60), Ways(transfer_ids=False)], ids=str)
def test_a_fiat_deposit_that_is_told_once_is_waited_for_in_the_same_way(ways: Ways) -> None:
    firm = Firm(ways).told()
    it = firm.coming("in", "carol", "USD", "2500")
    it("completed", 400, "bank:acme-usd")
    firm.value(400, BANK, "USD", "2500")
    polls(firm, 1_200)
    assert 1_000 <= examine(firm).one("missing_credit").opened <= 1_060


def test_a_credit_in_time_is_quiet_and_a_late_one_closes() -> None:
    for credit_s, raised in ((590, False), (700, True)):
        firm = Firm(Ways(heartbeat_s=60)).told()
        firm.deposit("in", "alice", "ETH", "3", 370, credit_s=credit_s)
        polls(firm, 1_800)
        verdict = examine(firm)
        if raised:
            assert verdict.one("missing_credit").over
            assert verdict.one("missing_credit").worst == "P3"
        else:
            verdict.quiet()


@pytest.mark.parametrize("end", [None, "failed", "rejected", "returned"])
def test_before_finality_nothing_is_missing(end: str | None) -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.coming("in", "alice", "ETH", "3")
    it("confirming", 400, CHAIN, confirmations=1, confirmations_required=30)
    if end:
        it(end, 900, CHAIN)
    polls(firm, 1_500)
    examine(firm).quiet(but=("in_transit_overdue", "sla_breach") if end is None else ())


def test_maintenance_of_the_place_stops_the_clock_of_a_credit() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    window = {"from": "2026-03-02T09:05:00Z", "until": "2026-03-02T09:25:00Z", "what": "all"}
    firm.steer("maintenance", 100, location=HOT, **window)
    firm.deposit("in", "alice", "ETH", "3", 370, credit_s=1_200)
    polls(firm, 1_800)
    examine(firm).quiet()


def test_a_deposit_in_two_credits_and_a_fee_is_booked() -> None:
    firm = Firm(Ways(heartbeat_s=60)).told()
    it = firm.coming("in", "alice", "ETH", "3")
    firm.arrive(it, 370)
    firm.value(400, HOT, "ETH", "3")
    legs = (("client:alice", "ETH", "2.99"), ("fee:main", "ETH", "0.01"), ("world:w", "ETH", "-3"))
    firm.journal(420, "deposit", *legs, transfer_id="in")
    polls(firm, 1_800)
    examine(firm).quiet()
