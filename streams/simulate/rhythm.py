"""When things happen: movements arrive at random, more by day than by night and less at weekends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from math import cos, pi
from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS
from streams.simulate.deposits import arrive_deposit
from streams.simulate.trades import client_fee, internal, manual_adjustment, trade, venue_income
from streams.simulate.treasury import routine_rebalance
from streams.simulate.units import DAY_S, US, cents_of, span_us
from streams.simulate.withdrawals import ask_withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_BUSIEST_HOUR = 14
_QUIET_DAYS = (5, 6)  # Saturday, Sunday; 1970-01-01 was a Thursday, day 3
# Share of each kind of operation; a trade is two transfers.
_MIX = (("pay", 66.0), ("internal", 14.0), ("trade", 8.0), ("rebalance", 4.0), ("venue", 4.0), ("fee", 3.9),
        ("adjustment", 0.1))  # fmt: skip
_TRANSFERS_PER_OPERATION = 1.08
_RICH_FACTOR = 90  # a client with more than this many usual movements tends to take money out


def arrivals(desk: Desk, *, times: float = 1.0, until_us: int | None = None) -> Process:
    """Start operations until a moment (None: for ever), `times` as many a day as the configuration says."""
    config, rng = desk.config, desk.rng
    mean_per_s = times * config.transfers_per_day / _TRANSFERS_PER_OPERATION / DAY_S
    peak = 1.0 + config.rhythm
    names = [name for name, _ in _MIX]
    weights = list(accumulate(weight for _, weight in _MIX))
    while until_us is None or desk.now_us < until_us:
        yield span_us(rng.expovariate(mean_per_s * peak))
        if rng.random() * peak < intensity(desk.now_us, config.rhythm):
            _operate(desk, rng.choices(names, cum_weights=weights)[0])


def intensity(at_us: int, rhythm: float) -> float:
    """Return how busy a moment is: about 1 on an average working hour, 1 + `rhythm` at most."""
    second = at_us // US
    hour = second % DAY_S / 3600
    daily = 1.0 + rhythm * cos(2 * pi * (hour - _BUSIEST_HOUR) / 24)
    weekend = (second // DAY_S + 3) % 7 in _QUIET_DAYS
    return daily * (1.0 - rhythm * 0.6) if weekend else daily


def _operate(desk: Desk, name: str) -> None:
    client = desk.firm.pick_client(desk.rng)
    kinds: dict[str, Callable[[], object]] = {
        "pay": lambda: _pay(desk, client),
        "internal": lambda: internal(desk, client, desk.rng.choice(client.assets)),
        "trade": lambda: trade(desk, client),
        "rebalance": lambda: routine_rebalance(desk),
        "venue": lambda: venue_income(desk),
        "fee": lambda: client_fee(desk, client, desk.rng.choice(client.assets)),
        "adjustment": lambda: manual_adjustment(desk, client),
    }
    kinds[name]()


def _pay(desk: Desk, client: Client) -> None:
    """Let a client pay in or take out: the more it has, the more likely out, so that balances stay in bounds."""
    code = desk.rng.choice(client.assets)
    worth_cents = cents_of(desk.books.spendable[client.client_id, code], desk.firm.prices[code], ASSETS[code].decimals)
    movements = worth_cents // client.scale_cents
    inclination = min(0.85, 0.2 + 0.65 * movements / _RICH_FACTOR)
    if desk.rng.random() < inclination and ask_withdrawal(desk, client, code):
        return
    arrive_deposit(desk, client, code)
