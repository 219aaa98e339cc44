"""Faults of the money itself: value goes where, or in amounts, that no event tells."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from streams.simulate import bookings
from streams.simulate.agenda import Process
from streams.simulate.catalogue import ASSETS, BINANCE, CHAIN_ASSETS, HOT, KRAKEN, NETWORK_FEE_UNITS
from streams.simulate.chain import SIGNING_S
from streams.simulate.emit import Json
from streams.simulate.faults import Label, fault
from streams.simulate.movement import Movement
from streams.simulate.treasury import own_move, start_own
from streams.simulate.units import cents_of, decimal_text, units_worth
from streams.simulate.withdrawals import launch, withdrawal
from streams.simulate.world import Client

if TYPE_CHECKING:
    from streams.simulate.desk import Desk

MATERIAL_CENTS = 10_000_000  # 100,000 USD: from here a drift is urgent
_SMALL_CENTS = 500_000


@fault(
    "silent_outflow", "a material amount leaves a hot wallet and no event tells of it", ["position_drift"],
    severity="P1", possible=["liabilities_exceed_holdings", "drift_trend"],
)  # fmt: skip
def silent_outflow(desk: Desk, label: Label, rng: Random) -> None:
    """Take some 250,000 to 400,000 USD out of the fullest asset of the hot wallet."""
    code = max(CHAIN_ASSETS, key=lambda code: worth_cents(desk, code, desk.vaults.free(HOT, code)))
    _vanish(desk, label, HOT, code, rng.randint(25_000_000, 40_000_000))


@fault(
    "small_leak_break", "about 5,000 USD leave a hot wallet and no event tells of it", ["position_drift"],
    severity="P2", possible=["drift_trend"],
)  # fmt: skip
def small_leak_break(desk: Desk, label: Label, rng: Random) -> None:
    """Take some 5,000 USD out of the hot wallet, in any asset."""
    code = rng.choice(CHAIN_ASSETS)
    _vanish(desk, label, HOT, code, _SMALL_CENTS * rng.randint(90, 110) // 100)


@fault(
    "wrong_amount", "a withdrawal is executed for ten times what its events say", ["position_drift"],
    severity="P1", possible=["liabilities_exceed_holdings", "drift_trend"],
)  # fmt: skip
def wrong_amount(desk: Desk, label: Label, rng: Random) -> None:
    """Let a client withdraw some 20,000 to 30,000 USD and the wallet send ten times as much."""
    client, code = holder(desk)
    units = affordable_units(desk, client, HOT, code, rng.randint(2_000_000, 3_000_000), times=10)
    move = withdrawal(desk, client, code, HOT, units)
    move.executed_units = 10 * units
    label.difference_units = -9 * units
    said, done = (amount_text(move, amount) for amount in (units, 10 * units))
    label.note = f"{move.transfer_id} says that {said} left {HOT} for {client.client_id}, and {done} did"
    _from_leaving(desk, label, move)
    launch(desk, move)


@fault(
    "fee_not_booked", "the network takes a fee for a withdrawal that its events do not mention", ["position_drift"],
    possible=["drift_trend"],
)  # fmt: skip
def fee_not_booked(desk: Desk, label: Label, rng: Random) -> None:
    """Let a withdrawal cost a fee on top that neither its events nor the books know."""
    client, code = holder(desk)
    units = affordable_units(desk, client, HOT, code, rng.randint(1_000_000, 2_000_000), times=1)
    move = withdrawal(desk, client, code, HOT, units, "sender")
    dearest = NETWORK_FEE_UNITS[move.fee_asset][1]
    move.executed_fee_units = rng.randint(dearest, 2 * dearest)  # well above the dust
    move.fee_units = 0  # nothing to book
    label.scope = {"location": HOT, "asset": move.fee_asset}
    label.difference_units = -move.executed_fee_units
    fee = decimal_text(move.executed_fee_units, ASSETS[move.fee_asset].decimals)
    label.note = f"{move.transfer_id} cost {fee} {move.fee_asset} that its events do not mention"
    _from_leaving(desk, label, move, drop=("fee_amount", "fee_asset", "fee_payer"))
    launch(desk, move)


@fault(
    "salami", "less than the dust of an asset goes missing with each withdrawal", ["drift_trend"],
    possible=["position_drift"], window=(0.5, 0.52),
)  # fmt: skip
def salami(desk: Desk, label: Label, rng: Random) -> None:
    """Skim each withdrawal of the hot wallet, so little that every snapshot still agrees."""
    code = rng.choice(("USDC", "USDT"))
    slice_units = ASSETS[code].dust_units // 5
    every_us = int(desk.config.snapshot_every_s * 1_000_000) // 3
    label.scope = {"location": HOT, "asset": code}
    skimmed_at_us = 0

    def skim(move: Movement) -> None:
        # At most three slices between two snapshots: together they stay below the dust.
        nonlocal skimmed_at_us
        taken = move.op_type == "withdrawal" and move.origin.location == HOT and move.asset.code == code
        if not taken or desk.now_us - skimmed_at_us < every_us or desk.vaults.free(HOT, code) < slice_units:
            return
        skimmed_at_us = desk.now_us
        desk.vaults.add(HOT, code, -slice_units)
        label.difference_units -= slice_units
        lost = decimal_text(-label.difference_units, ASSETS[code].decimals)
        label.note = f"{lost} {code} went from {HOT} since then, in slices of {slice_text}"

    slice_text = decimal_text(slice_units, ASSETS[code].decimals)
    label.note = f"{slice_text} {code} goes from {HOT} with each withdrawal"
    desk.skim = skim


@fault(
    "stuck_rebalance", "a rebalance is debited at its origin and never arrives", ["in_transit_overdue"],
    possible=["sla_breach"], window=(0.5, 0.6),
)  # fmt: skip
def stuck_rebalance(desk: Desk, label: Label, rng: Random) -> None:
    """Send some 200,000 USD from the hot wallet to a venue, and let them never arrive."""
    code = rng.choice(("BTC", "ETH"))
    target = rng.choice((BINANCE, KRAKEN))
    worth = units_worth(rng.randint(18_000_000, 22_000_000), desk.firm.prices[code], ASSETS[code].decimals)
    units = min(worth, desk.vaults.free(HOT, code) // 4)
    move = own_move(desk, "rebalance", HOT, target, code, units)
    label.scope = {"location": target, "asset": code, "transfer_id": move.transfer_id}
    label.note = f"{move.transfer_id} takes {amount_text(move, units)} from {HOT} and never brings them to {target}"
    _from_leaving(desk, label, move)
    desk.promise(move)
    desk.start(_never_arrive(desk, move))


def holder(desk: Desk, codes: tuple[str, ...] = CHAIN_ASSETS) -> tuple[Client, str]:
    """Return the client that can spend most of one of the assets `codes`, by value, and that asset.

    Raises ValueError where no client has any.
    """
    client, code = max(
        ((client, code) for client in desk.firm.clients for code in codes),
        key=lambda pair: worth_cents(desk, pair[1], desk.books.spendable[pair[0].client_id, pair[1]]),
    )
    if not desk.books.spendable[client.client_id, code]:
        raise ValueError("no client has anything on a chain: this fault needs a larger world")
    return client, code


def worth_cents(desk: Desk, code: str, units: int) -> int:
    """Return what units of an asset are worth now, in US cents."""
    return cents_of(units, desk.firm.prices[code], ASSETS[code].decimals)


def affordable_units(desk: Desk, client: Client, location: str, code: str, usd_cents: int, *, times: int) -> int:
    """Return units worth `usd_cents`, or what the client, and the place for `times` as much, can bear."""
    wanted = units_worth(usd_cents, desk.firm.prices[code], ASSETS[code].decimals)
    has = desk.books.spendable[client.client_id, code]
    return min(wanted, has // 2, desk.vaults.free(location, code) // (2 * times))


def _vanish(desk: Desk, label: Label, location: str, code: str, usd_cents: int) -> None:
    wanted = units_worth(usd_cents, desk.firm.prices[code], ASSETS[code].decimals)
    units = min(wanted, desk.vaults.free(location, code) * 2 // 3)
    desk.vaults.add(location, code, -units)
    label.scope = {"location": location, "asset": code}
    label.difference_units = -units
    label.note = f"{decimal_text(units, ASSETS[code].decimals)} {code} left {location} and no event tells of it"


def _from_leaving(desk: Desk, label: Label, move: Movement, *, drop: tuple[str, ...] = ()) -> None:
    """Date the label from the moment at which the value leaves; keep the ids of the movement's events in it."""
    label.scope = label.scope or {"location": move.origin.location, "asset": move.asset.code}

    def tap(moving: Movement, body: Json) -> int | None:
        if body["status"] == "broadcast":
            label.injected_at_us = desk.now_us
        label.event_ids.append(f"{moving.transfer_id}/{moving.said}")
        for name in drop:
            body.pop(name, None)
        return 0

    move.tap = tap


def _never_arrive(desk: Desk, move: Movement) -> Process:
    yield from start_own(desk, move)
    desk.say(move, "signing")
    yield desk.wait(*SIGNING_S)
    desk.leave(move)
    desk.say(move, "broadcast")
    yield desk.wait(60.0, 120.0)
    bookings.own_move_fee(desk, move)


def amount_text(move: Movement, units: int) -> str:
    """Return an amount in the asset of a movement, as people write it."""
    return f"{decimal_text(units, move.asset.decimals)} {move.asset.code}"
