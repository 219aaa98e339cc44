"""A client's keys are stolen: it has been quiet for long, and all at once takes out what passes without people (S31)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, CHAIN_ASSETS, DEPOSITS, HOT
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.faults import Label, lookalike, scenario
from streams.simulate.limits import hourly
from streams.simulate.movement import Tap
from streams.simulate.reference import register_own, register_payout, send, tell_limit
from streams.simulate.scenarios.told import following, tells
from streams.simulate.units import DAY_S, US, span_us
from streams.simulate.withdrawals import launch, withdrawal
from streams.simulate.world import Client, new_client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_NUMBER, _TOLD_BY = 9, 4
_WITHIN_S = 7_200.0
_PER_CENT = (93, 99)  # of what passes without people
_QUIET_S = (30 * 3_600.0, 36 * 3_600.0)
_WORLD = {"duration_s": 2.25 * DAY_S, "transfers_per_day": 1_000}
_REQUESTS_AN_HOUR = 30


@scenario(
    "S31", "client_exfiltration", "a client who was quiet for long takes out nine times within two hours what just passes "
    "without people", ["flow_anomaly"], severity="P2", deadline_s=5.0, window=(0.02, 0.05), world=_WORLD,
)  # fmt: skip
def client_exfiltration(desk: Desk, label: Label, rng: Random) -> None:
    """Let a client try with a little, be quiet for more than a day, and then be robbed."""
    desk.start(_be_robbed(desk, label, rng))


@lookalike("client_exfiltration", "a market maker takes out as much and as often, as it does every day")
def market_maker(desk: Desk, label: Label, rng: Random) -> None:
    """Let a client do the same on two days; nothing may be said of the second."""
    desk.start(_make_markets(desk, label, rng))


def _be_robbed(desk: Desk, label: Label, rng: Random) -> Process:
    client = _arrive(desk, label, rng)
    yield from _pay_in(desk, client)
    for _ in range(2):
        _take(desk, rng, client, CHAIN_ASSETS[2], rng.randint(1, 3), None)
        yield desk.wait(3_000.0, 6_000.0)
    yield span_us(rng.uniform(*_QUIET_S))
    label.note = f"{client.client_id} takes out {_NUMBER} times what just passes without people"
    yield from _burst(desk, label, rng, client, following(label), telling=True)


def _make_markets(desk: Desk, label: Label, rng: Random) -> Process:
    client = _arrive(desk, label, rng)
    began_us = desk.now_us
    for day in range(2):
        yield from _pay_in(desk, client)
        if day:
            label.injected_at_us = desk.now_us
        yield from _burst(desk, label, rng, client, following(label) if day else None, telling=False)
        yield max(began_us + DAY_S * US - desk.now_us, US)
    label.note = f"{client.client_id} takes out {_NUMBER} times what just passes without people, every day"


def _arrive(desk: Desk, label: Label, rng: Random) -> Client:
    """Put a client on record that is known for long and that nothing else happens to."""
    client = new_client(desk.next_id("client-old"), rng)
    desk.firm.by_id[client.client_id] = client
    send(desk, "account", client.account.account_id, client.account.reference())
    tell_limit(desk, hourly(client, _REQUESTS_AN_HOUR))
    for network, address in client.payout_addresses.items():
        register_payout(desk, client, network, address)
    for network, address in client.deposit_addresses.items():
        register_own(desk, DEPOSITS, network, address, client=client)
    label.scope = {"client_id": client.client_id}
    label.note = f"{client.client_id} is new"
    return client


def _pay_in(desk: Desk, client: Client) -> Process:
    """Let the client pay in all that it is going to take out, and wait until it is there."""
    for code in CHAIN_ASSETS:
        units = ASSETS[code].single_limit_units * (_NUMBER // len(CHAIN_ASSETS) + 2)
        desk.start(run_deposit(desk, deposit(desk, client, code, DEPOSITS, units)))
    yield desk.wait(4_000.0, 5_000.0)


def _burst(
    desk: Desk, label: Label, rng: Random, client: Client, tap: Tap | None, *, telling: bool
) -> Process:  # fmt: skip
    """Take out just less than a single withdrawal may be, of one asset after the other; the fourth is one too many."""
    for number in range(1, _NUMBER + 1):
        code = CHAIN_ASSETS[number % len(CHAIN_ASSETS)]
        transfer_id = _take(desk, rng, client, code, rng.randint(*_PER_CENT), tap)
        if telling and number == _TOLD_BY:
            tells(desk, label, f"{transfer_id}/1")
        yield span_us(_WITHIN_S / (_NUMBER + 1) * rng.uniform(0.8, 1.0))


def _take(desk: Desk, rng: Random, client: Client, code: str, per_cent: int, tap: Tap | None) -> str:
    units = ASSETS[code].single_limit_units * per_cent // 100 - rng.randint(0, 10 ** (ASSETS[code].decimals // 2))
    move = withdrawal(desk, client, code, HOT, units, "third_party")
    assert move.control is not None
    move.control = {**move.control, "origin": "auto", "kyt_score": 0.1}
    move.tap = tap
    launch(desk, move)
    return move.transfer_id
