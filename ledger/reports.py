"""Balances as they are reported: where a place's history begins, and how each report stands to what is expected."""

from __future__ import annotations

from ledger.breaks import Breaks
from ledger.drift import Judgement
from ledger.events import Snapshot
from ledger.findings import DustFinding, Finding
from ledger.places import ANY_NAME, UNKNOWN_NAMED_MAX, Complete, Location, Places
from ledger.positions import Observation, Position
from ledger.snapshots import opening_precedes, totals
from ledger.times import to_us


class Reports:
    """Takes snapshots. `rebasing_share`: by one part in how many a rebasing asset may move between two of them."""

    def __init__(self, places: Places, breaks: Breaks) -> None:
        self.places = places
        self.assets = places.assets
        self.breaks = breaks
        self.rebasing_share = 1

    def apply(self, event: Snapshot, only: str | None = None) -> list[Finding]:
        """Hold the balances of an `actual` snapshot against the positions; rows of unknown assets are passed over.

        `only`: the code of an asset introduced after the snapshot came; the rows of all others were applied then.
        """
        if event.holding_kind != "actual":
            return []
        location = self.places.location(event.location)
        as_of_us = to_us(event.as_of)
        reported = totals(event, self.assets)
        snapshot = None
        if only is not None:
            reported = {code: total for code, total in reported.items() if code == only}
            self._open_late(location, event, as_of_us, reported)
        elif event.complete:
            for asset in sorted(location.positions.keys() - reported.keys()):
                reported[asset] = 0
            snapshot = Complete(as_of_us, event.event_id, event.snapshot_id, event.revision, self._unknown(event))
            self._open(location, snapshot, reported)
        findings: list[Finding] = []
        for asset, total in reported.items():
            position = self.places.position(event.location, asset)
            self._observe(position, event, as_of_us, total, findings)
        if snapshot is not None:
            location.remember(snapshot)
            self.places.touched_locations.add(location.name)
        return findings

    def _unknown(self, event: Snapshot) -> tuple[str, ...]:
        """Return the assets that a snapshot names and no reference has introduced; `*` for a great many."""
        codes = self.assets.codes
        unknown = [row.asset for row in event.rows if row.asset not in codes]
        if not unknown:
            return ()
        names = tuple(sorted(set(unknown)))
        return names if len(names) <= UNKNOWN_NAMED_MAX else (ANY_NAME,)

    def _open(self, location: Location, snapshot: Complete, reported: dict[str, int]) -> None:
        if not opening_precedes(snapshot, location.opening):
            return
        location.opening = snapshot
        self.places.touched_locations.add(location.name)
        for asset, total in reported.items():
            self.places.position(location.name, asset).open_at(snapshot.as_of_us, total)

    def _open_late(self, location: Location, event: Snapshot, as_of_us: int, reported: dict[str, int]) -> None:
        """Open positions from the opening's rows whose asset was unknown when it came."""
        if location.opening is not None and location.opening.event_id == event.event_id:
            for asset, total in reported.items():
                self.places.position(location.name, asset).open_at(as_of_us, total)

    def _observe(self, position: Position, event: Snapshot, as_of_us: int, total: int, findings: list[Finding]) -> None:
        asset = self.assets.by_code[position.asset]
        position.dust = max(asset.dust, abs(total) // self.rebasing_share) if asset.rebasing else asset.dust
        position.reporter = event.source
        latest = position.observations[-1] if position.observations else None
        before = position.floor if latest is None else latest.judgement
        newest = latest is None or latest.as_of_us < as_of_us
        position.observe(Observation(as_of_us, event.event_id, event.snapshot_id, event.revision, total))
        after = position.observations[-1].judgement
        if after is before and position.told is None:
            return  # nothing moved: by far the most usual case
        moved = _dust_moved(before, after, position.dust) if newest and position.opened else 0
        if moved:
            findings.append(DustFinding(position.location, position.asset, moved, position.dust, event.event_id))
        finding = self.breaks.assess(position, event.event_id, explained=False)
        if finding is not None:
            findings.append(finding)


def _dust_moved(before: Judgement, after: Judgement, dust: int) -> int:
    """Return the units that a report hid as dust: beside an agreement, or beside a break that stands."""
    if after.pending:
        return 0
    if not after.streak:
        return after.baseline - before.baseline
    moved = after.unexplained - before.unexplained
    return moved if before.streak and abs(moved) <= dust else 0
