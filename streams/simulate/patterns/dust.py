"""Specks and spam: amounts nobody asked for, tokens nobody wants, and bait from addresses that look like a client's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE, SUSPENSE
from streams.simulate.catalogue import ASSETS, CHAIN_ASSETS, DEPOSITS, ETHEREUM, EXTERNAL, HOT, SPAM
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.movement import End, Movement
from streams.simulate.patterns.moments import hours_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import tell_asset
from streams.simulate.scenarios.props import stranger
from streams.simulate.scenarios.told import BY_HAND
from streams.simulate.units import DAY_S

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_SPECKS = (5, 15)
_ON_ETHEREUM = ("ETH", "USDC", "USDT")
_SAME = 6  # characters at either end: what people compare


@pattern(
    5, "dust_and_spam", "specks to clients, worthless tokens to our own address, bait from look-alike addresses",
    every_s=0.5 * DAY_S,
)  # fmt: skip
def dust_and_spam(desk: Corner) -> Process:
    """Send specks to some clients and bait to others, and now and then a token that the custodian introduces first."""
    yield from _spam(desk)
    for _ in range(desk.rng.randint(*_SPECKS)):
        if desk.rng.random() < 0.5:
            _speck(desk)
        else:
            _bait(desk)
        yield desk.wait(20.0, 300.0)


def _speck(desk: Corner) -> None:
    """Pay a client less than anybody minds: it is credited like everything else."""
    code = desk.rng.choice(CHAIN_ASSETS)
    dust = ASSETS[code].dust_units
    client = desk.firm.pick_client(desk.rng)
    desk.start(run_deposit(desk, deposit(desk, client, code, DEPOSITS, desk.rng.randint(dust // 50, dust))))


def _bait(desk: Corner) -> None:
    """Pay a speck from an address that looks like the one the client is paid at, for it to be copied."""
    code, client = desk.rng.choice(_ON_ETHEREUM), desk.firm.pick_client(desk.rng)
    own = client.payout_addresses[ETHEREUM]
    move = deposit(desk, client, code, DEPOSITS, desk.rng.randint(1, ASSETS[code].dust_units))
    poison = own[:_SAME] + stranger(ETHEREUM, desk.rng)[_SAME:-_SAME] + own[-_SAME:]
    move.origin = End(EXTERNAL, address=poison, network=ETHEREUM)
    desk.start(run_deposit(desk, move))


def _spam(desk: Corner) -> Process:
    """Introduce a token that has no price, as custodians do when one lands, and let it land: nobody's, in suspense."""
    fresh = [code for code in SPAM if (HOT, code) not in desk.late_assets]
    is_first = len(fresh) == len(SPAM)
    if not fresh or (desk.rng.random() < 0.3 and not is_first):
        return
    code = fresh[0]
    tell_asset(desk, ASSETS[code], priced=False)
    desk.late_assets.add((HOT, code))
    yield desk.wait(30.0, 60.0)
    move = deposit(desk, None, code, HOT, desk.rng.randint(1, 5_000_000) * 10**18)
    move.account_id = SUSPENSE.account_id
    move.target = End(HOT, account_id=SUSPENSE.account_id)
    desk.start(_put_aside(desk, move))


def _put_aside(desk: Corner, move: Movement) -> Process:
    """Take a token in, and let two people move it out of suspense within two days: the house keeps it apart."""
    yield from run_deposit(desk, move)
    yield hours_us(desk, 2.0, 40.0)
    legs = [(SUSPENSE, move.asset.code, -move.units), (HOUSE, move.asset.code, move.units)]
    extra = {**BY_HAND, "reason": "spam, kept apart"}
    desk.books.post("adjustment", legs, transfer_id=move.transfer_id, extra=extra)
