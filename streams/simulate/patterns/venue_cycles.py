"""Off-exchange settlement: cycles that net against a venue and are paid in time, and what is lent to it on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, HOT, KRAKEN, PLACES
from streams.simulate.emit import Json
from streams.simulate.patterns.moments import first_us
from streams.simulate.patterns.own import is_worth
from streams.simulate.patterns.registry import pattern
from streams.simulate.scenarios.dues import draw_due, pay
from streams.simulate.units import decimal_text, span_us, units_worth
from streams.simulate.venues import report

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_CYCLES_H = ((BINANCE, 2), (KRAKEN, 4), (BINANCE, 24))
_NET_CENTS = (20_000_000, 150_000_000)
_LENT_CENTS = (100_000_000, 900_000_000)
_LENT = ("BTC", "USDC")


@pattern(15, "oes_cycles", "settlement cycles of 2, 4 and 24 hours that net and are paid in time; delegated balances")
def oes_cycles(desk: Corner) -> Process:
    """Let several cycles run, each to the one side or the other, and mirrors of what is lent change with them."""
    for venue, hours in _CYCLES_H:
        desk.start(_cycle(desk, venue, hours * 3_600.0))
    for venue in (BINANCE, KRAKEN):
        desk.start(_delegations(desk, venue))
    yield from ()


def _cycle(desk: Corner, venue: str, every_s: float) -> Process:
    """Net at the end of each cycle, and pay the net in one part or two, well before it is due."""
    yield first_us(desk, every_s)
    while True:
        origin, target = desk.rng.choice(((HOT, venue), (venue, HOT)))
        can_pay = all(is_worth(desk, code, desk.vaults.free(origin, code), _NET_CENTS[0]) for code in ("ETH", "USDC"))
        if can_pay and venue not in desk.paused:
            due = draw_due(desk, desk.rng, "settlement", origin, target, cents=_NET_CENTS)
            part = due.units * desk.rng.randint(30, 70) // 100
            parts = [due.units] if desk.rng.random() < 0.6 else [part, due.units - part]
            desk.agenda.start(pay(desk, due, parts), wait_us=desk.wait(120.0, 1_200.0))
        yield span_us(every_s)


def _delegations(desk: Corner, venue: str) -> Process:
    """Report what the custodian has pledged and the venue shows of it: another amount after each change."""
    number = 0
    while True:
        yield first_us(desk, 4 * 3_600.0)
        number += 1
        lent = {code: desk.rng.choice((0, desk.rng.randint(*_LENT_CENTS))) for code in _LENT}
        rows: list[Json] = [
            {"asset": code, "total": decimal_text(units, ASSETS[code].decimals)}
            for code, cents in lent.items()
            if (units := units_worth(cents, desk.firm.prices[code], ASSETS[code].decimals))
        ]
        report(desk, PLACES[HOT], f"pledged-{venue}-{number}", "pledged", rows)
        names = desk.names.get(PLACES[venue].source, {})
        shown = [{**row, "asset": names.get(row["asset"], row["asset"])} for row in rows]
        report(desk, PLACES[venue], f"delegated-{venue}-{number}", "virtual", shown)
