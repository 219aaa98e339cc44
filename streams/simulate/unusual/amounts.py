"""Requests for too much, too often, or twice: beyond limits, windows, balances, and the same once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, CHAIN_ASSETS, GAS, HOT, PLACES
from streams.simulate.emit import Json
from streams.simulate.limits import HOUR_S
from streams.simulate.movement import Movement
from streams.simulate.reference import tell_limit
from streams.simulate.units import decimal_text, units_worth
from streams.simulate.unusual.kinds import CODES, Request, kind, request, spare_units, usual
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_COUNT, _SUM_CENTS = 2, 10_000_000  # what a watched client may ask for: times an hour, and US cents
_LATER_S = (700.0, 1_500.0)  # longer than any event of the first takes to arrive
_TOO_EARLY_S = (1.0, 4.0)  # while the first is not debited yet, or only just
_OF_A_KIND = ("duplicate_payment",)


def prepare(desk: Corner) -> None:
    """Put on record that an eighth of the clients may not ask for much within an hour."""
    for client in _watched(desk):
        for code in CODES:
            tell_limit(desk, _watch(client, code))


@kind("over_single", "is more than a single withdrawal may be", "R5", approvable=True)
def _over_single(desk: Corner) -> Request | None:
    code = desk.rng.choice(CODES)
    single_units = ASSETS[code].single_limit_units
    rich = [client for client in desk.firm.clients if spare_units(desk, client, code, HOT) > 2 * single_units]
    if not rich:
        return None
    units = single_units * desk.rng.randint(101, 150) // 100
    return Request(request(desk, desk.rng.choice(rich), code, HOT, units))


@kind("over_share", "is more than half of what its place holds", "R5")
def _over_share(desk: Corner) -> Request | None:
    """Ask for most of what a small place holds, of which the client has more."""
    for code in desk.rng.sample(CHAIN_ASSETS, len(CHAIN_ASSETS)):
        for location in sorted(PLACES, key=lambda place: desk.vaults.held[place, code]):
            units = desk.vaults.held[location, code] * desk.rng.randint(60, 80) // 100
            if location == GAS or not 0 < units < desk.vaults.free(location, code):
                continue
            rich = [client for client in desk.firm.clients if desk.books.spendable[client.client_id, code] > 2 * units]
            if rich:
                return Request(request(desk, desk.rng.choice(rich), code, location, units))
    return None


@kind("over_count", "is one too many within an hour", "R6", approvable=True)
def _over_count(desk: Corner) -> Request | None:
    moves = _in_a_row(desk, _COUNT + 1)
    return Request(moves[-1], moves[:-1], (HOUR_S / 5, HOUR_S / 4)) if moves else None


@kind("over_sum", "is more than its client may ask for within an hour", "R6", approvable=True)
def _over_sum(desk: Corner) -> Request | None:
    for client in _watched(desk):
        for code in CODES:
            units = units_worth(_SUM_CENTS, ASSETS[code].price_cents, ASSETS[code].decimals)
            if spare_units(desk, client, code, HOT) > 2 * units:
                return Request(request(desk, client, code, HOT, units * desk.rng.randint(101, 130) // 100))
    return None


@kind("beyond_balance", "is more than its client has", "R7", action="hold")
def _beyond_balance(desk: Corner) -> Request | None:
    client, code = desk.rng.choice(desk.firm.clients), desk.rng.choice(CODES)
    has = desk.books.spendable[client.client_id, code]
    units = has * desk.rng.randint(150, 300) // 100 + ASSETS[code].dust_units * 1_000
    return Request(request(desk, client, code, HOT, units))


@kind("beyond_with_open", "is more than its client has besides what it has just asked for", "R7", action="hold")
def _beyond_with_open(desk: Corner) -> Request | None:
    client, code = desk.rng.choice(desk.firm.clients), desk.rng.choice(CODES)
    part = desk.books.spendable[client.client_id, code] * 6 // 10
    if not ASSETS[code].dust_units * 1_000 < part < desk.vaults.free(HOT, code) // 8:
        return None
    first, second = (request(desk, client, code, HOT, units) for units in (part, part + part // 10))
    return Request(second, (first,), _TOO_EARLY_S)


@kind("repeated_with_no_reference", "asks for the same again and has no reference", "R8", alerts=_OF_A_KIND)
def _repeated(desk: Corner) -> Request | None:
    moves = _twice(desk)
    if moves:
        del moves[1].ids["client_ref"]
    return Request(moves[1], moves[:1], _LATER_S) if moves else None


@kind("repeated_with_its_reference", "asks for the same again by the same reference", "R8", alerts=_OF_A_KIND)
def _repeated_by_name(desk: Corner) -> Request | None:
    moves = _twice(desk)
    if moves:
        moves[1].ids["client_ref"] = moves[0].ids["client_ref"]
    return Request(moves[1], moves[:1], _LATER_S) if moves else None


def _twice(desk: Corner) -> tuple[Movement, ...]:
    first = usual(desk, parts=8)
    if first is None:
        return ()
    return first, request(desk, desk.firm.by_id[first.client_id], first.asset.code, HOT, first.units)


def _in_a_row(desk: Corner, number: int) -> tuple[Movement, ...]:
    """Return requests of a watched client for one asset, as many as are one too many within an hour."""
    for client in desk.rng.sample(_watched(desk), len(_watched(desk))):
        first = usual(desk, client=client, parts=20)
        if first is not None:
            more = (request(desk, client, first.asset.code, HOT, first.units // part) for part in range(2, number + 1))
            return first, *more
    return ()


def _watched(desk: Corner) -> list[Client]:
    return desk.firm.clients[::8]


def _watch(client: Client, code: str) -> Json:
    units = units_worth(_SUM_CENTS, ASSETS[code].price_cents, ASSETS[code].decimals)
    return {
        "limit_id": f"limit-watched-{client.client_id}-{code}",
        "scope": {"op_type": "withdrawal", "client_id": client.client_id, "asset": code},
        "window_s": HOUR_S,
        "window_sum": decimal_text(units, ASSETS[code].decimals),
        "window_count": _COUNT,
    }
