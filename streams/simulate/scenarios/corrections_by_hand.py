"""Work by hand that corrects (M01 to M03): it names nothing, it leaves half of a break, or one person does far too much."""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import FEES, HOUSE, WORLD, Account
from streams.simulate.catalogue import CHAIN_ASSETS
from streams.simulate.chain import BOOKING_S, CREDIT_S, broadcast
from streams.simulate.emit import Json
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.faults_money import amount_text
from streams.simulate.movement import Movement
from streams.simulate.scenarios.told import BOOKED_AFTER_S, approve_by_hand, credit, following, paid_in, telling, tells
from streams.simulate.trades import book_move
from streams.simulate.units import DAY_S, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_CHARGE_CENTS = (8_000, 12_000)
_PRACTICE = 4
_PAUSE_S = (120.0, 600.0)
_CLERK, _CHECKER = "clerk-1", "clerk-2"
_PASSED = ("approved", "completed")
_DAYS = 5
_A_DAY = 3
_AT_ONCE = 40
_USUAL = 10  # so many within a day are nothing unusual for anybody
_CENTS = (500, 3_000)
_QUIET_WORLD = {
    "duration_s": (_DAYS + 1.3) * DAY_S, "transfers_per_day": 150, "clients": 8, "snapshot_every_s": 3_600.0,
    "heartbeat_every_s": 900.0, "price_every_s": 43_200.0, "treasury_every_s": 7_200.0,
}  # fmt: skip


# --- M01: what it corrects is not said ---------------------------------------------------------------------------
@scenario(
    "M01", "unnamed_refund", "refunds name the charge that they refund, and one does not", ["policy_violation"],
    severity="P2", deadline_s=5.0, window=(0.2, 0.3),
)  # fmt: skip
def unnamed_refund(desk: Desk, label: Label, rng: Random) -> None:
    """Refund some charges by the book, and once pay something back for nothing that is named."""
    desk.start(_refunds(desk, label, rng, named=False))


@lookalike("unnamed_refund", "refunds name the charge, one of them by the journal that booked it")
def refund_of_a_journal(desk: Desk, label: Label, rng: Random) -> None:
    """Refund some charges by the book, the last by the journal of its charge."""
    desk.start(_refunds(desk, label, rng, named=True))


def _refunds(desk: Desk, label: Label, rng: Random, *, named: bool) -> Process:
    label.note = f"{_PRACTICE} refunds name their charges; the next names {'a journal' if named else 'nothing'}"
    for _ in range(_PRACTICE):
        charge, _ = yield from _charged(desk, rng)
        refund = _refund(desk, charge, charge.units, refers_to=charge.transfer_id)
        refund.tap = following(label)
        yield from _pay_back(desk, refund, f"refund of {charge.transfer_id}")
    charge, journal_id = yield from _charged(desk, rng)
    refund = _refund(desk, charge, charge.units, **({"refers_to": journal_id} if named else {}))
    refund.tap = following(label) if named else telling(desk, label, _PASSED)
    label.scope = {"transfer_id": refund.transfer_id}
    yield from _pay_back(desk, refund, "refund")


# --- M02: the break that it names still stands ----------------------------------------------------------------------
@scenario(
    "M02", "half_reversed", "a deposit is credited twice, and a reversal takes back half of the second credit",
    ["correction_failed"], severity="P3", deadline_s=900.0, awaits=True, window=(0.3, 0.5),
    possible=["double_credit", "amount_mismatch", "liabilities_exceed_holdings", "flow_anomaly"],
    world={"late_share": 0.0},
)  # fmt: skip
def half_reversed(desk: Desk, label: Label, rng: Random) -> None:
    """Credit a deposit twice, and reverse the second credit by half."""
    move = paid_in(desk, rng, rng.choice(CHAIN_ASSETS))
    move.units = move.executed_units = move.units - move.units % 2
    move.tap = following(label)
    label.scope = {"transfer_id": move.transfer_id, "client_id": move.client_id, "asset": move.asset.code}
    desk.start(_reverse_half(desk, label, move))


