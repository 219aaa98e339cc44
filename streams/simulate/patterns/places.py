"""A wallet is given up for another: all of an asset goes to a new place of our own, under a plan, and later back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, COLD, COLD_2
from streams.simulate.movement import End
from streams.simulate.patterns.moments import first_us, hours_us
from streams.simulate.patterns.own import carry_out, is_worth, keeping_out, open_place, planned
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import register_own
from streams.simulate.scenarios.props import stranger
from streams.simulate.units import DAY_S, span_us

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_CODES = ("BTC", "ETH", "USDC", "USDT")
_EVERY_S = 3.0 * DAY_S
_TEST_PART = 1_000  # one part in so many goes first, to see that it arrives
_LEAST_CENTS = 10_000_000


@pattern(16, "wallet_migration", "all that a wallet holds of an asset moves to a new wallet of our own, under a plan")
def wallet_migration(desk: Corner) -> Process:
    """Open a second cold wallet, and move one asset after another there and back."""
    addresses = {network: stranger(network, desk.rng) for network in sorted({ASSETS[code].network for code in _CODES})}
    yield first_us(desk, _EVERY_S)
    open_place(desk, COLD_2)
    for network, address in addresses.items():
        register_own(desk, COLD_2, network, address)
    yield span_us(3 * desk.config.snapshot_every_s)
    while True:
        code = desk.rng.choice(_CODES)
        with keeping_out(desk, COLD, code) as is_free:
            if is_free:
                address = addresses[ASSETS[code].network]
                yield from _migrate(desk, code, COLD, End(COLD_2, address=address, network=ASSETS[code].network))
                yield hours_us(desk, 1.0, 5.0)
                yield from _migrate(desk, code, COLD_2, End(COLD))
        yield span_us(desk.rng.uniform(0.6, 1.4) * _EVERY_S)


def _migrate(desk: Corner, code: str, origin: str, target: End) -> Process:
    """Move a little to see that it arrives, and then all the rest."""
    for part in (_TEST_PART, 1):
        yield from _until_nothing_is_promised(desk, origin, code)
        held = desk.vaults.free(origin, code)
        if not is_worth(desk, code, held, _LEAST_CENTS if part > 1 else 1):
            return
        move = planned(desk, origin, target.location, code, held // part)
        if move.fee_payer == "sender" and part == 1:
            move.units = move.executed_units = held - move.fee_units
        move.target = target
        desk.promise(move)
        yield from carry_out(desk, move)
        yield hours_us(desk, 0.2, 0.5)


def _until_nothing_is_promised(desk: Corner, origin: str, code: str) -> Process:
    """Wait for what is under way from a place; fees that others have promised there count for their own asset."""
    for _ in range(48):
        if not desk.vaults.promised[origin, code]:
            return
        yield span_us(desk.config.treasury_every_s)
