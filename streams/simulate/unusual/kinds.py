"""What a kind of unusual request is: the rules that it certainly fails, and a request in order to begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, BANKS, HOT
from streams.simulate.movement import Movement
from streams.simulate.units import units_worth
from streams.simulate.withdrawals import withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

CODES = ("BTC", "ETH", "USDC", "USDT")
ON_RECORD_S = (5.0, 10.0)  # for what the reference has to tell first
_CENTS = (50_000, 2_000_000)  # 500 to 20,000 USD
_SPARE = 4  # so many times the amount is there, unless the kind is about that
_TRIES = 6


@dataclass(slots=True)
class Request:
    """A request about to be made: after those that come `first`, and `after_s` seconds (least, most) after each."""

    move: Movement
    first: tuple[Movement, ...] = ()
    after_s: tuple[float, float] = (0.0, 0.0)


Make = Callable[["Corner"], Request | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the `rules` that certainly fail, and the action that follows. `make` returns None where it cannot be made.

    People may let some pass (`approvable`). `alerts` may be raised by it and are not false.
    """

    name: str
    text: str
    rules: tuple[str, ...]
    make: Make
    action: str = "review"
    approvable: bool = False
    alerts: tuple[str, ...] = ()


KINDS: list[Kind] = []


def kind(
    name: str, text: str, *rules: str, action: str = "review", approvable: bool = False, alerts: tuple[str, ...] = ()
) -> Callable[[Make], Make]:
    """Register the decorated maker of requests under `name`."""

    def register(make: Make) -> Make:
        KINDS.append(Kind(name, text, rules, make, action, approvable, alerts))
        return make

    return register


def usual(
    desk: Corner, *, code: str = "", client: Client | None = None, location: str = "", parts: int = _SPARE
) -> Movement | None:
    """Return a withdrawal in order, of an asset that its client and its place have some times over; None if nobody has."""
    for _ in range(_TRIES):
        who = client or desk.rng.choice(desk.firm.clients)
        what = code or desk.rng.choice(CODES)
        where = location or BANKS.get(what, HOT)
        units = units_worth(desk.rng.randint(*_CENTS), desk.firm.prices[what], ASSETS[what].decimals)
        units -= units % 10 ** max(ASSETS[what].decimals - 5, 0)
        if units > ASSETS[what].dust_units and spare_units(desk, who, what, where) > parts * units:
            return request(desk, who, what, where, units)
    return None


def request(desk: Corner, client: Client, code: str, location: str, units: int) -> Movement:
    """Return a withdrawal for people to look at, of which the fee is nobody's here."""
    move = withdrawal(desk, client, code, location, units, "third_party")
    assert move.control is not None
    move.control = {**move.control, "origin": "manual"}
    return move


def spare_units(desk: Corner, client: Client, code: str, location: str) -> int:
    """Return what a client can spend of an asset that is also free at a place, half of which others may want."""
    return min(desk.books.spendable[client.client_id, code], desk.vaults.free(location, code) // 2)
