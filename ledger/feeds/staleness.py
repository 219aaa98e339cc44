"""Stale balances: a place that reports the same again while flows settle there says nothing about now.

One movement that is told and does not show may not have happened; several that all fail to show, in a report whose
every figure is the same, mean that the report is old. From the second such report on, the differences that it shows are
no evidence of anything; from the third on it is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Check
from ledger.events import Snapshot
from ledger.findings import Breach
from ledger.table import Table
from ledger.times import to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

ENTRIES_MAX = 50
# So many movements that should have shown say that the report is old; more where it has but one figure to repeat.
FLOWS_TELLING, FLOWS_TELLING_OF_ONE = 2, 3


class Body(Struct, gc=False):
    """What a place reported last: a digest of its rows and their number, since when it has said just that, how often."""

    digest: int
    figures: int
    since_us: int
    as_of_us: int
    count: int
    event_ids: list[str]
    stale_us: int = 0


class Staleness(Check):
    """The latest body of each place that reports actual balances."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.bodies: Table[str, Body] = Table(Body)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"body": self.bodies}

    def arrives(self, event: Snapshot) -> None:
        """Take a snapshot before it is judged, and note whether its place has gone stale with it."""
        if event.holding_kind != "actual":
            return
        digest, as_of_us = _digest(event), to_us(event.as_of)
        body = self.bodies.edit(event.location)
        if body is None or body.digest != digest:
            if body is None or as_of_us > body.as_of_us:
                self._renew(event, digest, as_of_us, body)
            return
        if as_of_us <= body.as_of_us:
            return
        body.as_of_us = as_of_us
        body.count += 1
        body.event_ids = [*body.event_ids[:1], *body.event_ids[1:][-3:], event.event_id]
        telling = FLOWS_TELLING if body.figures > 1 else FLOWS_TELLING_OF_ONE
        if not body.stale_us and self._unseen(event.location, body) >= telling:
            body.stale_us = self.context.now_us

    def stale_since_us(self, location: str) -> int:
        """Return since when the reports of a place are known to be old; 0 where they are not."""
        body = self.bodies.rows.get(location)
        return 0 if body is None else body.stale_us

    def repeats(self, location: str) -> bool:
        """Tell whether the latest report of a place is, to the last of several figures, the one before."""
        body = self.bodies.rows.get(location)
        return body is not None and body.count > 1 and body.figures > 1

    def reported(self, event: Snapshot) -> None:
        body = self.bodies.rows.get(event.location)
        if body is None or not body.stale_us or body.count < self.context.limits.stale_snapshots:
            return
        if event.event_id != body.event_ids[-1]:
            return
        self.context.tell(
            Breach(
                kind="stale_snapshot",
                key=event.location,
                scope={"location": event.location, "source": event.source},
                sentence=f"{event.location} has reported the same balances {body.count} times since "
                f"{to_text(body.since_us)}, while {self._unseen(event.location, body)} movements settled there that they "
                "do not show. Differences at this place are held back until it reports anew.",
                evidence=tuple(reversed(body.event_ids)),
                rule="identical_body",
                links=(f"source|{event.source}",),
            )
        )

    def _unseen(self, location: str, body: Body) -> int:
        """Return how many movements have settled at a place since it began to say the same, and ought to show."""
        place = self.context.holdings.places.by_name.get(location)
        if place is None:
            return 0
        refs: set[str] = set()
        for position in place.positions.values():
            entries = position.timeline.latest(body.since_us + position.skew_us, body.as_of_us, ENTRIES_MAX)
            if abs(sum(delta for _, delta, _ in entries)) > position.dust:  # else they would not show
                refs.update(ref for _, _, ref in entries)
        return len(refs)

    def _renew(self, event: Snapshot, digest: int, as_of_us: int, before: Body | None) -> None:
        self.bodies.put(event.location, Body(digest, len(event.rows), as_of_us, as_of_us, 1, [event.event_id]))
        if before is not None and before.stale_us:
            sentence = f"{event.location} reports other balances than before at {to_text(as_of_us)}."
            self.context.mend("stale_snapshot", event.location, sentence, (event.event_id,), explained=False)
            self.context.sources.changed = True


def _digest(event: Snapshot) -> int:
    """Return 64 bits of what a snapshot reports, whatever the order of its rows."""
    rows = sorted(
        (
            row.asset,
            row.account_id or "",
            row.total,
            row.available or "",
            row.held or "",
            row.staked or "",
            row.debt or "",
        )
        for row in event.rows
    )
    return int.from_bytes(blake2b(repr(rows).encode(), digest_size=8).digest(), "big")
