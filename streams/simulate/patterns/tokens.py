"""Assets that change by themselves: balances that rebase, tokens given away, units redenominated, tickers renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.books import HOUSE, IN_TRANSIT, WORLD, Account
from streams.simulate.catalogue import ASSETS, COLD, GIFTS, HOT, PLACES
from streams.simulate.chain import BOOKING_S, send_on_chain
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.movement import OUTSIDE, End, Movement
from streams.simulate.patterns.moments import first_us
from streams.simulate.patterns.registry import pattern
from streams.simulate.reference import introduce, tell_asset
from streams.simulate.scenarios.dues import BY_TWO
from streams.simulate.scenarios.props import bring, worth
from streams.simulate.scenarios.told import approve_by_hand
from streams.simulate.trades import book, book_move
from streams.simulate.units import DAY_S, span_us
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Corner

_HOLDING_CENTS = (20_000_000, 60_000_000)
_OLD, _NEW, _OLD_FOR_NEW = "LUMENA", "LUMA", 1_000
_RENAMED, _NEW_NAME = "MATIC", "POL"
_GROWTH_PPM = (10, 90)  # parts in a million, at each rebase
_GIFT_WHOLE = (20, 400)  # to each


@pattern(13, "token_events", "a token that rebases, airdrops, a redenomination of 1,000 to 1, a ticker that is renamed")
def token_events(desk: Corner) -> Process:
    """Bring the tokens, with holders, and let one thing after another happen to them."""
    holders = desk.rng.sample(desk.firm.clients, min(2, len(desk.firm.clients)))
    yield desk.wait(30.0, 120.0)
    for code, location in (("STETH", COLD), (_OLD, HOT), (_RENAMED, HOT)):
        bring(desk, code, location)
    yield desk.wait(30.0, 60.0)
    for code, location in (("STETH", COLD), (_OLD, HOT), (_RENAMED, HOT)):
        for holder in (None, *holders):
            _buy(desk, code, location, None if code == "STETH" else holder)
    desk.start(_rebase(desk))
    yield first_us(desk, DAY_S)
    yield from _redenominate(desk, holders)
    yield desk.wait(600.0, 1_200.0)
    _rename(desk, holders)
    for code in GIFTS:
        yield desk.wait(600.0, 1_800.0)
        yield from _give_away(desk, code)
        yield span_us(desk.rng.uniform(1.5, 4.0) * DAY_S)


def _buy(desk: Corner, code: str, location: str, holder: Client | None) -> None:
    """Let a holder (None: the house) bring some of a token from outside."""
    desk.start(run_deposit(desk, deposit(desk, holder, code, location, worth(desk, code, desk.rng, *_HOLDING_CENTS))))


def _rebase(desk: Corner) -> Process:
    """Let what is held of the token grow every six hours or so, now and then shrink, and nothing tell of it."""
    while True:
        yield span_us(desk.rng.uniform(0.2, 0.3) * DAY_S)
        ppm = desk.rng.randint(*_GROWTH_PPM) * (-1 if desk.rng.random() < 0.1 else 1)
        desk.vaults.add(COLD, "STETH", desk.vaults.held[COLD, "STETH"] * ppm // 1_000_000)


def _redenominate(desk: Corner, holders: list[Client]) -> Process:
    """Put the new token on record, and exchange each holder's old ones for it, by hand."""
    introduce(desk, _NEW)
    desk.late_assets.add((HOT, _NEW))
    yield desk.wait(30.0, 60.0)
    parent = desk.next_id("redenomination")
    for holder in (None, *holders):
        account = holder.account if holder else HOUSE
        units = desk.books.balances[account.account_id, _OLD]
        units -= units % _OLD_FOR_NEW
        if not units:
            continue
        if holder:
            desk.books.take(holder.client_id, _OLD, units)
        desk.start(_exchange(desk, account, units, parent))
        yield desk.wait(30.0, 90.0)


def _exchange(desk: Corner, account: Account, units: int, parent: str) -> Process:
    """Burn old tokens that the books have set aside, and then mint new ones and credit them."""
    ours, source = End(HOT, account.client_id, account.account_id), PLACES[HOT].source
    burn = Movement(desk.next_id("burn"), "burn", source, ours, OUTSIDE, ASSETS[_OLD], units, parent_id=parent)
    new_units = units // _OLD_FOR_NEW
    mint = Movement(desk.next_id("mint"), "mint", source, OUTSIDE, ours, ASSETS[_NEW], new_units, parent_id=parent)
    burn.control = mint.control = BY_TWO
    desk.promise(burn)
    yield from approve_by_hand(desk, burn)
    legs = [(account, _OLD, -units), (IN_TRANSIT, _OLD, units)]
    desk.books.post("burn", legs, transfer_id=burn.transfer_id)
    yield from send_on_chain(desk, burn)
    yield desk.wait(*BOOKING_S)
    bookings.settle(desk, burn)
    yield from approve_by_hand(desk, mint)
    yield from send_on_chain(desk, mint)
    yield desk.wait(*BOOKING_S)
    legs = [(WORLD, _NEW, -new_units), (account, _NEW, new_units)]
    desk.books.post("mint", legs, transfer_id=mint.transfer_id)


def _rename(desk: Corner, holders: list[Client]) -> None:
    """Put a token's new name on record as an alias; from a minute later on its custodian uses no other."""
    tell_asset(desk, ASSETS[_RENAMED], also_called=(_NEW_NAME,))

    def use() -> Process:
        yield desk.wait(60.0, 60.0)
        desk.names.setdefault(PLACES[HOT].source, {})[_RENAMED] = _NEW_NAME
        for holder in holders:
            yield desk.wait(600.0, 1_200.0)
            _buy(desk, _RENAMED, HOT, holder)

    desk.start(use())


def _give_away(desk: Corner, code: str) -> Process:
    """Let an unknown token come to the hot wallet, introduced first, and pass it on to clients in the books."""
    bring(desk, code, HOT)
    yield desk.wait(30.0, 60.0)
    clients = desk.rng.sample(desk.firm.clients, min(20, len(desk.firm.clients)))
    gifts = [desk.rng.randint(*_GIFT_WHOLE) * 10 ** ASSETS[code].decimals for _ in clients]
    total = sum(gifts) + 10 ** ASSETS[code].decimals
    drop = Movement(desk.next_id("rwd"), "reward", PLACES[HOT].source, OUTSIDE, End(HOT), ASSETS[code], total)
    desk.arrive(drop)
    desk.say(drop, "completed")
    yield desk.wait(*BOOKING_S)
    bookings.house_pays(desk, "reward", code, -total, transfer_id=drop.transfer_id)
    yield desk.wait(300.0, 900.0)
    for client, units in zip(clients, gifts, strict=True):
        move = book_move(desk, "reward", code, units, HOUSE, client.account, "rwd")
        move.parent_id = drop.transfer_id
        desk.start(book(desk, move, HOUSE, client.account, asked=False))
        yield desk.wait(1.0, 5.0)
