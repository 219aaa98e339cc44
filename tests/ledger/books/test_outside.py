"""The firm's own accounts change against the outside with a movement, or it is told."""

from __future__ import annotations

from tests.ledger.books.desk import Desk

TOLD, WORSE = "control_total_broken P3 open", "control_total_broken P2 open"


def naming() -> Desk:
    """Return a desk whose ledger has named the movement of each of twenty bookings."""
    desk = Desk().opened("1000", "5000000")
    for number in range(20):
        desk.move(f"F{number}", "completed", "bank>external", "1")
        desk.book(("house", "-1"), ("out", "1"), op_type="fee", transfer_id=f"F{number}")
    desk.restarts = True
    return desk


def test_a_booking_with_no_movement_is_told_after_a_quarter_of_an_hour_and_mended_by_its_opposite() -> None:
    desk = naming()
    desk.book(("house", "500"), ("out", "-500"))
    assert desk.wait(899) == set()
    assert desk.wait(2) == {TOLD}
    (alert,) = desk.alerts
    assert (alert.difference, alert.scope.asset) == ("500", "USD")
    desk.book(("house", "-500"), ("out", "500"), reverses="j22")
    assert desk.wait(901) == {"control_total_broken P3 explained"}


def test_it_is_worse_when_it_is_material_and_an_hour_old() -> None:
    desk = naming()
    desk.book(("house", "200000"), ("out", "-200000"))
    assert desk.wait(901) == {TOLD}
    assert desk.wait(3_598) == set()
    assert desk.wait(3) == {WORSE}


def test_a_movement_that_is_heard_of_late_accounts_for_its_booking() -> None:
    desk = naming()
    desk.book(("house", "500"), ("out", "-500"), transfer_id="L1")
    desk.book(("house", "70"), ("out", "-70"), transfer_id="L2")
    desk.wait(300)
    assert desk.move("L2", "completed", "external>bank", "70") == set()
    assert desk.wait(700) == {TOLD}
    assert desk.alerts[-1].difference == "500"
    assert desk.move("L1", "completed", "external>bank", "500") == {"control_total_broken P3 explained"}


def test_what_clients_are_credited_what_the_openings_say_and_what_stays_inside_is_judged_elsewhere() -> None:
    desk = naming()
    desk.book(("acme", "5"), ("out", "-5"), op_type="deposit", transfer_id="P1")
    desk.book(("house", "50"), ("out", "-50"), op_type="opening")
    desk.book(("house", "50"), ("pnl", "-50"))
    assert {said for said in desk.wait(3_600) if "control" in said} == set()


def test_a_ledger_that_does_not_name_movements_proves_nothing() -> None:
    desk = Desk(restarts=True).opened("1000", "5000")
    for _ in range(5):
        desk.move(desk.name(), "completed", "bank>external", "1")
        desk.book(("house", "-1"), ("out", "1"), op_type="fee")
    assert desk.wait(3_600) == set()


def test_while_a_place_shows_a_drift_the_booking_may_be_of_what_nobody_has_told() -> None:
    desk = naming()
    desk.wait(60)
    desk.report("bank", USD="5000480")
    desk.book(("house", "500"), ("out", "-500"))
    assert desk.wait(901) == set()
    desk.report("bank", USD="4999980")
    assert desk.wait(901) == {TOLD}
