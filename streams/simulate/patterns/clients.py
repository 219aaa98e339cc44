"""Clients who arrive, try with a little and then bring much; and clients who move money between their own accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import Account
from streams.simulate.catalogue import ASSETS, BANKS, CHAIN_ASSETS, DEPOSITS, HOT
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.faults_money import affordable_units
from streams.simulate.limits import hourly, opens_in_us
from streams.simulate.patterns.moments import HOUR_S, hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import send, tell_limit
from streams.simulate.scenarios.props import worth
from streams.simulate.trades import book, book_move
from streams.simulate.units import DAY_S, span_us, time_text
from streams.simulate.withdrawals import launch, withdrawal
from streams.simulate.world import Client, new_client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_TEST_CENTS, _FIRST_CENTS = (2_000, 20_000), (100_000_000, 1_000_000_000)
_HELD_S = 25 * HOUR_S  # the limits hold an address for a day
_REQUESTS_AN_HOUR = 10
_SUBS = ("algo", "reserve")


@pattern(14, "onboarding", "a new client, a small test deposit, a first large one, and a day later a first withdrawal",
         every_s=1.5 * DAY_S)  # fmt: skip
def onboarding(desk: Corner) -> Process:
    """Take a client on."""
    client = new_client(desk.next_id("client"), desk.rng)
    desk.firm.by_id[client.client_id] = client
    added = time_text(desk.now_us)
    send(desk, "account", client.account.account_id, client.account.reference())
    for network, address in client.payout_addresses.items():
        _register(desk, network, address, {"owner": client.client_id, "role": "client"}, added)
    for network, address in client.deposit_addresses.items():
        ours = {"owner": client.client_id, "role": "hot", "location": DEPOSITS, "control_proved_at": added}
        _register(desk, network, address, ours, added)
    tell_limit(desk, hourly(client, _REQUESTS_AN_HOUR))
    yield desk.wait(300.0, 1_200.0)
    code = desk.rng.choice((*CHAIN_ASSETS, *BANKS))
    for cents in (_TEST_CENTS, _FIRST_CENTS):
        location = BANKS.get(code, DEPOSITS)
        desk.start(run_deposit(desk, deposit(desk, client, code, location, worth(desk, code, desk.rng, *cents))))
        yield hours_us(desk, 0.8, 3.0)
    desk.start(_first_withdrawal(desk, client, code, added))


def _register(desk: Corner, network: str, address: str, rest: dict[str, str], added: str) -> None:
    body = {"address": address, "network": network, "state": "active", "added_at": added, **rest}
    send(desk, "address", f"{network}:{address}", body)


def _first_withdrawal(desk: Corner, client: Client, code: str, added: str) -> Process:
    """Pay out some of it when the address has been on record for long enough."""
    yield span_us(_HELD_S)
    yield span_us(1.0) + opens_in_us(code, desk.now_us)
    location = BANKS.get(code, HOT)
    units = affordable_units(desk, client, location, code, desk.rng.randint(500_000, 5_000_000), times=2)
    if units < ASSETS[code].dust_units * 1_000:
        return
    move = withdrawal(desk, client, code, location, units, "sender")
    assert move.control is not None
    move.control = {**move.control, "address_added_at": added}
    if move.fee_units * 4 <= desk.vaults.free(location, move.fee_asset):
        launch(desk, move)


@pattern(19, "sub_accounts", "clients move money between accounts of their own, there and back")
def sub_accounts(desk: Corner) -> Process:
    """Open two more accounts for some clients, and let them use these several times a day."""
    clients = desk.rng.sample(desk.firm.clients, min(3, len(desk.firm.clients)))
    accounts = {
        client.client_id: [Account(f"{client.client_id}:{name}", "client", client.client_id) for name in _SUBS]
        for client in clients
    }
    for subs in accounts.values():
        for account in subs:
            send(desk, "account", account.account_id, account.reference())
    yield desk.wait(60.0, 600.0)
    while True:
        client = desk.rng.choice(clients)
        desk.start(_reallocate(desk, client, desk.rng.choice(accounts[client.client_id])))
        yield hours_us(desk, 0.5, 5.0)


def _reallocate(desk: Corner, client: Client, sub: Account) -> Process:
    """Let a client set money aside in an account of its own, and bring it back in two parts."""
    code = desk.rng.choice(client.assets)
    units = desk.books.spendable[client.client_id, code] // desk.rng.randint(3, 8)
    if units < ASSETS[code].dust_units * 100:
        return
    desk.books.take(client.client_id, code, units)
    yield from _move(desk, client, code, units, client.account, sub)
    desk.books.take(client.client_id, code, units)  # what is set aside is not paid out from the main account
    part = units * desk.rng.randint(30, 70) // 100
    for back in (part, units - part):
        yield hours_us(desk, 0.2, 1.0)
        yield from _move(desk, client, code, back, sub, client.account)


def _move(desk: Corner, client: Client, code: str, units: int, giver: Account, taker: Account) -> Process:
    move = book_move(desk, "internal", code, units, giver, taker, "int")
    move.ids["client_ref"] = f"{client.client_id}/{move.transfer_id}"
    user = f"user:{client.client_id}"
    move.control = {"origin": "auto", "declared_class": "risk_free", "initiator": user, "approvers": []}
    yield from book(desk, move, giver, taker)
