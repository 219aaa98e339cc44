"""Mistakes made and taken back within minutes by the book: the pair adds up to nothing, and says what it undoes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE, Account
from streams.simulate.catalogue import BANKS
from streams.simulate.chain import APPROVAL_S, BOOKING_S
from streams.simulate.emit import Json
from streams.simulate.movement import Movement
from streams.simulate.patterns.registry import pattern
from streams.simulate.trades import book_move
from streams.simulate.units import DAY_S

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_CENTS = (50_000, 2_000_000)  # 500 to 20,000
_NOTICED_S = (120.0, 900.0)


@pattern(
    20, "reversal_pairs", "a credit by hand that was wrong, reversed within minutes by two other people, with references",
    every_s=0.4 * DAY_S,
)  # fmt: skip
def reversal_pairs(desk: Corner) -> Process:
    """Credit a client from the house by mistake, keep it from being spent, and take it back."""
    code, client = desk.rng.choice(sorted(BANKS)), desk.rng.choice(desk.firm.clients)
    units = desk.rng.randint(*_CENTS)
    if desk.books.balances[HOUSE.account_id, code] < 10 * units:
        return
    wrong = book_move(desk, "adjustment", code, units, HOUSE, client.account, "adj")
    journal = yield from _book(desk, wrong, HOUSE, client.account, ("ops-1", "ops-2"), {"reason": "goodwill"})
    desk.books.take(client.client_id, code, units)
    yield desk.wait(*_NOTICED_S)
    back = book_move(desk, "reversal", code, units, client.account, HOUSE, "rev")
    back.ids.update(reverses=wrong.transfer_id, refers_to=wrong.transfer_id)
    undone: Json = {"reason": f"credited to the wrong client by {wrong.transfer_id}", "reverses": journal}
    yield from _book(desk, back, client.account, HOUSE, ("ops-3", "ops-4"), undone)


def _book(
    desk: Corner, move: Movement, giver: Account, taker: Account, people: tuple[str, str], rest: Json
) -> Generator[int, None, str]:
    """Book a movement that one person entered and another checked, and tell it; return the journal."""
    maker, checker = people
    move.control = {"origin": "manual", "declared_class": "risky", "initiator": maker, "approvers": [checker]}
    desk.say(move, "requested")
    yield desk.wait(*APPROVAL_S)
    desk.say(move, "approved")
    yield desk.wait(*BOOKING_S)
    legs = [(giver, move.asset.code, -move.units), (taker, move.asset.code, move.units)]
    extra = {"origin": "manual", "maker": maker, "checker": checker, **rest}
    journal = desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=extra)
    yield desk.wait(*BOOKING_S)
    desk.say(move, "completed")
    return journal
