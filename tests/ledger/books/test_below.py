"""A place below zero is told, by its own word or by what left it, and not for what is only heard of late."""

from __future__ import annotations

from tests.ledger.books.desk import Desk
from tests.ledger.wire import snapshot

TOLD = "negative_balance P1 open"


def opened(*, restarts: bool = True) -> Desk:
    desk = Desk(restarts=restarts)
    desk.report("hot")
    desk.report("vault", USD="100")
    desk.wait(60)
    return desk


def test_a_place_that_reports_less_than_nothing_is_told_at_once_and_when_it_no_longer_does() -> None:
    desk = opened()
    assert desk.report("vault", USD="-5") == {TOLD}
    (alert,) = desk.alerts
    assert (alert.scope.location, alert.scope.asset, alert.difference) == ("vault", "USD", "-5")
    assert alert.evidence == (f"e{desk.told}",)
    desk.wait(60)
    assert desk.report("vault", USD="-5.4") == set()
    desk.wait(60)
    assert desk.report("vault", USD="-5.5") == {TOLD}
    desk.wait(60)
    assert desk.report("vault", USD="3") == {"negative_balance P1 resolved"}


def test_parts_dust_and_holdings_that_are_not_real_are_not_below_zero() -> None:
    desk = opened(restarts=False)
    assert desk.report("vault", USD="-0.01") == set()
    part = [{"asset": "USD", "total": "-5", "account_id": "sub"}, {"asset": "USD", "total": "100"}]
    desk.now += 60
    topic, report = snapshot("part", desk.now, "vault", {})
    assert desk.hear((topic, {**report, "rows": part})) == set()
    assert desk.hear((topic, {**report, "event_id": "v", "snapshot_id": "v", "holding_kind": "virtual"})) == set()


def test_more_than_a_place_has_goes_out_and_comes_back() -> None:
    desk = opened()
    assert desk.move("X1", "broadcast", "vault>external", "101") == {TOLD}
    assert "more has left" in desk.alerts[-1].explanation
    assert desk.wait(60) == set()
    assert desk.move("X1", "failed", "vault>external", "101") == {"negative_balance P1 explained"}


def test_what_came_before_may_be_heard_of_after_what_left_as_long_as_its_source_has_not_delivered() -> None:
    desk = opened()
    desk.move("D0", "completed", "external>vault", "1")  # the source that tells of the place
    desk.beat(up_to=desk.now)
    desk.wait(60)
    into = desk.movement("D1", "completed", "external>vault", "50")
    assert desk.move("X1", "broadcast", "vault>external", "140") == set()
    assert desk.wait(600) == set()
    assert desk.hear(into) == set()
    assert desk.beat() == set()
    desk.wait(60)
    assert desk.move("X2", "broadcast", "vault>external", "20") == set()
    assert desk.beat(after=1) == {TOLD}


def test_what_is_on_its_way_there_covers_what_left() -> None:
    desk = opened()
    desk.move("D1", "broadcast", "external>vault", "50")
    assert desk.move("X1", "broadcast", "vault>external", "140") == set()
    assert desk.wait(600) == set()
    assert desk.move("D1", "failed", "external>vault", "50") == set()
    assert desk.wait(61) == {TOLD}


def test_a_place_that_reports_more_than_is_expected_is_not_below_zero_for_what_nobody_told() -> None:
    desk = opened()
    assert desk.report("vault", USD="180") == set()
    desk.wait(60)
    assert desk.move("X1", "broadcast", "vault>external", "140") == set()
    assert desk.move("X2", "broadcast", "vault>external", "41") == {TOLD}


def test_a_place_that_never_opened_and_one_whose_books_move_alone_are_not_below_zero() -> None:
    desk = Desk(restarts=True)
    assert desk.move("X1", "broadcast", "vault>external", "140") == set()
    assert desk.move("B1", "completed", "vault>vault", "140") == set()


def test_a_bank_may_lend_to_a_firm_whose_books_nobody_has_heard() -> None:
    desk = Desk()
    desk.report("bank", USD="100")
    desk.wait(60)
    assert desk.report("bank", USD="-3") == set()
