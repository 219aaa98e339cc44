from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import pytest

from streams.simulate import WorldConfig
from streams.simulate.books import HOUSE, WORLD, Account
from streams.simulate.desk import Desk
from tests.simulate.tally import rows, tally
from tests.simulate.worlds import day

CLIENT = Account("client-001:main", "client", "client-001")


def test_the_books_open_on_exactly_what_the_places_report() -> None:
    world = tally(day())
    owed: dict[str, Fraction] = defaultdict(Fraction)
    for leg in world.postings:
        if leg["op_type"] == "opening" and leg["account_class"] != "external":
            owed[leg["asset"]] += Fraction(leg["amount"])
    held: dict[str, Fraction] = defaultdict(Fraction)
    for snapshot in {snapshot["location"]: snapshot for snapshot in reversed(world.snapshots)}.values():
        for asset, total in rows(snapshot).items():
            held[asset] += total
    assert owed == held


def test_a_journal_that_does_not_add_up_is_refused() -> None:
    books = Desk(WorldConfig()).books
    with pytest.raises(AssertionError, match="'USD': 1"):
        books.post("fee", [(HOUSE, "USD", -99), (WORLD, "USD", 100)])
    with pytest.raises(AssertionError, match="legs"):
        books.post("fee", [(HOUSE, "USD", 0), (WORLD, "USD", 0)])


def test_a_client_cannot_take_what_is_set_aside_already() -> None:
    books = Desk(WorldConfig()).books
    books.post("opening", [(CLIENT, "USD", 100), (WORLD, "USD", -100)])
    books.take("client-001", "USD", 60)
    with pytest.raises(AssertionError, match="60"):
        books.take("client-001", "USD", 60)
    assert books.balances[CLIENT.account_id, "USD"] == 100
