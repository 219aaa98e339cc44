"""Every movement that was asked for and is not over: in which stage it stands, since when, and what was promised of it.

A stage is what a client waits for: `decide` from the request until somebody lets it pass, `send` until its value leaves,
`settle` until it is there; `whole` is all of it. The moments are event times, so the order of arrival proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from ledger.check import Change, Check, Timer
from ledger.dossiers import PASSED, REQUESTED, UNDONE_BITS, Dossier
from ledger.events import AssetRef, ControlEvent, Maintenance, Reference
from ledger.fold import BROADCAST, COMPLETED, RANK, Fact
from ledger.pace.targets import Span, Targets
from ledger.policy.document import Stage
from ledger.screens.words import client_of
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

LEFT = 1 << BROADCAST | 1 << COMPLETED


class Moments(NamedTuple):
    """When a movement was asked for, let pass, and when its value left, in microseconds; 0 for not yet."""

    requested_us: int
    passed_us: int
    left_us: int


class Open(Struct, gc=False):
    """A movement that was asked for and has neither arrived nor ended; `moments` as above.

    `target_us` is when the present stage should be over, as was promised; 0 where nothing was.
    """

    op_type: str
    client: str
    requested_us: int
    passed_us: int = 0
    left_us: int = 0
    target_us: int = 0

    @property
    def stage(self) -> Stage:
        """The stage in which it stands now."""
        return "settle" if self.left_us else "send" if self.passed_us else "decide"

    @property
    def since_us(self) -> int:
        """When that stage began."""
        return self.left_us or self.passed_us or self.requested_us

    @property
    def moments(self) -> Moments:
        return Moments(self.requested_us, self.passed_us, self.left_us)

    def note(self, bit: int, at_us: int) -> bool:
        """Take a report of a stage (its bit), of which the earliest counts; return whether that changes anything."""
        changed = False
        if bit & REQUESTED and not 0 < self.requested_us <= at_us:
            self.requested_us, changed = at_us, True
        if bit & PASSED and not 0 < self.passed_us <= at_us:
            self.passed_us, changed = at_us, True
        if bit & LEFT and not 0 < self.left_us <= at_us:
            self.left_us, changed = at_us, True
        return changed


class Stages(Check):
    """The open movements by id, and the clocks of what was promised of them."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.stages = self
        self.table: Table[str, Open] = Table(Open)
        self.targets = Targets(context)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"stage": self.table, **self.targets.tables()}

    def timers(self) -> Mapping[str, Timer]:
        return {"promise": self.targets.due}

    def backlog(self) -> list[tuple[str, Stage, int, int]]:
        """Return (op_type, stage, count, since when the oldest has stood there in microseconds), sorted."""
        found: dict[tuple[str, Stage], tuple[int, int]] = {}
        for row in self.table.rows.values():
            key, since_us = (row.op_type, row.stage), row.since_us
            count, oldest_us = found.get(key, (0, since_us))
            found[key] = (count + 1, min(oldest_us, since_us))
        return sorted((*key, *value) for key, value in found.items())

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not dossier.stages & REQUESTED:
            return
        row = self.table.rows.get(dossier.transfer_id)
        over = dossier.arrived or dossier.undone
        if row is None and over:
            return
        if not dossier.undone:
            row = self._note(change, row)
        if row is not None and self.targets.matter:
            self._follow(change, row)
        if over:
            self.table.drop(dossier.transfer_id)

    def referred(self, event: Reference) -> None:
        if isinstance(event, AssetRef):
            self.targets.pledges.forget()

    def controlled(self, event: ControlEvent) -> None:
        if isinstance(event, Maintenance):
            self._run_all(event.event_id)

    def swept(self, before_us: int) -> None:
        """See once a day to those that nothing is heard of: what is promised may have changed since."""
        self._run_all()

    def forgot(self, dossier: Dossier) -> None:
        if self.table.drop(dossier.transfer_id) is not None:
            self.targets.forgot(dossier)

    # --- inside ----------------------------------------------------------------------------------------------
    def _note(self, change: Change, row: Open | None) -> Open:
        """Take the moment of a report; where it begins anew, or may have, all reports are looked at again."""
        dossier, client = change.dossier, client_of(change.dossier)
        if row is None:
            return self.table.put(dossier.transfer_id, Open(dossier.op_type, client, *self._moments(dossier)))
        if dossier.stages & UNDONE_BITS:
            moments = self._moments(dossier)
            changed = moments != row.moments
            row.requested_us, row.passed_us, row.left_us = moments
        else:
            changed = row.note(1 << RANK[change.event.status], change.at_us)
        if changed or client != row.client:
            row.client = client
            self.table.touched.add(dossier.transfer_id)
        return row

    def _moments(self, dossier: Dossier) -> Moments:
        return moments_of(self.context.holdings.movements.by_id[dossier.transfer_id].facts)

    def _follow(self, change: Change, row: Open) -> None:
        dossier, event = change.dossier, change.event
        if dossier.undone:
            self.targets.undone(dossier, change.at_us, event.status, event.event_id)
        else:
            self._run(dossier, row, dossier.arrived_us if dossier.arrived else 0, event.event_id)

    def _run(self, dossier: Dossier, row: Open, arrived_us: int, event_id: str) -> None:
        """Let the clocks run as the moments say, and note when the present stage should be over."""
        self.targets.follow(dossier, spans_of(row, arrived_us), event_id)
        target_us = self.targets.target_us(dossier, row.stage)
        if target_us != row.target_us:
            row.target_us = target_us
            self.table.touched.add(dossier.transfer_id)

    def _run_all(self, event_id: str = "") -> None:
        """Let the clocks of all run anew; `event_id`: what has changed them, where that is not known to be a report."""
        if self.targets.matter:
            for transfer_id in sorted(self.table.rows):
                dossier = self.context.dossiers.rows[transfer_id]
                self._run(dossier, self.table.rows[transfer_id], 0, event_id or dossier.events[-1])


def spans_of(row: Open, arrived_us: int) -> tuple[Span, ...]:
    """Return when each stage began and was over, 0 for not yet."""
    return (
        Span("decide", row.requested_us, row.passed_us),
        Span("send", row.passed_us, row.left_us),
        Span("settle", row.left_us, arrived_us),
        Span("whole", row.requested_us, arrived_us),
    )


def moments_of(facts: Iterable[Fact]) -> Moments:
    """Return the moments of a movement from its reports in order: what was undone does not count, what came after does.

    One that nobody asked for again begins anew with whatever came first.
    """
    row, begun_us, revisions = Open("", "", 0), 0, dict[int, int]()
    for fact in facts:
        if fact.revision < revisions.get(fact.rank, 0):
            continue  # superseded by a restatement that happened earlier, as in the fold
        if 1 << fact.rank & UNDONE_BITS:
            row, begun_us, revisions = Open("", "", 0), 0, {}
        else:
            row.note(1 << fact.rank, fact.at_us)
            begun_us = begun_us or fact.at_us
        revisions[fact.rank] = fact.revision
    return row.moments if row.requested_us else row.moments._replace(requested_us=begun_us)
