"""Markets in a hurry: everybody moves at once for an hour, and prices jump while quantities stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, HOT
from streams.simulate.patterns.moments import hours_us
from streams.simulate.patterns.own import is_worth
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import tell_price
from streams.simulate.rhythm import arrivals
from streams.simulate.scenarios.dues import draw_due, pay
from streams.simulate.trades import trade
from streams.simulate.units import DAY_S

if TYPE_CHECKING:
    from streams.simulate.desk import Corner, Desk

_TIMES = (9.0, 19.0)  # on top of the usual
_STEPS, _STEP_S = 12, 300.0
_CALL_CENTS = (20_000_000, 80_000_000)
_CALLED = ("ETH", "USDC")  # what `draw_due` may draw
_GAP_PERCENT = 15


@pattern(
    6, "volatility_surge", "for an hour 10 to 20 times the usual from many clients, margin calls met in time, liquidations",
    every_s=2.5 * DAY_S,
)  # fmt: skip
def volatility_surge(desk: Corner) -> Process:
    """Let prices fall, or rise, for an hour and half of it come back, while everybody moves and venues call for more."""
    rng = desk.rng
    step_down = {"BTC": rng.uniform(0.985, 0.995), "ETH": rng.uniform(0.98, 0.995)}
    rises = rng.random() < 0.5
    until_us = desk.now_us + desk.wait(_STEPS * _STEP_S, _STEPS * _STEP_S)
    desk.start(arrivals(desk, times=rng.uniform(*_TIMES), until_us=until_us))
    for step in range(_STEPS):
        for code, factor in step_down.items():
            goes_on = step < _STEPS * 2 // 3
            _set_price(desk, code, round(desk.firm.prices[code] * (1 / factor if goes_on is rises else factor)))
        if step % 3 == 1:
            _call(desk)
        for client in rng.sample(desk.firm.clients, min(8, len(desk.firm.clients))):
            trade(desk, client)
            yield desk.wait(0.5, 5.0)
        yield desk.wait(_STEP_S * 0.8, _STEP_S)


@pattern(
    17, "price_gap", "the price of an asset falls by 15 % for hours, a stablecoin's too, and no quantity moves",
    every_s=3.0 * DAY_S,
)  # fmt: skip
def price_gap(desk: Corner) -> Process:
    """Move a price in two steps, and back as many hours later."""
    code = desk.rng.choice(("USDT", "USDC", "ETH", "BTC"))
    before = desk.firm.prices[code]
    for percent in (100 - _GAP_PERCENT // 2, 100 - _GAP_PERCENT):
        _set_price(desk, code, before * percent // 100)
        yield desk.wait(60.0, 600.0)
    yield hours_us(desk, 2.0, 6.0)
    is_dollar = ASSETS[code].price_cents == 100  # which is one again; other prices have moved on meanwhile
    _set_price(desk, code, before if is_dollar else desk.firm.prices[code] * 100 // (100 - _GAP_PERCENT))


def _call(desk: Corner) -> None:
    """Let a venue call for collateral, and post it well before it is due."""
    if not all(is_worth(desk, code, desk.vaults.free(HOT, code) // 4, _CALL_CENTS[0] // 10) for code in _CALLED):
        return
    due = draw_due(desk, desk.rng, "collateral", HOT, BINANCE, cents=_CALL_CENTS)
    desk.agenda.start(pay(desk, due, [due.units]), wait_us=desk.wait(60.0, 900.0))


def _set_price(desk: Desk, code: str, price_cents: int) -> None:
    """Let a price be another, within what prices of this world stay in, and tell it."""
    usual = ASSETS[code].price_cents
    desk.firm.prices[code] = min(max(price_cents, usual // 2), usual * 2)
    tell_price(desk, code)
