"""What the firm tells at the start: its assets, places, accounts, addresses, limits, routes and prices."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from streams.simulate import limits
from streams.simulate.agenda import Process
from streams.simulate.books import OWN_ACCOUNTS
from streams.simulate.catalogue import ASSETS, DEPOSITS, EVERY_PLACE, IBAN, KNOWN, PLACES, RECON_GROUP, Asset, Place
from streams.simulate.chain import SLOWEST_STAGES_S
from streams.simulate.emit import Json
from streams.simulate.units import DAY_S, US, decimal_text, span_us, time_text
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.config import WorldConfig
    from streams.simulate.desk import Desk

SOURCE = "reference-data"
_OWN_SINCE_DAYS = 500


def tell_all(desk: Desk) -> None:
    """Send the whole reference, in an order in which nothing is named before it is known."""
    for code in KNOWN:
        tell_asset(desk, ASSETS[code])
    for place in PLACES.values():
        tell_location(desk, place)
    for account in (*OWN_ACCOUNTS, *(client.account for client in desk.firm.clients)):
        send(desk, "account", account.account_id, account.reference())
    for client in desk.firm.clients:
        for network, address in client.payout_addresses.items():
            register_payout(desk, client, network, address)
        for network, address in client.deposit_addresses.items():
            register_own(desk, DEPOSITS, network, address, client=client)
    for code in KNOWN:
        _tell_rules(desk, ASSETS[code])
    for body in limits.of_firm(desk.firm, desk.config):
        tell_limit(desk, body)


def tell_limit(desk: Desk, body: Json) -> None:
    """Send a limit; another with its id takes its place."""
    send(desk, "limit", body["limit_id"], body)


def register_payout(desk: Desk, client: Client, network: str, address: str, tag: str = "") -> None:
    """Send that a client is paid at an address, as it has been for as long as the client is known."""
    body: Json = {"address": address, "network": network, "role": "client", "owner": client.client_id}
    if tag:
        body["tag"] = tag
    _register(desk, body, client.known_since_days)


def register_own(
    desk: Desk, location: str, network: str, address: str, *, client: Client | None = None, proved: bool = True
) -> None:
    """Send that an address is one of ours, for a client to pay to; whether we control it may not be `proved`."""
    days = client.known_since_days if client else _OWN_SINCE_DAYS
    body: Json = {"address": address, "network": network, "location": location, "role": EVERY_PLACE[location].role}
    body["owner"] = client.client_id if client else location
    if proved:
        body["control_proved_at"] = _days_ago(desk, days)
    _register(desk, body, days)


def _register(desk: Desk, body: Json, days: int) -> None:
    ident = ":".join((body["network"], body["address"], *((body["tag"],) if "tag" in body else ())))
    send(desk, "address", ident, {**body, "state": "active", "added_at": _days_ago(desk, days)})


def _days_ago(desk: Desk, days: int) -> str:
    return time_text(desk.config.start_us - days * DAY_S * US)


def introduce(desk: Desk, code: str) -> None:
    """Send all that an asset needs which was not there at the start."""
    tell_asset(desk, ASSETS[code])
    _tell_rules(desk, ASSETS[code])


def _tell_rules(desk: Desk, asset: Asset) -> None:
    tell_limit(desk, limits.of_asset(asset))
    for body in routes(asset, desk.config):
        send(desk, "route", f"{asset.code}:{body['from_role']}:{body['to_role']}", body)


def send(desk: Desk, kind: str, ident: str, body: Json) -> None:
    """Send one record of reference; the event id tells the records of one (kind, id) apart by their moment."""
    desk.standing.records[kind][ident] = body
    event_id = f"ref-{kind}-{ident}-{desk.now_us // 1000}"
    desk.outbox.post("reference", f"{kind}:{ident}", SOURCE, event_id, {"kind": kind, "id": ident, **body})


def tell_asset(
    desk: Desk, asset: Asset, *, also_on: tuple[str, ...] = (), also_called: tuple[str, ...] = (), priced: bool = True
) -> None:
    """Send what an asset is, `also_on` more networks than its own and by more names, and its price if it has one."""
    body: Json = {
        "asset": asset.code,
        "decimals": asset.decimals,
        "dust": decimal_text(asset.dust_units, asset.decimals),
        "rebasing": asset.rebasing,
        "aliases": [*asset.aliases, *also_called],
    }
    body["networks"] = [asset.network or IBAN, *also_on]
    if asset.needs_tag:
        body["tag_required"] = [asset.network]
    send(desk, "asset", asset.code, body)
    if priced:
        tell_price(desk, asset.code)


def tell_price(desk: Desk, code: str) -> None:
    """Send what a whole unit of an asset costs now."""
    usd = decimal_text(desk.firm.prices[code], 2)
    send(desk, "price", code, {"asset": code, "usd": usd, "as_of": time_text(desk.now_us)})


def prices(desk: Desk) -> Process:
    """Let prices wander, and tell them. They never touch a quantity."""
    while True:
        yield span_us(desk.config.price_every_s)
        for code in ("BTC", "ETH", "EUR"):
            width = 0.001 if code == "EUR" else 0.004
            price = round(desk.firm.prices[code] * (1.0 + desk.rng.gauss(0.0, width)))  # cut off, it would only fall
            low, high = ASSETS[code].price_cents // 2, ASSETS[code].price_cents * 2
            desk.firm.prices[code] = min(max(price, low), high)
            tell_price(desk, code)


def heartbeats(desk: Desk, source: str) -> Process:
    """Let a source say, for ever, that it is alive and how far it has delivered."""
    while True:
        desk.outbox.heartbeat(source)
        yield span_us(desk.config.heartbeat_every_s)


def slowest_s(asset: Asset) -> float:
    """Return the longest that a movement of `asset` takes in a world at `time_scale` 1, in seconds."""
    return SLOWEST_STAGES_S + asset.settle_s[1]


def sla_s(asset: Asset, config: WorldConfig) -> int:
    """Return the promise of a route: what the slowest movement takes, and a quarter more."""
    return ceil(slowest_s(asset) * config.time_scale * 1.25) + 2


def routes(asset: Asset, config: WorldConfig) -> Iterator[Json]:
    """Yield the routes of an asset: in, out, and between own places, as far as it takes them."""
    promise_s = sla_s(asset, config)
    body: Json = {"asset": asset.code, "sla_s": promise_s, "p99_s": ceil(promise_s / 3)}
    if asset.network:
        body["network"] = asset.network
    for from_role, to_role in _role_pairs(asset):
        yield {**body, "from_role": from_role, "to_role": to_role}


def _role_pairs(asset: Asset) -> Iterator[tuple[str, str]]:
    ours = ("bank",) if asset.is_fiat else ("hot", "venue")
    for role in ours:
        for outside in ("external", "client"):
            yield role, outside
            yield outside, role
    if not asset.is_fiat:
        yield from (("hot", "hot"), ("hot", "venue"), ("venue", "hot"), ("hot", "cold"), ("cold", "hot"))
    if asset.code == "ETH":
        yield from (("gas", "hot"), ("hot", "gas"))


def tell_location(desk: Desk, place: Place) -> None:
    """Send where value may be held, and how often it is reported from there."""
    send(desk, "location", place.location, _location(place, desk.config.snapshot_every_s))


def _location(place: Place, every_s: float) -> Json:
    return {
        "location": place.location,
        "role": place.role,
        "recon_group": RECON_GROUP,
        "snapshot_every_s": ceil(every_s),
        "active": True,
    }
