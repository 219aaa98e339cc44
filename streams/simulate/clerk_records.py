"""What a clerk keeps on paper: movements, accounts, and what each place should hold by section 2 of the contract.

It is naive on purpose: everything is a dictionary, and whatever may have changed is worked out again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from streams.simulate.units import moment_us

Json = dict[str, Any]
Key = tuple[str, str]  # account or location, and asset
ZERO = Decimal(0)
EXTERNAL = "external"
STATUSES = (
    "requested", "screening", "pending_approval", "approved", "queued", "signing", "broadcast", "confirming",
    "completed", "on_hold", "rejected", "blocked", "cancelled", "failed", "expired", "replaced", "returned",
    "reversed", "reorged",
)  # fmt: skip
UNDONE = frozenset(("rejected", "blocked", "cancelled", "failed", "expired", "returned", "reversed", "reorged"))
NOT_ARRIVED = ("completed_but_3rd_party_failed", "completed_but_3rd_party_rejected")


@dataclass
class File:
    """One movement: its reports in order of (event time, revision, stage, event id), and what they come to."""

    transfer_id: str
    reports: list[Json] = field(default_factory=list)
    asked: Json | None = None  # the first request that was heard
    effects: list[tuple[int, Key, Decimal]] = field(default_factory=list)  # moment, place and asset, change
    debited: dict[Key, Decimal] = field(default_factory=dict)  # what client accounts paid for it (negative), by account
    payment: tuple[Any, ...] = ()

    def add(self, report: Json) -> None:
        self.reports.append(report)
        self.reports.sort(key=_order)
        if self.asked is None and report["status"] == "requested":
            self.asked = report

    @property
    def is_undone(self) -> bool:
        return self.reports[-1]["status"] in UNDONE

    @property
    def words(self) -> Json:
        """Return the request as it was last restated; the earliest report where nobody has asked."""
        requests = [report for report in self.reports if report["status"] == "requested"]
        return max(requests, key=lambda report: report.get("revision", 0)) if requests else self.reports[0]

    def control(self) -> Json:
        """Return what was last said of its control, field by field."""
        said: Json = {}
        for report in self.reports:
            said.update({name: part for name, part in (report.get("control") or {}).items() if part not in (None, [])})
        return said

    def effect_on(self, key: Key) -> Decimal:
        return sum((change for _, place, change in self.effects if place == key), ZERO)


def _order(report: Json) -> tuple[int, int, int, str]:
    stage = STATUSES.index(report["status"])
    return moment_us(report["event_time"]), report.get("revision", 0), stage, report["event_id"]


def taken(words: Json) -> Decimal:
    """Return what a movement takes from its sender in the asset that it moves: the amount, with the fee if he pays it."""
    is_ours = (words.get("fee_payer") or "sender") == "sender" and words.get("fee_asset") in (None, words["asset"])
    return Decimal(words["amount"]) + (Decimal(words.get("fee_amount") or 0) if is_ours else ZERO)


def fold(reports: list[Json]) -> list[tuple[int, Key, Decimal]]:
    """Return the changes of holdings that the reports of one movement, in their order, bring about."""
    left = arrived = False
    amount: str | None = None
    fee: Json = {}
    arrival: Json = {}
    told: set[tuple[str, int]] = set()
    in_force: dict[Key, Decimal] = {}
    changes = []
    for report in reports:
        status, revision = report["status"], report.get("revision", 0)
        is_news = (status, revision) not in told and not (arrived and not revision and status not in UNDONE)
        told.add((status, revision))
        if amount is None or is_news:
            amount = report["amount"]
        if report.get("fee_amount") is not None:
            fee = report
        if status in UNDONE:
            left = arrived = False
        elif status == "completed":
            arrival = report if not arrived or revision else arrival
            left, arrived = True, report.get("sub_status") not in NOT_ARRIVED
        elif status == "broadcast":
            left = True
        wanted = _target(report, Decimal(amount), fee, left=left, arrival=arrival if arrived else None)
        at = moment_us(report["event_time"])
        keys = sorted(wanted.keys() | in_force.keys())
        changes += [(at, key, wanted.get(key, ZERO) - in_force.get(key, ZERO)) for key in keys]
        in_force = wanted
    return changes


def _target(report: Json, amount: Decimal, fee: Json, *, left: bool, arrival: Json | None) -> dict[Key, Decimal]:
    start, end, asset = report["from"]["location"], report["to"]["location"], report["asset"]
    if not left or start == end:
        return {}
    paid, payer = Decimal(fee.get("fee_amount") or 0), fee.get("fee_payer") or "sender"
    changes: dict[Key, Decimal] = defaultdict(Decimal)
    changes[start, asset] -= amount
    if payer == "sender":
        changes[start, fee.get("fee_asset") or asset] -= paid
    if arrival is not None:
        less = paid if payer == "deducted" and (fee.get("fee_asset") or asset) == asset else ZERO
        delivered = arrival.get("amount_delivered")
        changes[end, asset] += max(amount - less, ZERO) if delivered is None else Decimal(delivered)
    return changes


class Places:
    """What each place should hold: the earliest complete report of it, and the effects after that."""

    def __init__(self) -> None:
        self.reports: dict[str, dict[str, Json]] = defaultdict(dict)  # location -> snapshot id -> latest revision
        self.opened_at: dict[str, int] = {}
        self.opening: dict[str, dict[str, Decimal]] = {}
        self.effects: dict[Key, dict[str, list[tuple[int, Decimal]]]] = defaultdict(dict)
        self.since: dict[Key, Decimal] = defaultdict(Decimal)
        self.tellers: dict[str, set[str]] = defaultdict(set)  # location -> sources that tell of it

    def report(self, snapshot: Json) -> None:
        location = snapshot["location"]
        self.tellers[location].add(snapshot["source"])
        if snapshot.get("holding_kind", "actual") != "actual" or not snapshot["complete"]:
            return
        known = self.reports[location].get(snapshot["snapshot_id"])
        as_of = moment_us(snapshot["as_of"])
        if known is None and as_of >= self.opened_at.get(location, as_of + 1):
            return  # nobody needs it: the opening is earlier
        if known is not None and known.get("revision", 0) >= snapshot.get("revision", 0):
            return
        self.reports[location][snapshot["snapshot_id"]] = snapshot
        self._open(location)

    def _open(self, location: str) -> None:
        first = min(self.reports[location].values(), key=lambda one: moment_us(one["as_of"]))
        self.opened_at[location] = moment_us(first["as_of"])
        totals: dict[str, Decimal] = defaultdict(Decimal)
        whole = {row["asset"] for row in first["rows"] if row.get("account_id") is None}
        for row in first["rows"]:
            if row.get("account_id") is None or row["asset"] not in whole:
                totals[row["asset"]] += Decimal(row["total"])
        self.opening[location] = totals
        for key, by_movement in self.effects.items():
            if key[0] == location:
                self.since[key] = sum((self._after(location, parts) for parts in by_movement.values()), ZERO)

    def _after(self, location: str, parts: list[tuple[int, Decimal]]) -> Decimal:
        opened = self.opened_at.get(location)
        return ZERO if opened is None else sum((change for at, change in parts if at > opened), ZERO)

    def move(self, movement: File) -> None:
        """Take back what a movement did by what was known of it, and apply what is known now."""
        after = fold(movement.reports)
        for key in sorted({key for _, key, _ in [*movement.effects, *after]}):
            parts = [(at, change) for at, place, change in after if place == key]
            self.since[key] -= self._after(key[0], self.effects[key].get(movement.transfer_id, []))
            self.effects[key][movement.transfer_id] = parts
            self.since[key] += self._after(key[0], parts)
        movement.effects = after

    def expected(self, location: str, asset: str) -> Decimal | None:
        """Return what a place should hold; None where it has no opening."""
        if location not in self.opening:
            return None
        return self.opening[location].get(asset, ZERO) + self.since[location, asset]
