"""Requests that should not be sent: on a wrong network, with no tag, to an address that only looks right (S17, S18)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BITCOIN, DEPOSITS, ETHEREUM, EXTERNAL, HOT, XRPL
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.emit import Json
from streams.simulate.faults import Expected, Label, lookalike, scenario
from streams.simulate.faults_money import amount_text, holder
from streams.simulate.movement import End, Movement, Tap
from streams.simulate.reference import register_payout, tell_asset
from streams.simulate.scenarios.props import bring, pay_in, stranger, usual_withdrawal
from streams.simulate.scenarios.told import following, telling
from streams.simulate.withdrawals import launch
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

POLYGON = "eip155:137"
_OTHER = {BITCOIN: ETHEREUM, ETHEREUM: BITCOIN}
_ON_ETHEREUM = ("ETH", "USDC", "USDT")
_ASKED = ("requested",)
_ON_RECORD_S = (30.0, 60.0)  # for what the reference has to tell first
_SAME = 6  # characters at either end: what people compare


@scenario(
    "S17", "wrong_network", "a withdrawal names a network that the asset, or the address, is not on", ["wrong_network"],
    severity="P1", deadline_s=5.0, possible=["unregistered_address", "unexpected_destination", "policy_violation"],
)  # fmt: skip
def wrong_network(desk: Desk, label: Label, rng: Random) -> None:
    """Ask for an asset on a chain that does not have it, or at an address of another chain; it is cancelled."""
    client, code = holder(desk)
    move = usual_withdrawal(desk, label, rng, client, code)
    other = _OTHER[move.asset.network]
    move.target = replace(move.target, address=client.payout_addresses[other])
    move.tap = telling(desk, label, _ASKED)
    if rng.random() < 0.5:
        move.target = replace(move.target, network=other)
        move.told_network, move.tap = other, _on(other, move.tap)
        rules: tuple[str, ...] = ("R4",)
        label.note = f"{move.transfer_id} asks for {code} on {other}, which does not have it"
    else:
        rules = ("R2",)
        label.note = f"{move.transfer_id} asks for {code} at {move.target.address}, which is on {other}"
    label.expected_decisions = [Expected(move.transfer_id, ("review",), rules)]
    launch(desk, move, "cancelled")


@lookalike("wrong_network", "a withdrawal to an address that is registered on both networks of its asset")
def both_networks(desk: Desk, label: Label, rng: Random) -> None:
    """Pay a client on a second network, on which both the asset and the address are registered."""
    client, code = holder(desk, ("USDC", "USDT"))
    tell_asset(desk, ASSETS[code], also_on=(POLYGON,))
    register_payout(desk, client, POLYGON, client.payout_addresses[ETHEREUM])
    desk.start(_pay_on_polygon(desk, label, rng, client, code))


@scenario(
    "S17", "missing_memo", "a withdrawal to an address shared by many has no tag", ["missing_tag"], severity="P2",
    deadline_s=5.0, possible=["unregistered_address", "unexpected_destination", "policy_violation"],
)  # fmt: skip
def missing_memo(desk: Desk, label: Label, rng: Random) -> None:
    """Ask for XRP at a registered address without its tag; it is cancelled."""
    desk.start(_pay_xrp(desk, label, rng, tagged=False))


@lookalike("missing_memo", "a withdrawal to the same address has its registered tag")
def with_memo(desk: Desk, label: Label, rng: Random) -> None:
    """Pay XRP to a registered address and tag."""
    desk.start(_pay_xrp(desk, label, rng, tagged=True))


@scenario(
    "S18", "lookalike_address_request", "after a speck from it, a client asks for money at an address that looks like "
    "its own", ["lookalike_address"], severity="P1", deadline_s=5.0,
    possible=["unregistered_address", "unexpected_destination", "policy_violation"],
)  # fmt: skip
def lookalike_address_request(desk: Desk, label: Label, rng: Random) -> None:
    """Bait a client with a speck of its money, and let it take the sender's address for its own."""
    desk.start(_bait_and_pay(desk, label, rng, taken=True))


@lookalike("lookalike_address_request", "the speck comes, and nobody falls for it")
def bait_alone(desk: Desk, label: Label, rng: Random) -> None:
    """Bait a client who then takes money out at its own address."""
    desk.start(_bait_and_pay(desk, label, rng, taken=False))


def _on(network: str, told: Tap) -> Tap:
    """Return a tap by which a movement is told to be on another network than its asset's own."""

    def tap(move: Movement, body: Json) -> int | None:
        body["network"] = network
        del body["asset_id"]
        return told(move, body)

    return tap


def _pay_on_polygon(desk: Desk, label: Label, rng: Random, client: Client, code: str) -> Process:
    yield desk.wait(*_ON_RECORD_S)
    move = usual_withdrawal(desk, label, rng, client, code)
    move.target = replace(move.target, network=POLYGON)
    move.told_network, move.tap = POLYGON, _on(POLYGON, following(label))
    label.note = f"{move.transfer_id} pays {code} to {client.client_id} on the second network of its address"
    launch(desk, move)


def _pay_xrp(desk: Desk, label: Label, rng: Random, *, tagged: bool) -> Process:
    client = rng.choice(desk.firm.clients)
    address, tag = stranger(XRPL, rng), str(rng.randint(100_000, 999_999))
    client.payout_addresses[XRPL] = address
    bring(desk, "XRP", HOT)
    register_payout(desk, client, XRPL, address, tag)
    yield desk.wait(*_ON_RECORD_S)
    pay_in(desk, rng, client, "XRP", 10_000_000, 20_000_000)
    yield desk.wait(300.0, 600.0)
    move = usual_withdrawal(desk, label, rng, client, "XRP", "deducted")
    if tagged:
        move.target = replace(move.target, tag=tag)
    move.tap = following(label) if tagged else telling(desk, label, _ASKED)
    label.note = f"{move.transfer_id} pays XRP to {address}, {'with' if tagged else 'without'} the tag {tag}"
    if not tagged:
        label.expected_decisions = [Expected(move.transfer_id, ("review",), ("R4",))]
    launch(desk, move, "" if tagged else "cancelled")


def _bait_and_pay(desk: Desk, label: Label, rng: Random, *, taken: bool) -> Process:
    client, code = holder(desk, _ON_ETHEREUM)
    own = client.payout_addresses[ETHEREUM]
    poison = own[:_SAME] + stranger(ETHEREUM, rng)[_SAME:-_SAME] + own[-_SAME:]
    speck = deposit(desk, client, code, DEPOSITS, ASSETS[code].dust_units * rng.randint(1, 5))
    speck.origin = End(EXTERNAL, address=poison, network=ETHEREUM)
    speck.tap = following(label)
    desk.start(run_deposit(desk, speck))
    yield desk.wait(900.0, 1_800.0)
    move = usual_withdrawal(desk, label, rng, client, code)
    label.note = f"{poison} sends a speck to {client.client_id}, who then asks for money at its own {own}"
    move.tap = following(label)
    if taken:
        move.target = replace(move.target, address=poison)
        move.tap = telling(desk, label, _ASKED)
        label.note = f"{move.transfer_id} asks for {amount_text(move, move.units)} at {poison} instead of {own}"
        label.expected_decisions = [Expected(move.transfer_id, ("review",), ("R2", "R3"))]
    launch(desk, move)
