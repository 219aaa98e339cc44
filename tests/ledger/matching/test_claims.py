"""Which postings belong to which movement, and how many are kept."""

from __future__ import annotations

from ledger.amounts import ONE
from ledger.matching.claims import LEGS_MAX
from tests.ledger.matching.desk import Desk


def test_only_accounts_that_somebody_owns_are_kept() -> None:
    desk = Desk()
    desk.hear(*desk.hold("W-1"), *desk.settle("W-1"))
    claim = desk.join.claims.table.rows["W-1"]
    assert [(leg.party, leg.units, leg.outside) for leg in claim.legs.values()] == [("ann", -10 * ONE, False)]


def test_beyond_a_bound_postings_are_added_up_and_nothing_is_lost() -> None:
    desk = Desk()
    number = LEGS_MAX + 20
    for _ in range(number):
        desk.hear(*desk.credit("D-1", "1"), after=0.1)
    claim = desk.join.claims.table.rows["D-1"]
    assert len(claim.legs) == LEGS_MAX + 1
    assert sum(leg.units for leg in claim.legs.values()) == number * ONE
    assert desk.hear(desk.inflow("D-1", amount=str(number))) == set()
    assert desk.open == set()


def test_a_posting_that_is_restated_to_another_account_moves_there() -> None:
    desk = Desk(restarts=True)
    outside, client = desk.credit("D-1", who="bob")
    desk.hear(desk.inflow("D-1"), outside, client)
    right = {"event_id": desk.name(), "revision": 1, "account_id": "ann:main", "client_id": "ann"}
    desk.hear((client[0], {**client[1], **right}))
    (leg,) = desk.join.claims.table.rows["D-1"].legs.values()
    assert (leg.party, leg.units) == ("ann", 10 * ONE)
    assert desk.wait(200) == set()


def test_legs_that_come_before_the_one_that_names_the_movement_go_with_it() -> None:
    desk = Desk(restarts=True)
    outside, client = desk.credit("D-1")
    del client[1]["transfer_id"]
    assert desk.hear(desk.inflow("D-1"), client, outside) == set()
    assert desk.wait(5_000) == set()
    assert len(desk.join.claims.table.rows["D-1"].legs) == 1


def test_what_is_older_than_the_horizon_is_forgotten() -> None:
    desk = Desk()
    desk.hear(desk.inflow("D-1"), *desk.credit("D-1"), *desk.credit("X-1"), desk.inflow("D-2", ids={"tx_hash": "0x1"}))
    desk.wait(100)
    assert desk.open == {"phantom_credit P1"}
    for _ in range(40):
        desk.wait(86_400)
    join = desk.join
    assert (len(join.claims.table), len(join.loose.table), join.waiting._names, join.links._keys) == (0, 0, {}, {})
    assert desk.open == set()
