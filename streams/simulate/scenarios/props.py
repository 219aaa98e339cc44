"""What scenarios bring into the world: addresses of strangers, assets that were not there, withdrawals of a usual size."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate.catalogue import ASSETS, BITCOIN, CHAIN_ASSETS, ETHEREUM, HOT, SOLANA, XRPL
from streams.simulate.deposits import deposit, run_deposit
from streams.simulate.faults import Label
from streams.simulate.faults_money import affordable_units, worth_cents
from streams.simulate.movement import Movement
from streams.simulate.reference import introduce
from streams.simulate.units import units_worth
from streams.simulate.withdrawals import withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

_PREFIX = {BITCOIN: "bc1q", ETHEREUM: "0x", SOLANA: "So", XRPL: "r"}


def stranger(network: str, rng: Random) -> str:
    """Return an address on `network` that nobody has registered."""
    return f"{_PREFIX[network]}{rng.getrandbits(160):040x}"


def worth(desk: Desk, code: str, rng: Random, low_cents: int, high_cents: int) -> int:
    """Return units of an asset worth between `low_cents` and `high_cents` (US cents) now."""
    return units_worth(rng.randint(low_cents, high_cents), desk.firm.prices[code], ASSETS[code].decimals)


def bring(desk: Desk, code: str, *locations: str) -> None:
    """Announce an asset that was not there at the start, and let `locations` report what they hold of it."""
    introduce(desk, code)
    desk.late_assets.update((location, code) for location in locations)


def pay_in(desk: Desk, rng: Random, client: Client, code: str, low_cents: int, high_cents: int) -> None:
    """Let a client pay an asset into the hot wallet, and be credited."""
    move = deposit(desk, client, code, HOT, worth(desk, code, rng, low_cents, high_cents))
    desk.start(run_deposit(desk, move))


def fullest(desk: Desk, location: str, codes: tuple[str, ...] = CHAIN_ASSETS) -> str:
    """Return the asset of which most is free at a place, by value."""
    return max(codes, key=lambda code: worth_cents(desk, code, desk.vaults.free(location, code)))


def usual_withdrawal(
    desk: Desk, label: Label, rng: Random, client: Client, code: str, fee_payer: str = "sender"
) -> Movement:
    """Return a withdrawal of some 20,000 to 40,000 USD from the hot wallet, and scope the label to it."""
    units = affordable_units(desk, client, HOT, code, rng.randint(2_000_000, 4_000_000), times=1)
    move = withdrawal(desk, client, code, HOT, units, fee_payer)
    label.scope = {"transfer_id": move.transfer_id, "client_id": client.client_id, "location": HOT, "asset": code}
    return move
