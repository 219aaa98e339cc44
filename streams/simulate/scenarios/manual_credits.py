"""Credits entered by hand with no money behind them: the wrong unit, or zeros that a form had filled in (S03, S04)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE, INTEREST, WORLD, Account
from streams.simulate.catalogue import ASSETS, BANKS
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.movement import Movement
from streams.simulate.scenarios.told import BY_HAND, credit, following, put_plan, telling, tells
from streams.simulate.trades import book, book_move
from streams.simulate.units import span_us
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BATCH = 60
_WHOLE = (500, 2_000)  # what each of the batch is to get, in euros
_ZEROS_CENTS = 81 * 10**14  # 81e12 USD
_MONTHLY = 400  # interest of a month: one part in this many


@scenario(
    "S03", "batch_unit_mixup", "a batch of rewards that was planned in EUR is credited in BTC, and nobody has them",
    ["unit_or_decimal_error", "liabilities_exceed_holdings"], severity="P1", deadline_s=5.0,
    possible=["unexpected_destination", "phantom_credit", "amount_mismatch", "negative_balance", "policy_violation",
              "flow_anomaly"],
)  # fmt: skip
def batch_unit_mixup(desk: Desk, label: Label, rng: Random) -> None:
    """Credit clients with 500 to 2,000 BTC each: more at once than the firm holds."""
    desk.start(_batch(desk, label, rng, "BTC", rng.choice((HOUSE, WORLD)), tell=True))


@lookalike("batch_unit_mixup", "the same batch of rewards in EUR, as its plan says")
def batch_of_rewards(desk: Desk, label: Label, rng: Random) -> None:
    """Let the house give clients 500 to 2,000 EUR each."""
    desk.start(_batch(desk, label, rng, "EUR", HOUSE, tell=False))


@scenario(
    "S04", "prefilled_zeros", "81 trillion dollars are credited to a client by hand, in the books alone",
    ["unit_or_decimal_error", "liabilities_exceed_holdings"], severity="P1", deadline_s=5.0,
    possible=["phantom_credit", "policy_violation", "flow_anomaly"],
)  # fmt: skip
def prefilled_zeros(desk: Desk, label: Label, rng: Random) -> None:
    """Enter 81e12 USD where 280 were meant, against the account of the outside."""
    client = desk.firm.pick_client(rng)
    legs = [(WORLD, "USD", -_ZEROS_CENTS), (client.account, "USD", _ZEROS_CENTS)]
    journal_id = desk.books.post("adjustment", legs, extra={**BY_HAND, "reason": "correction of 280"})
    _lock(desk, client, "USD", _ZEROS_CENTS)
    label.event_ids.append(f"{journal_id}-1")
    label.event_ids.append(f"{journal_id}-2")
    tells(desk, label, f"{journal_id}-2")
    label.scope = {"client_id": client.client_id, "account_id": client.account.account_id, "asset": "USD"}
    label.note = f"{journal_id} credits 81,000,000,000,000 USD to {client.client_id} with no money behind them"


@lookalike("prefilled_zeros", "the month's interest is credited to all clients at once")
def month_end_interest(desk: Desk, label: Label, rng: Random) -> None:
    """Credit a quarter of a percent on all money at the banks, as a month's end does."""
    label.scope = {"account_id": INTEREST.account_id}
    label.note = "every client gets the month's interest on its USD and EUR"
    for code in BANKS:
        for client in desk.firm.clients:
            units = desk.books.balances[client.account.account_id, code] // _MONTHLY
            if units > 0:
                move = book_move(desk, "interest", code, units, INTEREST, client.account, "pay")
                move.tap = following(label)
                desk.start(book(desk, move, INTEREST, client.account, asked=False))


def _batch(desk: Desk, label: Label, rng: Random, code: str, giver: Account, *, tell: bool) -> Process:
    """Announce a batch of rewards in EUR, and credit it in `code`, one a second."""
    plan_id = f"plan-{desk.next_id('batch')}"
    bank = BANKS["EUR"]
    bounds = {"amount_min": str(_WHOLE[0]), "amount_max": str(_WHOLE[1])}
    put_plan(desk, plan_id, "reward", bank, "EUR", {"to": bank, "to_role": "bank", **bounds})
    label.scope = {"asset": code}
    label.note = f"{plan_id} says 500 to 2,000 EUR each; {_BATCH} credits in {code} follow, one a second"
    yield desk.wait(600.0, 1_200.0)
    for number in range(_BATCH):
        client = desk.firm.clients[(number + 1) * 7 % len(desk.firm.clients)]
        units = rng.randint(*_WHOLE) * int(10 ** ASSETS[code].decimals)
        move = _reward(desk, code, units, giver, client, plan_id)
        first = tell and number == 0
        move.tap = telling(desk, label) if first else following(label)
        credit(desk, label, move, client.account, giver=giver, tell=first, extra={**BY_HAND, "reason": "promotion"})
        if tell:
            _lock(desk, client, code, units)
        desk.say(move, "completed")
        yield span_us(1.0)


def _reward(desk: Desk, code: str, units: int, giver: Account, client: Client, plan_id: str) -> Movement:
    move = book_move(desk, "reward", code, units, giver, client.account, "rwd")
    move.plan_id, move.parent_id = plan_id, plan_id.removeprefix("plan-")
    move.control = {"origin": "manual", "declared_class": "risky", "initiator": "ops-1", "approvers": ["ops-2"]}
    return move


def _lock(desk: Desk, client: Client, code: str, units: int) -> None:
    """Keep a client from spending what nobody has: the rest of the world stays what it was."""
    desk.books.take(client.client_id, code, units)
