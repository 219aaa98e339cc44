"""Where requests should not go: strange, revoked, pending, young and others' addresses, wrong networks, wrong tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import BITCOIN, ETHEREUM, HOT, XRPL
from streams.simulate.reference import register_payout, send
from streams.simulate.scenarios.props import bring, pay_in, stranger
from streams.simulate.units import DAY_S, US, span_us, time_text
from streams.simulate.unusual.kinds import ON_RECORD_S, Request, kind, usual
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_OTHER = {BITCOIN: ETHEREUM, ETHEREUM: BITCOIN}
_TAGGED = 8  # clients with an address that needs a tag
_OLD_S = 30.0 * DAY_S
_ALERTS = ("unregistered_address", "unexpected_destination")


def prepare(desk: Corner) -> Process:
    """Put an asset on record whose addresses need a tag, and let some clients have it."""
    bring(desk, "XRP", HOT)
    clients = desk.firm.clients[:_TAGGED]
    for client in clients:
        client.payout_addresses[XRPL] = stranger(XRPL, desk.rng)
        register_payout(desk, client, XRPL, client.payout_addresses[XRPL], _tag(client))
    yield span_us(60.0)
    for client in clients:
        pay_in(desk, desk.rng, client, "XRP", 20_000_000, 40_000_000)
    yield span_us(900.0)


@kind("unregistered_address", "goes to an address that nobody has registered", "R2", "R3", alerts=_ALERTS)
def _unregistered(desk: Corner) -> Request | None:
    move = usual(desk)
    if move is None:
        return None
    move.target = replace(move.target, address=stranger(move.asset.network, desk.rng))
    return Request(move)


@kind("revoked_address", "goes to an address that is revoked", "R2", alerts=_ALERTS)
def _revoked(desk: Corner) -> Request | None:
    return _to_new(desk, "revoked", _OLD_S)


@kind("pending_address", "goes to an address that is not active yet", "R2", alerts=_ALERTS)
def _pending(desk: Corner) -> Request | None:
    return _to_new(desk, "pending", _OLD_S)


@kind("young_address", "goes to an address that is younger than the hold", "R2", approvable=True)
def _young(desk: Corner) -> Request | None:
    return _to_new(desk, "active", desk.rng.uniform(600.0, 0.9 * DAY_S))


@kind("foreign_address", "goes to the address of another client", "R3", alerts=_ALERTS)
def _foreign(desk: Corner) -> Request | None:
    move = usual(desk)
    others = [client for client in desk.firm.clients if move is not None and client.client_id != move.client_id]
    if move is None or not others:
        return None
    move.target = replace(move.target, address=desk.rng.choice(others).payout_addresses[move.asset.network])
    return Request(move)


@kind(
    "wrong_network",
    "names a network that does not have the asset",
    "R2",
    "R3",
    "R4",
    alerts=("wrong_network", *_ALERTS),
)
def _wrong_network(desk: Corner) -> Request | None:
    move = usual(desk)
    if move is None:
        return None
    move.told_network = _OTHER[move.asset.network]
    move.target = replace(move.target, network=move.told_network)
    return Request(move)


@kind("missing_tag", "goes to a shared address and has no tag", "R2", "R4", alerts=("missing_tag", *_ALERTS))
def _missing_tag(desk: Corner) -> Request | None:
    return _tagged(desk, "")


@kind("wrong_tag", "goes to a shared address with another tag", "R2", "R4", alerts=("missing_tag", *_ALERTS))
def _wrong_tag(desk: Corner) -> Request | None:
    return _tagged(desk, str(desk.rng.randint(700_000, 799_999)))


def _to_new(desk: Corner, state: str, age_s: float) -> Request | None:
    """Return a request to an address that is put on record now, as that of its client and added `age_s` seconds ago."""
    move = usual(desk)
    if move is None:
        return None
    network, address = move.asset.network, stranger(move.asset.network, desk.rng)
    added = time_text(desk.now_us - int(age_s) * US)
    body = {"address": address, "network": network, "owner": move.client_id, "role": "client", "state": state,
            "added_at": added}  # fmt: skip
    send(desk, "address", f"{network}:{address}", body)
    move.target = replace(move.target, address=address)
    move.control = {**(move.control or {}), "address_added_at": added}
    return Request(move, after_s=ON_RECORD_S)


def _tagged(desk: Corner, tag: str) -> Request | None:
    move = usual(desk, code="XRP", client=desk.rng.choice(desk.firm.clients[:_TAGGED]))
    if move is None:
        return None
    move.target = replace(move.target, tag=tag)
    return Request(move)


def _tag(client: Client) -> str:
    return str(100_000 + sum(client.client_id.encode()))
