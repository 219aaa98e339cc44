"""Journals that add up are never told, in whatever order their legs come; any that does not is, ten seconds later."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.books.desk import Desk
from tests.ledger.wire import Sent

TOLD = {"unbalanced_journal P2 open"}
amounts = st.integers(1, 10**6).map(str)
assets = st.sampled_from(["USD", "BTC"])


@st.composite
def balanced(draw: Any, desk: Desk) -> list[Sent]:
    """Return the legs of a journal that adds up to zero in each of its assets."""
    legs: list[tuple[str, str, str]] = []
    for asset in draw(st.lists(assets, min_size=1, max_size=2, unique=True)):
        parts = draw(st.lists(amounts, min_size=1, max_size=4))
        legs += [(f"client:{number}", part, asset) for number, part in enumerate(parts)]
        legs.append(("house", f"-{sum(map(int, parts))}", asset))
    common: dict[str, Any] = {
        "legs_total": len(legs),
        "journal_id": desk.name(),
        "op_type": "internal",
        "balances": False,
    }
    return [
        desk.leg(place, account, part, asset=asset, **common) for place, (account, part, asset) in enumerate(legs, 1)
    ]


@given(st.data())
def test_balanced_journals_in_any_order_are_never_told(data: st.DataObject) -> None:
    desk = Desk()
    legs = [leg for _ in range(data.draw(st.integers(1, 4))) for leg in data.draw(balanced(desk))]
    ordered = data.draw(st.permutations(legs))
    for leg in ordered:
        assert desk.hear(leg, after=data.draw(st.sampled_from([0.0, 0.1, 9.9 / len(legs)]))) == set()
    assert desk.wait(1_000) == set()


@given(st.data())
def test_a_leg_that_is_missing_doubled_or_changed_is_always_told_and_the_right_one_mends_it(
    data: st.DataObject,
) -> None:
    desk = Desk()
    legs = data.draw(balanced(desk))
    place = data.draw(st.integers(0, len(legs) - 1))
    topic, leg = legs[place]
    fault = data.draw(st.sampled_from(["missing", "doubled", "changed"]))
    again = (topic, {**leg, "event_id": "again", "posting_id": "again", "source_seq": "999"})
    if fault == "missing":
        del legs[place]
    elif fault == "doubled":
        legs.append(again)
    else:
        change = data.draw(st.integers(1, 9))
        legs[place] = (topic, {**leg, "amount": str(int(leg["amount"]) + change)})
    for told in data.draw(st.permutations(legs)):
        desk.hear(told)
    assert desk.wait(9.9) == set()
    assert desk.wait(1) == TOLD
    restated = {"missing": leg, "doubled": {**again[1], "amount": "0"}, "changed": leg}[fault]
    right = (topic, {**restated, "event_id": "right", "revision": 1})
    mended = desk.hear(right)
    # A doubled leg that is restated to nothing leaves one that counts.
    assert mended == {"unbalanced_journal P2 explained"}


def test_a_restatement_that_unbalances_a_journal_is_told_after_the_same_wait() -> None:
    desk = Desk(restarts=True)
    topic, leg = desk.legs(("acme", "5"), ("house", "-5"))[0]
    desk.hear((topic, leg))
    desk.hear(desk.legs(("acme", "5"), ("house", "-5"), journal_id=leg["journal_id"])[1])
    assert desk.wait(3_600) == set()
    worse = (topic, {**leg, "event_id": "worse", "amount": "7", "revision": 1})
    assert desk.hear(worse) == set()
    assert desk.wait(9) == set()
    assert desk.wait(2) == TOLD
    alert = desk.alerts[-1]
    assert (alert.difference, alert.scope.asset, alert.rule) == ("2", "USD", "legs_add_up")
    assert "2 of 2 legs" in alert.explanation
    assert desk.hear((topic, {**leg, "event_id": "better", "revision": 2})) == {"unbalanced_journal P2 explained"}


def test_two_legs_with_one_number_are_not_all_legs() -> None:
    desk = Desk()
    (topic, first), (_, second) = desk.legs(("acme", "5"), ("house", "-5"))
    desk.hear((topic, first))
    desk.hear((topic, {**second, "leg_no": 1}))
    assert desk.wait(11) == TOLD
    assert "1 of 2 legs" in desk.alerts[-1].explanation


def test_each_journal_has_its_own_ten_seconds() -> None:
    desk = Desk(restarts=True)
    for amount in ("5", "6"):
        desk.hear(desk.legs(("acme", amount), ("house", f"-{amount}"))[0])
        assert desk.wait(4) == set()
    assert desk.wait(3) == TOLD
    assert desk.alerts[-1].difference == "5"
    assert desk.wait(4) == TOLD
    assert desk.alerts[-1].difference == "6"


def test_what_a_source_has_yet_to_deliver_is_no_missing_leg() -> None:
    desk = Desk(restarts=True)
    desk.beat()
    first, second = desk.legs(("acme", "5"), ("house", "-5"))
    desk.hear(first)
    assert desk.wait(600) == set()
    assert desk.beat(up_to=desk.now - 595) == set(), "delivered up to five seconds after the first leg"
    assert desk.beat(up_to=desk.now - 580) == TOLD
    assert desk.hear(second) == {"unbalanced_journal P2 explained"}


def test_a_journal_older_than_the_horizon_is_watched_no_more() -> None:
    desk = Desk()
    desk.hear(desk.legs(("acme", "5"), ("house", "-5"))[0])
    assert desk.wait(11) == TOLD
    day = 86_400.0
    said = {said for _ in range(37) for said in desk.wait(day)}
    assert said == {"unbalanced_journal P2 resolved"}
    assert not desk.monitor.state.reconciliation.journals.journals.rows
