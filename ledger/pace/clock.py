"""The clock of a movement under way or waiting, its one deadline, and what is said when that has passed.

When a deadline fires it is set again for what it should be by now: the value may have left since, so that another clock
runs, or maintenance has stopped the clock. What is left is late; and at twice of what is allowed it is worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.pace import promises, transit
from ledger.pace.late import Late, expect, waits_until_us
from ledger.pace.routes import Allowance
from ledger.pace.ways import Ways
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

LATE_GRACE_US = 60 * SECOND_US
"""A deadline learnt late leaves this long for the end, which may come with the same backlog."""
UNKNOWN = Allowance(0, "", "")


class Course(Struct, gc=False):
    """A movement on its course: when it began (microseconds), whether it has left, and since when its clock runs.

    `told`: 0 nothing, 1 late, 2 late by twice. `refused`: it was said to be completed and not to have arrived.
    """

    begun_us: int
    since_us: int
    left: bool = False
    told: int = 0
    refused: bool = False


def kind_of(course: Course, dossier: Dossier) -> str:
    """Return the type of alert that the clock of a movement leads to."""
    return transit.KIND if course.left or course.refused else promises.kind_of(dossier)


class Clock:
    """The courses of all movements that have neither arrived nor ended, and their deadlines."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.ways = Ways(context)
        self.courses: Table[str, Course] = Table(Course)
        self._open_ended: set[str] = set()  # those that nobody gives a time

    def loaded(self) -> None:
        waiting, rows = self.context.absences.waiting, self.courses.rows
        self._open_ended = {
            transfer_id for transfer_id, course in rows.items()
            if not course.told and not course.refused and f"pace|{transfer_id}" not in waiting
        }  # fmt: skip

    # --- what is asked of it ---------------------------------------------------------------------------------
    def run(self, transfer_id: str, course: Course) -> None:
        """See to it that the deadline of a movement that is not late yet comes no later than it should."""
        dossier = self.context.dossiers.rows[transfer_id]
        allowance = self.ways.allowance(dossier, left=course.left)
        if allowance is None:
            self._open_ended.add(transfer_id)
            return
        self._open_ended.discard(transfer_id)
        due_us, now_us = course.since_us + allowance.us, self.context.now_us
        if due_us <= now_us:
            due_us = now_us + LATE_GRACE_US
        known = self.context.absences.waiting.get(f"pace|{transfer_id}")
        if known is None or known.due_us > due_us:
            self._expect(dossier, due_us)

    def run_all(self) -> None:
        """Set the deadlines of those that set off before anybody could say how long they may take."""
        for transfer_id in sorted(self._open_ended):
            self.run(transfer_id, self.courses.rows[transfer_id])

    def stop(self, transfer_id: str) -> None:
        """Nothing is late of a movement any more."""
        self.context.absences.met(f"pace|{transfer_id}")
        self._open_ended.discard(transfer_id)

    def late(self, dossier: Dossier, course: Course, at_us: int, allowance: Allowance | None = None) -> Late:
        """Return what is known of a movement whose clock is looked at, or ended, at a moment."""
        allowance = allowance or self.ways.allowance(dossier, left=course.left) or UNKNOWN
        ends, units = self.ways.in_transit(dossier)
        paused_us = self.ways.paused_us(dossier, course.since_us, at_us)
        return Late(dossier, ends, units, course.since_us, at_us, allowance, paused_us)

    def excuse(self, event_id: str) -> None:
        """Take back what was said of movements whose clock, as an event tells now, has stood still since."""
        told = (transfer_id for transfer_id, course in self.courses.rows.items() if course.told)
        for transfer_id in sorted(told):
            self._excuse(self.context.dossiers.rows[transfer_id], self.courses.rows[transfer_id], event_id)

    def due(self, transfer_id: str, due_us: int) -> None:
        """Conclude a deadline: it is late, unless its clock has stood still or began to run later than was known."""
        course, dossier = self.courses.rows.get(transfer_id), self.context.dossiers.get(transfer_id)
        allowance = None if course is None or dossier is None else self.ways.allowance(dossier, left=course.left)
        if course is None or dossier is None:
            return
        if allowance is None:  # nobody gives it a time any more
            if not course.told:
                self._open_ended.add(transfer_id)
            return
        since_us, allowed_us = course.since_us, (course.told + 1) * allowance.us
        wait_us = waits_until_us(
            self.context, due_us, lambda until_us: since_us + allowed_us + self.ways.paused_us(dossier, since_us, until_us),
            *self._stake(dossier),
        )  # fmt: skip
        if wait_us is None:
            self._tell(dossier, course, self.late(dossier, course, self.context.now_us, allowance))
        else:
            self._expect(dossier, wait_us)

    # --- inside ----------------------------------------------------------------------------------------------
    def _tell(self, dossier: Dossier, course: Course, late: Late) -> None:
        """Say that it is late; the second time, or where that is known by now, that it is late by twice."""
        twice_us = late.since_us + 2 * late.allowance.us + late.paused_us
        worse = course.told == 1 or (twice_us <= self.context.now_us and not self._may_be_told(dossier, twice_us))
        course.told = 2 if worse else 1
        self.courses.touched.add(dossier.transfer_id)
        words = transit.overdue if course.left else promises.stuck
        facts = self.context.holdings.movements.by_id[dossier.transfer_id].facts
        self.context.tell(words(self.context, late._replace(worse=worse), facts))
        if not worse:
            self._expect(dossier, twice_us)

    def _may_be_told(self, dossier: Dossier, by_us: int) -> bool:
        """Tell whether somebody may still have to tell that it ended by a moment."""
        tellers, cents = self._stake(dossier)
        return self.context.sources.is_held_up(tellers, by_us, cents)

    def _expect(self, dossier: Dossier, due_us: int) -> None:
        expect(self.context, f"pace|{dossier.transfer_id}", due_us, *self._stake(dossier))

    def _stake(self, dossier: Dossier) -> tuple[tuple[str, ...], int | None]:
        """Return who could still tell of its end, and what it is worth, in US cents."""
        return self.ways.tellers(dossier), self.context.cents(dossier.asset, dossier.instructed_units)

    def _excuse(self, dossier: Dossier, course: Course, event_id: str) -> None:
        late = self.late(dossier, course, self.context.now_us)
        due_us = late.since_us + late.allowance.us + late.paused_us
        if due_us > self.context.now_us:
            why = (
                f"{late.paused_us // SECOND_US} s of maintenance, told by {event_id}, do not count: "
                f"{dossier.transfer_id} still has time."
            )
            self.context.mend(kind_of(course, dossier), dossier.transfer_id, why, (event_id,), explained=True)
            course.told = 0
            self.courses.touched.add(dossier.transfer_id)
            self._expect(dossier, due_us)
