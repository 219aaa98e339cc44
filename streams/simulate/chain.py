"""How value gets from one place to another: over a chain with confirmations, or by wire with none."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from streams.simulate.catalogue import EXTERNAL, NETWORK_FEE_UNITS
from streams.simulate.emit import Json

if TYPE_CHECKING:
    from streams.simulate.desk import Desk
    from streams.simulate.movement import Movement

# Seconds that a stage takes: (least, most).
BOOKING_S = (0.3, 2.0)
SCREENING_S = (5.0, 30.0)
APPROVAL_S = (2.0, 8.0)
MANUAL_S = (120.0, 900.0)
SIGNING_S = (4.0, 15.0)
SENDING_S = (2.0, 8.0)
CREDIT_S = (2.0, 20.0)
REPLACED_AFTER_S = (60.0, 240.0)
_RELEASE_US = 60_000_000  # what a network held up comes within a minute of its going on
# The sum of the slowest of all stages but the settling itself, which depends on the asset.
SLOWEST_STAGES_S = 2.0 + 30.0 + 8.0 + 900.0 + 15.0 + 8.0 + 240.0
Stage = Generator[int, None, bool]


def tx_hash(desk: Desk) -> str:
    """Return a transaction hash that nobody has used."""
    return f"0x{desk.rng.getrandbits(256):064x}"


def network_fee_units(desk: Desk, fee_asset: str) -> int:
    """Return what a network takes for a transaction now, in smallest units of the asset it is paid in."""
    return desk.congestion * desk.rng.randint(*NETWORK_FEE_UNITS.get(fee_asset, (0, 0)))


def send_on_chain(desk: Desk, move: Movement, fate: str = "") -> Stage:
    """Sign, broadcast and confirm `move`; return whether it arrived. Fates: `failed`, `replaced`, or none."""
    desk.say(move, "signing")
    yield desk.wait(*SIGNING_S)
    yield desk.wait(*SENDING_S)
    return (yield from broadcast(desk, move, fate))


def broadcast(desk: Desk, move: Movement, fate: str = "") -> Stage:
    """Let `move` leave, confirm it and let it arrive; return whether it did."""
    move.ids["tx_hash"] = tx_hash(desk)
    move.changed()
    desk.leave(move)
    desk.say(move, "broadcast")
    if fate == "replaced":
        yield desk.wait(*REPLACED_AFTER_S)
        speed_up(desk, move)
    arrived = yield from _confirm(desk, move, fails=fate == "failed")
    if not arrived:
        desk.come_back(move)
        desk.say(move, "failed")
        return False
    yield from arrive(desk, move)
    return True


def arrive(desk: Desk, move: Movement) -> Generator[int, None, None]:
    """Complete `move`, told by its target; now and then its sender says the same a little later."""
    desk.arrive(move)
    required = move.asset.confirmations
    counts: Json = {"confirmations": required, "confirmations_required": required} if required else {}
    source = move.arrival_source or move.source
    desk.say(move, "completed", source=source, **move.delivered_json(), **counts)
    if source != move.source and desk.rng.random() < 0.3:
        yield desk.wait(3.0, 30.0)
        desk.say(move, "completed", **move.delivered_json(), **counts)


def _confirm(desk: Desk, move: Movement, *, fails: bool) -> Stage:
    """Count confirmations in a few reports; return False where the chain drops it before the last."""
    required = move.asset.confirmations
    low_s, high_s = move.asset.settle_s
    reports = 3
    seen_by = move.source if move.origin.location != EXTERNAL else (move.arrival_source or move.source)
    for number in range(1, reports + 1):
        yield desk.wait(low_s * desk.slowness / reports, high_s * desk.slowness / reports)
        if desk.halts.get(move.asset.network, 0) > desk.now_us:
            yield desk.halts[move.asset.network] - desk.now_us + desk.now_us % _RELEASE_US
        if number == reports:
            return True
        if fails:
            return False
        count = required * number // reports
        desk.say(move, "confirming", source=seen_by, confirmations=count, confirmations_required=required)
    return True


def speed_up(desk: Desk, move: Movement) -> None:
    """Replace the transaction by one that pays more: the same movement with a new hash and fee."""
    if desk.change_fee(move, move.fee_units + network_fee_units(desk, move.fee_asset)):
        replace_tx(desk, move)


def replace_tx(desk: Desk, move: Movement) -> None:
    """Let another transaction take the place of the one that was sent."""
    move.ids["replaced_tx_hash"] = move.ids["tx_hash"]
    move.ids["tx_hash"] = tx_hash(desk)
    move.changed()
    desk.say(move, "replaced")
