"""What the contract says that positions should be: slow, plain, and written from its text alone.

A balance at a moment is worked out from nothing each time: take what had happened by then, in order, and see what the
movement has moved. There are no effects, differences or buckets here, and all numbers are fractions.

Where the contract is silent: the order of its list of statuses, then `event_id`, settles a tie of event time and
revision. Of several reports of one stage and revision the first counts. A stage told after arrival says nothing about
the amount. A missing `fee_payer` is the sender. A deducted fee leaves nothing of a smaller amount. What was delivered
holds until told otherwise; a restated completion says all anew. The latest completion says whether it arrived. After
an undoing status the movement may happen anew, and the latest fee that was told still counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

Event = dict[str, Any]
Place = tuple[str, str]
"""Location and asset."""

STATUSES = (
    *("requested", "screening", "pending_approval", "approved", "queued", "signing", "broadcast", "confirming"),
    *("completed", "on_hold", "rejected", "blocked", "cancelled", "failed", "expired", "replaced", "returned"),
    *("reversed", "reorged"),
)
UNDOING = {"failed", "cancelled", "expired", "rejected", "blocked", "returned", "reversed", "reorged"}
NOT_ARRIVED = {"completed_but_3rd_party_failed", "completed_but_3rd_party_rejected"}
EVER = "9999"
"""Later than any event time, as text; all times of the tests are UTC text of one form, so they compare as text."""


@dataclass
class Said:
    """What the reports of a movement come to, up to some moment."""

    left: bool = False
    arrived: bool = False
    revisions: dict[str, int] = field(default_factory=dict)
    origin: str = ""
    destination: str = ""
    asset: str = ""
    amount: Fraction = Fraction(0)
    delivered: Fraction | None = None
    fee: Fraction = Fraction(0)
    fee_asset: str = ""
    fee_payer: str = "sender"


def said(reports: Iterable[Event], until: str = EVER) -> Said:
    """Return what the reports with `event_time <= until` come to, in order of event time, then revision."""
    now = Said()
    for report in sorted((one for one in reports if one["event_time"] <= until), key=_order):
        if report.get("revision", 0) >= now.revisions.get(report["status"], 0):
            _hear(now, report)
    return now


def _order(report: Event) -> tuple[str, int, int, str]:
    return report["event_time"], report.get("revision", 0), STATUSES.index(report["status"]), report["event_id"]


def _hear(now: Said, report: Event) -> None:
    status, revision = report["status"], report.get("revision", 0)
    first = status not in now.revisions
    restated = not first and revision > now.revisions[status]
    told_late = now.arrived and first and status != "completed"
    if (first or restated) and not told_late:
        now.amount, now.asset = Fraction(report["amount"]), report["asset"]
        now.origin, now.destination = report["from"]["location"], report["to"]["location"]
    if status == "completed" and (restated or (report.get("amount_delivered") and (first or now.delivered is None))):
        now.delivered = Fraction(report["amount_delivered"]) if report.get("amount_delivered") else None
    if report.get("fee_amount") is not None:
        now.fee, now.fee_asset = Fraction(report["fee_amount"]), report.get("fee_asset") or report["asset"]
        now.fee_payer = report.get("fee_payer") or "sender"
    now.revisions[status] = revision
    if status in UNDOING:
        now.left = now.arrived = False
        now.delivered = None
        now.revisions = {status: revision}
    elif status == "broadcast":
        now.left = True
    elif status == "completed":
        now.left, now.arrived = True, report.get("sub_status") not in NOT_ARRIVED


def arrival(now: Said) -> dict[str, Fraction]:
    """Return what reaches the destination, by asset, once it does."""
    if now.delivered is not None:
        return {now.asset: now.delivered}
    if now.fee_payer != "deducted":
        return {now.asset: now.amount}
    if now.fee_asset == now.asset:
        return {now.asset: max(now.amount - now.fee, Fraction(0))}
    return {now.asset: now.amount, now.fee_asset: -now.fee}


def moved(now: Said) -> dict[Place, Fraction]:
    """Return what our places have gained (or lost, negative) by a movement."""
    gained: dict[Place, Fraction] = defaultdict(Fraction)
    if now.origin == now.destination:
        return gained  # a book transfer
    if now.left:
        gained[now.origin, now.asset] -= now.amount
        if now.fee_payer == "sender":
            gained[now.origin, now.fee_asset or now.asset] -= now.fee
    if now.arrived:
        for asset, units in arrival(now).items():
            gained[now.destination, asset] += units
    return {place: units for place, units in gained.items() if place[0] != "external"}


def crossed_the_border(now: Said) -> dict[str, Fraction]:
    """Return what came into the firm less what went out of it, fees and losses on the way included, by asset."""
    crossed: dict[str, Fraction] = defaultdict(Fraction)
    if now.origin == now.destination or not now.left:
        return crossed
    if now.origin == "external":
        crossed[now.asset] += now.amount
    elif now.fee_payer == "sender":
        crossed[now.fee_asset or now.asset] -= now.fee
    if now.destination == "external":
        crossed[now.asset] -= now.amount
    elif now.arrived:
        crossed[now.asset] -= now.amount
        for asset, units in arrival(now).items():
            crossed[asset] += units
    return crossed


@dataclass(frozen=True)
class Verdict:
    """One row of the positions; None where nothing was reported, or no complete balance ever was."""

    expected: Fraction = Fraction(0)
    reported: Fraction | None = None
    drift: Fraction | None = None
    dust_absorbed: Fraction | None = None
    in_transit: Fraction = Fraction(0)


class Oracle:
    """All transfers and snapshots of a feed, whatever their order; `dust` by asset."""

    def __init__(self, transfers: Iterable[Event], snapshots: Iterable[Event], dust: dict[str, str]) -> None:
        self.dust = {asset: Fraction(text) for asset, text in dust.items()}
        self.movements: dict[str, list[Event]] = defaultdict(list)
        for report in transfers:
            self.movements[report["transfer_id"]].append(report)
        self.snapshots = _latest_revisions(one for one in snapshots if one["holding_kind"] == "actual")

    def verdicts(self) -> dict[Place, Verdict]:
        """Return the last state of every position that anything was ever heard of."""
        return {place: self.verdict(place) for place in sorted(self.places())}

    def places(self) -> set[Place]:
        """Return every place and asset that a movement or a balance has named."""
        found = {(one["location"], row["asset"]) for one in self.snapshots for row in one["rows"]}
        for reports in self.movements.values():
            for moment in {report["event_time"] for report in reports}:
                now = said(reports, moment)
                found |= moved(now).keys()
                found |= {(now.destination, now.asset)} if now.left and now.destination != "external" else set()
        return found

    def verdict(self, place: Place) -> Verdict:
        seen = self.observations(place)
        reported = seen[-1][1] if seen else None
        if self.opening(place[0]) is None:
            return Verdict(self.expected(place), reported, in_transit=self.in_transit(place))
        drifts = [total - self.expected(place, as_of) for as_of, total in seen]
        drift = drifts[-1] if drifts else None
        return Verdict(self.expected(place), reported, drift, self.absorbed(place, drifts), self.in_transit(place))

    def opening(self, location: str) -> Event | None:
        """Return the complete snapshot of a location with the earliest moment."""
        complete = (one for one in self.snapshots if one["location"] == location and one["complete"])
        return min(complete, key=_moment, default=None)

    def observations(self, place: Place) -> list[tuple[str, Fraction]]:
        """Return (moment, total) of what was reported of a place, in order of the moment."""
        location, asset = place
        found = []
        for one in sorted(self.snapshots, key=_moment):
            rows = [Fraction(row["total"]) for row in one["rows"] if row["asset"] == asset]
            if one["location"] == location and (rows or one["complete"]):
                found.append((one["as_of"], sum(rows, Fraction(0))))
        return found

    def expected(self, place: Place, as_of: str = EVER) -> Fraction:
        """Return opening plus effects: a balance contains all that has `event_time <= as_of`."""
        opening = self.opening(place[0])
        gained = self._gained(place, as_of)
        if opening is None:
            return gained
        opened = sum((Fraction(row["total"]) for row in opening["rows"] if row["asset"] == place[1]), Fraction(0))
        return opened + gained - self._gained(place, opening["as_of"])

    def _gained(self, place: Place, until: str) -> Fraction:
        all_moved = (moved(said(reports, until)) for reports in self.movements.values())
        return sum((gained.get(place, Fraction(0)) for gained in all_moved), Fraction(0))

    def absorbed(self, place: Place, drifts: list[Fraction]) -> Fraction:
        """Return what agreeing snapshots hid: their drift moved by no more than dust since the last that agreed."""
        baseline = Fraction(0)
        for drift in drifts:
            if abs(drift - baseline) <= self.dust[place[1]]:
                baseline = drift
        return baseline

    def in_transit(self, place: Place) -> Fraction:
        total = Fraction(0)
        for reports in self.movements.values():
            now = said(reports)
            under_way = now.left and not now.arrived and now.origin != now.destination
            total += now.amount if under_way and (now.destination, now.asset) == place else 0
        return total

    def crossed_the_border(self) -> dict[str, Fraction]:
        """Return the sum of all money in less money out, by asset."""
        total: dict[str, Fraction] = defaultdict(Fraction)
        for reports in self.movements.values():
            for asset, units in crossed_the_border(said(reports)).items():
                total[asset] += units
        return total


def _moment(snapshot: Event) -> tuple[str, str]:
    return snapshot["as_of"], snapshot["event_id"]


def _latest_revisions(snapshots: Iterable[Event]) -> list[Event]:
    latest: dict[str, Event] = {}
    for one in sorted(snapshots, key=lambda event: event.get("revision", 0)):
        latest[one["snapshot_id"]] = one
    return list(latest.values())
