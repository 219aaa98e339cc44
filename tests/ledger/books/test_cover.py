"""What covers the clients is, after every event, what it would be if it were added up anew."""

from __future__ import annotations

from hypothesis import given

from ledger.books.cover import Cover
from ledger.books.totals import Totals
from streams.monitor import Monitor
from tests.ledger.books.desk import Desk
from tests.ledger.strategies import Log, logs


@given(logs())
def test_the_running_sums_are_those_made_anew(log: Log) -> None:
    monitor = Monitor()
    totals = next(check for check in monitor.state.reconciliation.checks if type(check) is Totals)
    for record in log:
        monitor.step(record)
        anew = Cover(monitor.state.reconciliation.context)
        anew.unproved = totals.cover.unproved
        anew.rebuild()
        keys = totals.cover.held.keys() | anew.held.keys() | totals.cover.moving.keys() | anew.moving.keys()
        assert {key: totals.cover.units(key) for key in keys} == {key: anew.units(key) for key in keys}


def test_what_came_back_from_an_unproved_address_is_not_taken_off_twice() -> None:
    desk = Desk(restarts=True).opened("1000", "1000", asset="BTC")
    address = {"address": "bc1qours", "network": "bitcoin", "owner": "bank", "location": "bank", "role": "bank"}
    desk.refer("address", **address, state="active")
    to = {"location": "bank", "address": "bc1qours", "network": "bitcoin"}
    key = ("desk", "BTC")
    desk.move("D1", "completed", "external>bank", "5", "BTC", to=to)
    assert desk.totals.cover.units(key) == desk.totals.owed[key]
    desk.wait(60)
    desk.move("D1", "reorged", "external>bank", "5", "BTC", to=to)
    assert desk.totals.cover.units(key) == desk.totals.owed[key]
    assert not any(desk.totals.cover.uncontrolled.values())
