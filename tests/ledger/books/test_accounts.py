"""What an account holds, as far as anybody can know, and what clients are owed in all."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE
from tests.ledger.books.desk import Desk


def test_a_balance_that_was_told_is_known_whatever_was_heard_before() -> None:
    desk = Desk(restarts=True)
    desk.book(("acme", "-5"), ("house", "5"), balances=False)
    assert desk.books.balance("acme", "USD") is None, "what it held before is anybody's guess"
    topic, leg = desk.legs(("acme", "-1"), ("house", "1"))[0]
    desk.hear((topic, {**leg, "balance_after": "94"}))
    assert desk.books.balance("acme", "USD") == 94 * ONE
    assert desk.books.balance("bolt", "USD") is None


def test_amounts_make_a_balance_where_the_openings_or_the_first_number_were_heard() -> None:
    opened, numbered = Desk(restarts=True), Desk(restarts=True)
    opened.book(("acme", "100"), ("out", "-100"), balances=False, op_type="opening")
    opened.book(("bolt", "7"), ("house", "-7"), balances=False)
    assert opened.books.balance("bolt", "USD") == 7 * ONE
    for number, (topic, leg) in enumerate(numbered.legs(("acme", "3"), ("house", "-3"), balances=False)):
        numbered.hear((topic, {**leg, "source_seq": f"LDG-{number + 1:06}"}))
    assert numbered.books.balance("acme", "USD") == 3 * ONE
    assert numbered.books.balance("house", "USD") == -3 * ONE


clients = st.sampled_from(["acme", "bolt", "cove"])
journals = st.lists(
    st.tuples(clients, st.sampled_from(["out", "house"]), st.integers(-30, 60), st.booleans()), max_size=15
)


@given(journals, st.data())
def test_what_clients_are_owed_is_the_sum_of_what_is_above_zero(told: list[tuple[Any, ...]], data: Any) -> None:
    desk = Desk()
    balances: dict[tuple[str, str], int] = defaultdict(int)
    legs = []
    for client, other, amount, in_dollars in told:
        asset = "USD" if in_dollars else "BTC"
        legs += desk.legs((client, str(amount)), (other, str(-amount)), asset=asset)
        balances[client, asset] += amount
    for sent in data.draw(st.permutations(legs)):
        desk.hear(sent)
    for asset in ("USD", "BTC"):
        owed = sum(max(units, 0) for (_, code), units in balances.items() if code == asset)
        assert desk.books.owed.get(("desk", asset), 0) == owed * ONE


def test_an_account_that_is_put_into_another_group_takes_its_balance_there() -> None:
    desk = Desk(restarts=True)
    desk.book(("acme", "5"), ("house", "-5"))
    assert desk.books.owed == {("desk", "USD"): 5 * ONE}
    desk.refer("account", account_id="acme", account_class="client", client_id="acme", recon_group="other")
    owed = {key: units for key, units in desk.books.owed.items() if units}
    assert owed == {("other", "USD"): 5 * ONE}
    desk.refer("location", location="elsewhere", role="venue", recon_group="third")
    assert {key: units for key, units in desk.books.owed.items() if units} == owed
