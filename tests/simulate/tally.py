"""An independent tally of a simulated world: the contract's rules of holdings, applied to nothing but its events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from streams.simulate import SimEvent

UNDONE = {"failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged"}
NOT_ARRIVED = {"completed_but_3rd_party_failed", "completed_but_3rd_party_rejected"}
ALIASES = {"XBT": "BTC", "POL": "MATIC"}
Json = dict[str, Any]
Place = tuple[str, str]  # location (or "transit:" and a location, or "fees"), asset


@dataclass
class Tally:
    """What the events of a world amount to; amounts are exact fractions of whole units."""

    transfers: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    snapshots: list[Json] = field(default_factory=list)
    postings: list[Json] = field(default_factory=list)
    effects: list[tuple[str, str, Place, Fraction]] = field(default_factory=list)  # time, transfer, place, change


def tally(events: Iterable[SimEvent]) -> Tally:
    """Return the tally of `events`; an event id that comes again has no effect."""
    result, seen = Tally(), set[str]()
    for event in events:
        value = event.value
        if value["event_id"] in seen:
            continue
        seen.add(value["event_id"])
        if event.topic == "transfers":
            result.transfers[value["transfer_id"]].append(value)
        elif event.topic == "balances" and value["holding_kind"] == "actual":
            result.snapshots.append(value)
        elif event.topic == "ledger":
            result.postings.append(value)
    for transfer_id, stages in result.transfers.items():
        stages.sort(key=lambda stage: (moment(stage["event_time"]), stage["revision"]))
        for at, place, change in fold(stages):
            result.effects.append((at, transfer_id, place, change))
    result.effects.sort(key=lambda effect: effect[0])
    result.snapshots.sort(key=lambda snapshot: moment(snapshot["as_of"]))
    return result


def fold(stages: list[Json]) -> Iterable[tuple[str, Place, Fraction]]:
    """Yield what each stage of a movement changes: leaves at broadcast, arrives at completed, undone when undone."""
    left = arrived = False
    applied: dict[Place, Fraction] = {}
    for stage in stages:
        if stage["status"] in UNDONE:
            left = arrived = False
        elif stage["status"] == "completed":
            left, arrived = True, stage.get("sub_status") not in NOT_ARRIVED
        elif stage["status"] == "broadcast":
            left = True
        wanted = target(stage, left=left, arrived=arrived)
        assert not sum(wanted.values()) or two_assets(stage), "money out is money in"
        for place in sorted(wanted.keys() | applied.keys()):
            change = wanted.get(place, Fraction(0)) - applied.get(place, Fraction(0))
            if change:
                yield moment(stage["event_time"]), place, change
        applied = wanted


def target(stage: Json, *, left: bool, arrived: bool) -> dict[Place, Fraction]:
    """Return all that should be in force after `stage`; by asset it adds up to zero, the outside included."""
    if not left or stage["from"]["location"] == stage["to"]["location"]:
        return {}
    asset, amount = code(stage["asset"]), Fraction(stage["amount"])
    fee, payer = Fraction(stage.get("fee_amount", "0")), stage.get("fee_payer")
    fee_asset = code(str(stage.get("fee_asset", asset)))
    changes: dict[Place, Fraction] = defaultdict(Fraction)
    changes[stage["from"]["location"], asset] -= amount
    if payer == "sender":
        changes[stage["from"]["location"], fee_asset] -= fee
        changes["fees", fee_asset] += fee
    if not arrived:
        changes["transit:" + stage["to"]["location"], asset] += amount
        return changes
    delivered = Fraction(stage.get("amount_delivered", amount - fee if payer == "deducted" else amount))
    changes[stage["to"]["location"], asset] += delivered
    changes["fees", asset] += amount - delivered
    return changes


def two_assets(stage: Json) -> bool:
    return code(str(stage.get("fee_asset", stage["asset"]))) != code(stage["asset"])


def code(asset: str) -> str:
    return ALIASES.get(asset, asset)


def moment(text: str) -> str:
    """Return a moment whose text sorts as it does: the fraction is always there."""
    return text if "." in text else text[:-1] + ".000Z"


def rows(snapshot: Json) -> dict[str, Fraction]:
    return {code(row["asset"]): Fraction(row["total"]) for row in snapshot["rows"]}


def deviations(world: Tally) -> list[tuple[str, Place, Fraction]]:
    """Return, for every snapshot and asset, reported less expected at its own moment: (as_of, place, difference)."""
    expected: dict[Place, Fraction] = defaultdict(Fraction)
    opened: set[str] = set()
    found, position = [], 0
    for snapshot in world.snapshots:
        as_of = moment(snapshot["as_of"])
        while position < len(world.effects) and world.effects[position][0] <= as_of:
            _, _, place, change = world.effects[position]
            expected[place] += change
            position += 1
        location, reported = snapshot["location"], rows(snapshot)
        assets = reported.keys() | {asset for place, asset in expected if place == location and snapshot["complete"]}
        if location not in opened:
            opened.add(location)
            expected.update({(location, asset): reported.get(asset, Fraction(0)) for asset in assets})
        for asset in sorted(assets):
            place = (location, asset)
            found.append((as_of, place, reported.get(asset, Fraction(0)) - expected[place]))
    return found
