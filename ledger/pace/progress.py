"""Every movement that has neither arrived nor ended, from its first report on.

Until its value leaves, the clock is that of the promise (`sla_breach`); from then on it is that of the way
(`in_transit_overdue`). A movement that is completed and yet did not arrive is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.check import Change, Check, Timer
from ledger.dossiers import Dossier
from ledger.events import ControlEvent, Maintenance, Reference
from ledger.fold import DECISIVE, NOT_ARRIVED, RANK
from ledger.pace import promises, transit
from ledger.pace.clock import UNKNOWN, Clock, Course, kind_of
from ledger.pace.ways import ends_of, is_away
from ledger.table import Table
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context


class Progress(Check):
    """All movements on their course."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.clock = Clock(context)
        self.courses = self.clock.courses

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"course": self.courses, "pace": self.context.routes.learned}

    def timers(self) -> Mapping[str, Timer]:
        return {"pace": self.clock.due}

    def loaded(self) -> None:
        self.clock.loaded()

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        course = self.courses.rows.get(dossier.transfer_id)
        if dossier.arrived or dossier.undone:
            if course is not None:
                self._end(change, course)
        elif course is None:
            self._begin(change)
        elif is_away(dossier) != course.left:
            self._turn(change, course)
        elif dossier.left:
            if RANK[change.event.status] in DECISIVE:
                since_us = self._set_off_us(change, course.since_us) if course.left else course.since_us
                self._go_on(change, course, since_us)
        elif dossier.begun_us < course.begun_us:  # a late report says that it began before what was heard first
            anew = course.since_us != course.begun_us
            course.begun_us = dossier.begun_us
            self._go_on(change, course, course.since_us if anew else dossier.begun_us)

    def referred(self, event: Reference) -> None:
        if self.context.routes.hear(event):
            self.clock.run_all()

    def controlled(self, event: ControlEvent) -> None:
        if isinstance(event, Maintenance):
            self.clock.excuse(event.event_id)

    def forgot(self, dossier: Dossier) -> None:
        course = self.courses.rows.get(dossier.transfer_id)
        if course is not None:
            why = f"Nothing more was heard of {dossier.transfer_id} for as long as anything is remembered."
            self.context.mend(kind_of(course, dossier), dossier.transfer_id, why, dossier.evidence[:1], explained=False)
            self._drop(dossier.transfer_id)

    # --- its course ------------------------------------------------------------------------------------------
    def _begin(self, change: Change) -> None:
        dossier = change.dossier
        course = Course(dossier.begun_us, dossier.begun_us, left=is_away(dossier))
        self.courses.put(dossier.transfer_id, course)
        since_us = dossier.begun_us
        if course.left:
            since_us = self._set_off_us(change)
        elif not change.first:  # it had ended, and begins anew
            since_us = to_us(change.event.event_time)
        self._go_on(change, course, since_us)

    def _turn(self, change: Change, course: Course) -> None:
        """It has left, or after all it has not: from now on it is the other clock that runs."""
        since_us = to_us(change.event.event_time) if course.left else self._set_off_us(change)
        self._mend(change, course, since_us, change.event.status if course.left else "left")
        course.left, course.told, course.refused = not course.left, 0, False
        self._go_on(change, course, since_us)

    def _go_on(self, change: Change, course: Course, since_us: int) -> None:
        """Let its clock run since a moment, unless it was refused: then there is nothing to wait for."""
        transfer_id = change.dossier.transfer_id
        course.since_us = since_us
        self.courses.touched.add(transfer_id)
        if _is_refusal(change):
            self._refuse(change, course)
        elif not course.told and not course.refused:
            self.clock.run(transfer_id, course)

    def _refuse(self, change: Change, course: Course) -> None:
        if not course.refused:
            course.refused, course.told = True, 0
            self.clock.stop(change.dossier.transfer_id)
            late = self.clock.late(change.dossier, course, to_us(change.event.event_time), UNKNOWN)
            self.context.tell(transit.refused(self.context, late, change.event))

    def _end(self, change: Change, course: Course) -> None:
        dossier = change.dossier
        ended_us = dossier.arrived_us if dossier.arrived else to_us(change.event.event_time)
        self._mend(change, course, ended_us, "completed" if dossier.arrived else change.event.status)
        teaches = dossier.arrived and course.left and not course.refused
        self._drop(dossier.transfer_id)
        if teaches:
            self._learn(dossier, course, ended_us)

    def _drop(self, transfer_id: str) -> None:
        self.courses.drop(transfer_id)
        self.clock.stop(transfer_id)

    def _mend(self, change: Change, course: Course, ended_us: int, how: str) -> None:
        """End what was told of its present clock; it is explained if it ended in time and only the report was late."""
        if not course.told and not course.refused:
            return
        dossier = change.dossier
        late = self.clock.late(dossier, course, ended_us)
        in_time = ended_us <= late.since_us + late.allowance.us + late.paused_us
        kind = kind_of(course, dossier)
        words = transit.ended if kind == transit.KIND else promises.ended
        self.context.mend(
            kind, dossier.transfer_id, words(self.context, late, how), (change.event.event_id,),
            explained=in_time and not course.refused,
        )  # fmt: skip

    def _learn(self, dossier: Dossier, course: Course, ended_us: int) -> None:
        """Learn how long it took, maintenance left out; what was overdue teaches no more than what was allowed."""
        ways, since_us = self.clock.ways, course.since_us
        took_us = max(ended_us - since_us - ways.paused_us(dossier, since_us, ended_us), 0)
        if course.told:
            allowance = ways.allowance(dossier, left=True)
            took_us = took_us if allowance is None else min(took_us, allowance.us)
        if self.context.routes.learn(ends_of(dossier), took_us):
            self.clock.run_all()

    def _set_off_us(self, change: Change, known_us: int | None = None) -> int:
        """Return when its value left; `known_us` stands unless an earlier part of its story was told now."""
        movement = self.context.holdings.movements.by_id[change.dossier.transfer_id]
        latest = movement.facts[-1]
        if latest.event_id != change.event.event_id:
            return movement.set_off_us()
        return latest.at_us if known_us is None else known_us


def _is_refusal(change: Change) -> bool:
    """Tell whether a report says that a movement is completed and did not arrive."""
    event, said = change.event, change.event.sub_status or ""
    return event.status == "completed" and said.lower() in NOT_ARRIVED and change.dossier.left
