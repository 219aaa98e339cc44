"""Settlements and collateral that a plan makes due (S24, S26): unmet after their end, or paid twice.

Each occurrence of a recurring plan stands for itself, and is judged once its end, with a minute's grace, has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import structs

from ledger.check import Change, Check, Timer
from ledger.dossiers import Dossier
from ledger.events import ControlEvent, Plan
from ledger.fold import EXTERNAL
from ledger.pace import dues
from ledger.pace.clock import LATE_GRACE_US
from ledger.pace.late import expect, waits_until_us
from ledger.pace.occurrences import Occurrences, Place, Schedule
from ledger.screens.plans import PLANS_MAX, Intention
from ledger.table import Table
from ledger.times import DAY_US, SECOND_US, to_text

if TYPE_CHECKING:
    from ledger.context import Context


class Settlements(Check):
    """All plans of these kinds that have an end."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.occurrences = Occurrences(context)
        self.schedules = self.occurrences.schedules

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        occurrences = self.occurrences
        return {"schedule": self.schedules, "occurrence": occurrences.table, "unplanned": occurrences.unplanned}

    def timers(self) -> Mapping[str, Timer]:
        return {"settlement": self._due}

    def loaded(self) -> None:
        self.occurrences.loaded()

    # --- what is heard ---------------------------------------------------------------------------------------
    def controlled(self, event: ControlEvent) -> None:
        if not isinstance(event, Plan):
            return
        if not self.context.territory.leads_between(event.from_, event.to or ""):  # all shards hear of all plans
            self._withdraw(event.plan_id, f"Plan {event.plan_id} is of another shard since {event.event_id}.")
            return
        plan, known = self.context.plans.plan(event.plan_id), self.schedules.get(event.plan_id)
        if plan is not None and (known is None or _terms(known.plan) != _terms(plan)):
            self._withdraw(event.plan_id, f"Plan {event.plan_id} says something else since {event.event_id}.")
            self._schedule(plan)

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not dossier.plan_id and dossier.op_type not in dues.OPERATIONS:
            return
        place = self.occurrences.place(dossier)
        if place is not None:
            self._judge(place)
        elif change.has_arrived and not dossier.plan_id:
            self.occurrences.keep(dossier)

    def forgot(self, dossier: Dossier) -> None:
        self.occurrences.forget_movement(dossier)

    def swept(self, before_us: int) -> None:
        for place in [place for place in self.occurrences.table.rows if place[1] < before_us]:
            self._forget(place, "It is older than what is kept.", explained=False)
        over = [name for name, row in self.schedules.rows.items() if not row.plan.repeats and row.until_us < before_us]
        for plan_id in over:
            self.schedules.drop(plan_id)
            self.context.absences.met(f"settlement|{plan_id}")

    # --- plans as they are told ------------------------------------------------------------------------------
    def _schedule(self, plan: Intention) -> None:
        """Wait for what a plan says, unless it has no end or its end was long ago."""
        now_us = self.context.now_us
        until_us = plan.window_us(now_us - self._grace_us)[1]
        if plan.op_type not in dues.OPERATIONS or until_us < now_us - DAY_US or len(self.schedules) >= PLANS_MAX:
            return
        schedule = self.schedules.put(plan.plan_id, Schedule(plan, until_us))
        self._expect(schedule, max(until_us + self._grace_us, now_us + LATE_GRACE_US))
        for place in self.occurrences.adopt(plan):
            self._judge(place)

    def _withdraw(self, plan_id: str, why: str) -> None:
        """Forget a plan, as it was, with its occurrences."""
        if self.schedules.drop(plan_id) is not None:
            self.context.absences.met(f"settlement|{plan_id}")
            for place in self.occurrences.of_plan(plan_id):
                self._forget(place, why, explained=True)

    def _forget(self, place: Place, why: str, *, explained: bool) -> None:
        self.occurrences.forget(place)
        for what in ("unmet", "exceeded"):
            key = f"{place[0]}|{to_text(place[1])}|{what}"
            self.context.mend(dues.KIND, key, why, (self.context.cause_id,), explained=explained)

    # --- its judgement ---------------------------------------------------------------------------------------
    def _judge(self, place: Place) -> None:
        """Say that an occurrence is paid twice, and that it is met after all, or not any more."""
        context, occurrence, due = self.context, self.occurrences.table.rows[place], self.occurrences.read(place)
        if due.excess_units != occurrence.told_units:
            self.occurrences.edit(place).told_units = due.excess_units
            if due.excess_units:
                context.tell(dues.exceeded(context, due))
            else:
                why = f"What was too much for plan {place[0]} has been taken back, or was never done."
                context.mend(dues.KIND, f"{due.name}|exceeded", why, (context.cause_id,), explained=False)
        if due.met:
            met_us = max(part.arrived_us for part in due.parts if part.arrived)
            why = f"Plan {place[0]} is met: the last of it arrived at {to_text(met_us)}; it was due by {to_text(place[1])}."
            context.mend(dues.KIND, f"{due.name}|unmet", why, (context.cause_id,), explained=met_us <= place[1])
        elif occurrence.judged and not context.stands(dues.KIND, f"{due.name}|unmet"):
            context.tell(dues.unmet(context, due))

    def _due(self, plan_id: str, due_us: int) -> None:
        """The end of an occurrence has passed: say what is missing, and wait for the next one."""
        schedule = self.schedules.edit(plan_id)
        if schedule is None:
            return
        plan, place = schedule.plan, (plan_id, schedule.until_us)
        first_us, last_us = plan.window_us(schedule.until_us)[0], schedule.until_us + self._grace_us
        wait_us = waits_until_us(
            self.context,
            due_us,
            lambda until_us: last_us + self._paused_us(plan, first_us, until_us),
            *self._stake(plan),
        )
        if wait_us is not None:
            self._expect(schedule, wait_us)
            return
        if self._tellers(plan):  # else nobody has ever told of these places
            self.occurrences.edit(place).judged = True
            self._judge(place)
        if plan.repeats:
            schedule.until_us += plan.every_us
            self._expect(schedule, schedule.until_us + self._grace_us)

    @property
    def _grace_us(self) -> int:
        return round(self.context.limits.settlement_s * SECOND_US)

    def _expect(self, schedule: Schedule, due_us: int) -> None:
        expect(self.context, f"settlement|{schedule.plan.plan_id}", due_us, *self._stake(schedule.plan))

    def _stake(self, plan: Intention) -> tuple[tuple[str, ...], int | None]:
        """Return who could tell that a plan is met, and what it is worth, in US cents."""
        asset = self.context.assets.codes.get(plan.asset, plan.asset)
        return self._tellers(plan), self.context.cents(asset, plan.least_units or plan.most_units or 0)

    def _tellers(self, plan: Intention) -> tuple[str, ...]:
        places = (place for place in (plan.origin, plan.destination) if place not in ("", EXTERNAL))
        heard = self.context.heard
        return tuple(dict.fromkeys(source for place in places for source in heard.sources(("movements", place))))

    def _paused_us(self, plan: Intention, from_us: int, until_us: int) -> int:
        places = (plan.origin, plan.destination) if plan.destination else (plan.origin,)
        return self.context.maintenance.paused_us(
            "transfers", from_us or plan.heard_us, until_us, locations=places, sources=self._tellers(plan)
        )


def _terms(plan: Intention) -> Intention:
    """Return what a plan says, whoever sent it and when."""
    return structs.replace(plan, event_id="", heard_us=0)