def _reverse_half(desk: Desk, label: Label, move: Movement) -> Process:
    owner = desk.firm.account_of(move.client_id)
    yield from broadcast(desk, move)
    yield desk.wait(*CREDIT_S)
    credit(desk, label, move, owner, tell=False)
    yield desk.wait(*BOOKED_AFTER_S)
    credit(desk, label, move, owner, tell=False)
    desk.books.take(move.client_id, move.asset.code, move.units)  # the client cannot spend what is not there
    yield desk.wait(*_PAUSE_S)
    back = book_move(desk, "reversal", move.asset.code, move.units // 2, owner, HOUSE, "rev")
    back.ids["reverses"] = move.transfer_id
    back.control = _by(_CLERK)
    back.tap = telling(desk, label, ("completed",))
    said = amount_text(move, move.units)
    label.note = f"{back.transfer_id} reverses half of the {said} that {move.transfer_id} was credited with too much"
    yield from _pay(desk, back, owner, WORLD, "credited twice")


@lookalike("half_reversed", "a charge is refunded in two parts, each of which names it")
def refund_in_two_parts(desk: Desk, label: Label, rng: Random) -> None:
    """Refund a charge by a third, and some minutes later by the rest."""

    def run() -> Process:
        charge, _ = yield from _charged(desk, rng)
        label.scope = {"transfer_id": charge.transfer_id}
        label.note = f"{charge.transfer_id} is refunded in two parts"
        first_units = charge.units // 3
        for units in (first_units, charge.units - first_units):
            part = _refund(desk, charge, units, refers_to=charge.transfer_id)
            part.tap = following(label)
            yield from _pay_back(desk, part, f"refund of a part of {charge.transfer_id}")

    desk.start(run())


# --- M03: one person does far too much --------------------------------------------------------------------------------
@scenario(
    "M03", "busy_operator", "somebody who enters three adjustments a day enters forty within an hour", ["flow_anomaly"],
    severity="P3", deadline_s=5.0, window=(0.001, 0.002), world=_QUIET_WORLD,
)  # fmt: skip
def busy_operator(desk: Desk, label: Label, rng: Random) -> None:
    """Let a clerk adjust a little every day, and then very often."""
    desk.start(_adjust_daily(desk, label, rng, _A_DAY, tell=True))


@lookalike("busy_operator", "somebody who enters forty adjustments a day enters eighty at the end of the month")
def month_end_batch(desk: Desk, label: Label, rng: Random) -> None:
    """Let a clerk adjust much every day, and twice as much on the last."""
    desk.start(_adjust_daily(desk, label, rng, _AT_ONCE, tell=False))


def _adjust_daily(desk: Desk, label: Label, rng: Random, a_day: int, *, tell: bool) -> Process:
    """Enter some adjustments each day, spread over its hours, nothing for a day, and then far more in one hour."""
    times = _AT_ONCE if tell else 2 * _AT_ONCE
    label.note = f"{_CLERK} enters {a_day} adjustments a day, and then {times} within an hour"
    for _ in range(_DAYS * a_day):
        _adjust(desk, label, rng, tell=False)
        yield span_us(DAY_S / a_day * rng.uniform(1.0, 1.01))
    yield span_us(DAY_S)
    for number in range(times):
        _adjust(desk, label, rng, tell=tell and number >= _USUAL)
        yield span_us(3_600.0 / times)


def _adjust(desk: Desk, label: Label, rng: Random, *, tell: bool) -> None:
    """Let the clerk give a client a little from the house."""
    units = rng.randint(*_CENTS)
    if desk.books.balances[HOUSE.account_id, "USD"] < units:
        return
    client = desk.firm.pick_client(rng)
    move = book_move(desk, "adjustment", "USD", units, HOUSE, client.account, "adj")
    move.control = _by(_CLERK)
    move.tap = telling(desk, label) if tell else following(label)
    legs = [(HOUSE, "USD", -units), (client.account, "USD", units)]
    journal_id = desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra=_booked("goodwill"))
    label.event_ids.append(f"{journal_id}-2")
    if tell:
        tells(desk, label, f"{journal_id}-2")
    desk.start(_say_done(desk, move))


# --- what they share --------------------------------------------------------------------------------------------------
def _by(clerk: str) -> Json:
    return {"origin": "manual", "declared_class": "risky", "initiator": clerk, "approvers": [_CHECKER]}


def _charged(desk: Desk, rng: Random) -> Generator[int, None, tuple[Movement, str]]:
    """Charge a client for something; return the charge and its journal."""
    client = max(desk.firm.clients, key=lambda known: desk.books.spendable[known.client_id, "USD"])
    units = rng.randint(*_CHARGE_CENTS)
    desk.books.take(client.client_id, "USD", units)
    charge = book_move(desk, "fee", "USD", units, client.account, FEES, "fee")
    legs = [(client.account, "USD", -units), (FEES, "USD", units)]
    journal_id = desk.books.post("fee", legs, transfer_id=charge.transfer_id)
    yield desk.wait(*BOOKING_S)
    desk.say(charge, "completed")
    yield span_us(rng.uniform(*_PAUSE_S))
    return charge, journal_id


def _refund(desk: Desk, charge: Movement, units: int, **ids: str) -> Movement:
    client = desk.firm.by_id[charge.client_id]
    refund = book_move(desk, "refund", "USD", units, FEES, client.account, "ref")
    refund.ids.update(ids)
    refund.control = _by(_CLERK)
    return refund


def _pay_back(desk: Desk, refund: Movement, reason: str) -> Process:
    """Let people approve a refund, and book it."""
    yield from approve_by_hand(desk, refund)
    taker = Account(refund.target.account_id, "client", refund.target.client_id)
    yield from _pay(desk, refund, FEES, taker, reason)


def _pay(desk: Desk, move: Movement, giver: Account, taker: Account, reason: str) -> Process:
    """Book a correction, and say that it is done."""
    legs = [(giver, move.asset.code, -move.units), (taker, move.asset.code, move.units)]
    desk.books.post(move.op_type, legs, transfer_id=move.transfer_id, extra=_booked(reason))
    yield from _say_done(desk, move)


def _booked(reason: str) -> Json:
    return {"origin": "manual", "maker": _CLERK, "checker": _CHECKER, "reason": reason}


def _say_done(desk: Desk, move: Movement) -> Process:
    yield desk.wait(*BOOKING_S)
    desk.say(move, "completed")
