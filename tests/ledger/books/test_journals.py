"""A posting counts once, by its highest revision, wherever it was booked before; reversals are known for what they are."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.amounts import ONE
from ledger.books.journals import Journals
from ledger.books.legs import LEGS_MAX
from ledger.events import Posting
from ledger.parser import parse
from tests.ledger.books.desk import Desk
from tests.ledger.wire import posting, received

AMOUNTS = st.integers(-5, 5)
ROW_MAX_BYTES = 256_000


def event(event_id: str, **fields: Any) -> Posting:
    parsed = parse("ledger", received(posting(event_id, 0, **fields), 0).value)
    assert isinstance(parsed, Posting), parsed
    return parsed


def journals() -> Journals:
    return Desk().monitor.state.reconciliation.journals


revisions = st.tuples(
    st.sampled_from(["p1", "p2", "p3"]), st.integers(0, 3), st.sampled_from(["a", "b"]), st.sampled_from(["USD", "BTC"]),
    AMOUNTS, st.sampled_from(["j1", "j2"]),
)  # fmt: skip


@given(st.lists(revisions, max_size=20))
def test_what_is_applied_is_what_the_highest_revisions_say(told: list[tuple[str, int, str, str, int, str]]) -> None:
    check = journals()
    applied: dict[tuple[str, str], int] = defaultdict(int)
    latest: dict[str, tuple[int, str, str, int]] = {}
    for number, (posting_id, revision, account, asset, amount, journal) in enumerate(told):
        fields = {"account_id": account, "asset": asset, "amount": str(amount), "journal_id": journal}
        for entry in check.take(event(f"e{number}", posting_id=posting_id, revision=revision, **fields), asset):
            applied[entry.event.account_id, entry.asset] += entry.units
        if posting_id not in latest or latest[posting_id][0] < revision:
            latest[posting_id] = (revision, account, asset, amount)
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for _, account, asset, amount in latest.values():
        expected[account, asset] += amount * ONE
    assert {place: units for place, units in applied.items() if units} == {p: u for p, u in expected.items() if u}
    legs = {posting_id: leg for journal in check.journals.rows.values() for posting_id, leg in journal.legs.items()}
    assert {name: (leg.account_id, leg.asset, leg.units) for name, leg in legs.items()} == {
        name: (account, asset, amount * ONE) for name, (_, account, asset, amount) in latest.items()
    }


def test_a_leg_moved_to_another_account_is_taken_off_the_first() -> None:
    check = journals()
    check.take(event("e1", posting_id="p", amount="5", asset="USD", client_id="acme", balance_after="5"), "USD")
    off, on = check.take(event("e2", posting_id="p", amount="5", asset="USD", account_id="other", revision=1), "USD")
    assert (off.event.account_id, off.units, off.whole_units, off.restated) == ("client:acme", -5 * ONE, 0, True)
    assert (on.event.account_id, on.units, on.whole_units, on.restated) == ("other", 5 * ONE, 5 * ONE, True)
    assert off.event.balance_after is None


ORIGINAL = [("acme", "8"), ("out", "-8")]


@pytest.mark.parametrize(
    ("legs", "is_reversal"),
    [
        ([("acme", "-8"), ("out", "8")], True),
        ([("acme", "-8"), ("lost", "8")], True),  # what the client got is gone, and that is what counts
        ([("acme", "-7"), ("out", "7")], False),
        ([("bolt", "-8"), ("out", "8")], False),
    ],
)
@pytest.mark.parametrize("names", ["journal", "posting"])
@pytest.mark.parametrize("first", ["original", "reversal", "in turns"])
def test_a_journal_is_reversed_by_its_mirror_whichever_is_heard_first(
    legs: list[tuple[str, str]], is_reversal: bool, names: str, first: str
) -> None:
    desk = Desk(restarts=True)
    original = desk.legs(*ORIGINAL)
    reversal = desk.legs(*legs, reverses="j1" if names == "journal" else "j1-1")
    order = {
        "original": original + reversal,
        "reversal": reversal + original,
        "in turns": [reversal[0], original[0], reversal[1], original[1]],
    }[first]
    for sent in order:
        desk.hear(sent)
    rows = desk.monitor.state.reconciliation.journals.journals.rows
    assert rows["j1"].reversed_by == ("j2" if is_reversal else "")
    assert rows["j2"].reversed_by == ""


def test_a_reversal_that_is_restated_to_another_amount_is_none() -> None:
    desk = Desk(restarts=True)
    desk.book(*ORIGINAL)
    reversal = desk.legs(("acme", "-8"), ("out", "8"), reverses="j1")
    for sent in reversal:
        desk.hear(sent)
    rows = desk.monitor.state.reconciliation.journals.journals.rows
    assert rows["j1"].reversed_by == "j2"
    for topic, leg in reversal:
        less = leg["amount"].replace("8", "6")
        desk.hear((topic, {**leg, "amount": less, "event_id": f"{leg['event_id']}-r", "revision": 1}))
    assert desk.monitor.state.reconciliation.journals.journals.rows["j1"].reversed_by == ""


def test_legs_beyond_the_bound_are_counted_and_added_up() -> None:
    desk = Desk()
    total = LEGS_MAX + 200
    parts: list[tuple[str, str]] = [(f"client:{number}", "1") for number in range(total - 1)]
    legs = desk.legs(*parts, ("house", str(-(total - 1))), balances=False)
    for sent in legs:
        desk.hear(sent)
    check = desk.monitor.state.reconciliation.journals
    (name,) = check.journals.rows
    assert len(check.journals.rows[name].legs) == LEGS_MAX
    assert not check.is_open(name)
    assert len(msgspec.json.encode(check.journals.rows[name])) < ROW_MAX_BYTES
    assert desk.wait(60) == set()
    topic, last = legs[-1]
    assert desk.hear((topic, {**last, "event_id": "again", "revision": 1, "amount": "0"})) == set()
    assert desk.wait(60) == set(), "what is only in the sums cannot be restated"
    desk.hear((topic, {**last, "event_id": "more", "posting_id": "more"}))
    assert desk.wait(60) == {"unbalanced_journal P2 open"}


def test_a_posting_is_found_in_its_journal() -> None:
    desk = Desk()
    desk.book(("acme", "5"), ("house", "-5"), transfer_id="T1")
    journal = desk.monitor.state.reconciliation.context.journals.of_posting("j1-2")
    assert journal is not None
    assert journal.transfer_id == "T1"
    assert desk.monitor.state.reconciliation.context.journals.of_posting("j2-2") is None
