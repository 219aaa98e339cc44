"""Promises with nothing behind them: overdrawn clients, a debt hidden in the books, money out of reach (S15, S19, S20)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.approval import ask
from streams.simulate.books import HOUSE, Account
from streams.simulate.catalogue import ASSETS, CHAIN_ASSETS, DEPOSITS, ETHEREUM, HOT
from streams.simulate.chain import BOOKING_S
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.faults_money import worth_cents
from streams.simulate.limits import daily, hourly
from streams.simulate.movement import Movement
from streams.simulate.reference import register_own, send, tell_limit
from streams.simulate.scenarios.props import stranger, worth
from streams.simulate.scenarios.told import following, telling, tells
from streams.simulate.units import decimal_text, span_us
from streams.simulate.withdrawals import pay_out, withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_AT_ONCE = 20  # requests, each for half of the balance
_MODEST_CENTS = (1_000_000, 7_500_000)  # a balance of which the hot wallet can bear ten times
_ON_RECORD_S = (30.0, 60.0)  # for what the reference has to tell first
_MISC = Account("client:misc", "client")
_LINE_UNITS = 100_000_000  # 1,000,000.00 USD


@scenario(
    "S15", "concurrent_withdrawals", "one client asks twenty times within a tenth of a second, each time for half of its "
    "balance, and all are booked", ["negative_balance"], severity="P1", deadline_s=2.0,
    possible=["liabilities_exceed_holdings", "policy_violation", "flow_anomaly", "duplicate_payment"],
)  # fmt: skip
def concurrent_withdrawals(desk: Desk, label: Label, rng: Random) -> None:
    """Let a client of modest means withdraw ten times what it has, as if nobody looked at the balance."""
    client, code = _modest(desk)
    units = desk.books.spendable[client.client_id, code] // 2
    desk.start(_burst(desk, label, client, code, units))


@lookalike("concurrent_withdrawals", "a client asks as often, with a credit line that covers it all")
def covered_withdrawals(desk: Desk, label: Label, rng: Random) -> None:
    """Put a credit line on record first, and then let the client use it."""
    client, code = _modest(desk)
    units = desk.books.spendable[client.client_id, code] // 2
    _tell_line(desk, client.account, code, 2 * _AT_ONCE * units)
    desk.start(_burst(desk, label, client, code, units, wait_us=desk.wait(*_ON_RECORD_S)))


@scenario(
    "S19", "hidden_liability", "journal by journal millions are moved to an account of no client, far below its credit "
    "line", ["credit_line_breach"], severity="P1", deadline_s=5.0,
    possible=["negative_balance", "liabilities_exceed_holdings", "flow_anomaly"],
)  # fmt: skip
def hidden_liability(desk: Desk, label: Label, rng: Random) -> None:
    """Move what the house owes to an account with a line of a million, until it is several times that."""
    desk.start(_hide(desk, label, rng, (_LINE_UNITS,)))


@lookalike("hidden_liability", "as much is moved after an increase of the line that is on record")
def line_increased(desk: Desk, label: Label, rng: Random) -> None:
    """Raise the line to ten millions first."""
    desk.start(_hide(desk, label, rng, (_LINE_UNITS, 10 * _LINE_UNITS)))


@scenario(
    "S20", "uncontrolled_address", "clients pay in at an address of ours that nobody has proved to control",
    ["unproved_address"], severity="P2", deadline_s=5.0,
    possible=["liabilities_exceed_holdings", "position_drift", "policy_violation"],
)  # fmt: skip
def uncontrolled_address(desk: Desk, label: Label, rng: Random) -> None:
    """Register an address with no proof of control, and let three deposits come to it."""
    desk.start(_pay_in_at(desk, label, rng, proved=False))


@lookalike("uncontrolled_address", "clients pay in at a new address of ours with a proof of control")
def proved_address(desk: Desk, label: Label, rng: Random) -> None:
    """Register an address with its proof first."""
    desk.start(_pay_in_at(desk, label, rng, proved=True))


def _modest(desk: Desk) -> tuple[Client, str]:
    """Return the client and asset with the largest balance within modest means, the smallest where there is none."""
    low_cents, high_cents = _MODEST_CENTS
    found = [
        (worth_cents(desk, code, units), client, code)
        for client in desk.firm.clients
        for code in CHAIN_ASSETS
        if 0 < (units := desk.books.spendable[client.client_id, code]) < desk.vaults.free(HOT, code) // _AT_ONCE
    ]
    modest = [pair for pair in found if low_cents <= pair[0] <= high_cents]
    if modest:
        return max(modest, key=lambda pair: pair[0])[1:]
    return min(found, key=lambda pair: pair[0])[1:]


def _burst(desk: Desk, label: Label, client: Client, code: str, units: int, *, wait_us: int = 0) -> Process:
    yield wait_us
    units = min(units, desk.books.spendable[client.client_id, code] // 2)
    desk.books.unchecked.add(client.client_id)
    # What it asks for is more than it has, and neither too often nor too much for a day.
    tell_limit(desk, hourly(client, 10 * _AT_ONCE))
    tell_limit(desk, daily(client, ASSETS[code], 4 * _AT_ONCE * worth_cents(desk, code, units)))
    yield desk.wait(*_ON_RECORD_S)
    label.decisions_spared = 2 if label.expected_alert_types else 0  # two halves, whichever come first
    label.scope = {"client_id": client.client_id, "account_id": client.account.account_id, "asset": code}
    total = decimal_text(_AT_ONCE * units, ASSETS[code].decimals)
    label.note = f"{client.client_id} asks {_AT_ONCE} times at once, in all for {total} {code}"
    for _ in range(_AT_ONCE):
        move = withdrawal(desk, client, code, HOT, units, "sender")
        move.tap, move.passes_anyway = following(label), True
        action = "hold" if label.expected_alert_types else "auto_approve"
        label.expected_decisions.append(Expected(move.transfer_id, (action,)))
        desk.books.take(client.client_id, code, units)
        desk.promise(move)
        desk.start(_debit_and_pay(desk, label, move))
        yield span_us(0.004)


def _debit_and_pay(desk: Desk, label: Label, move: Movement) -> Process:
    ask(desk, move)
    yield desk.wait(*BOOKING_S)
    journal = bookings.hold(desk, move)
    if label.expected_alert_types and desk.books.balances[move.account_id, move.asset.code] < 0:
        tells(desk, label, f"{journal}-1")
    yield from pay_out(desk, move, journal)


def _tell_line(desk: Desk, account: Account, code: str, units: int) -> None:
    line: Json = {code: decimal_text(units, ASSETS[code].decimals)}
    send(desk, "account", account.account_id, {**account.reference(), "credit_line": line})


def _hide(desk: Desk, label: Label, rng: Random, lines: tuple[int, ...]) -> Process:
    label.scope = {"account_id": _MISC.account_id, "asset": "USD"}
    for line_units in lines:
        _tell_line(desk, _MISC, "USD", line_units)
        yield desk.wait(*_ON_RECORD_S)
    for _ in range(rng.randint(80, 100)):
        units = rng.randint(4_000_000, 6_000_000)
        legs = [(_MISC, "USD", -units), (HOUSE, "USD", units)]
        journal = desk.books.post("internal", legs, extra={"reason": "reclassified"})
        label.event_ids.append(f"{journal}-1")
        balance = desk.books.balances[_MISC.account_id, "USD"]
        if balance < -lines[-1]:
            tells(desk, label, f"{journal}-1")
        label.note = f"{_MISC.account_id} is at {decimal_text(balance, 2)} USD; its line is " + (
            decimal_text(lines[-1], 2)
        )
        yield desk.wait(30.0, 50.0)


def _pay_in_at(desk: Desk, label: Label, rng: Random, *, proved: bool) -> Process:
    client = rng.choice(desk.firm.clients)
    address = stranger(ETHEREUM, rng)
    register_own(desk, DEPOSITS, ETHEREUM, address, client=client, proved=proved)
    label.scope = {"location": DEPOSITS, "client_id": client.client_id}
    label.note = f"{client.client_id} pays in at {address}, of which control is {'proved' if proved else 'not proved'}"
    for _ in range(3):
        yield desk.wait(300.0, 900.0)
        code = rng.choice(("ETH", "USDC", "USDT"))
        move = deposit(desk, client, code, DEPOSITS, worth(desk, code, rng, 3_000_000, 6_000_000))
        move.target = replace(move.target, address=address)
        move.tap = following(label) if proved else telling(desk, label)
        desk.start(run_deposit(desk, move))
