"""The plans of the treasury: what it intends to move, between when and when, and which movements claim to do so.

A plan is a record of the firm: the latest under its id holds. One that recurs repeats its window every so often where
the window is shorter than that; else the window is the time in which it recurs. Which movements claim a plan follows
from their dossiers, so that is an index and no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.amounts import to_units
from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.events import ControlEvent, Plan
from ledger.screens import conformity
from ledger.table import Table
from ledger.times import SECOND_US, to_us

if TYPE_CHECKING:
    from ledger.context import Context

PLANS_MAX = 20_000
"""Beyond it the plans heard longest ago are forgotten."""
SLACK_US = 3_600 * SECOND_US
"""So much before or after its window a movement that names no plan may still be the one that was planned."""


class Intention(Struct, frozen=True, kw_only=True, gc=False):
    """A plan on record. Amounts in units, for each occurrence, None where open; moments in microseconds, 0 where open."""

    plan_id: str
    op_type: str
    origin: str
    asset: str  # as it was written; it may be an alias
    destination: str = ""
    to_role: str = ""
    least_units: int | None = None
    most_units: int | None = None
    from_us: int = 0
    until_us: int = 0
    every_us: int = 0
    event_id: str = ""
    heard_us: int = 0

    @property
    def exact(self) -> bool:
        """Whether it says one amount and no other."""
        return self.most_units is not None and self.least_units == self.most_units

    @property
    def repeats(self) -> bool:
        """Whether its window comes again and again."""
        return bool(self.every_us and self.from_us and self.from_us < self.until_us <= self.from_us + self.every_us)

    def window_us(self, at_us: int) -> tuple[int, int]:
        """Return from when until when the occurrence is due that `at_us` falls into, or else the one after it."""
        if not self.repeats or at_us <= self.until_us:
            return self.from_us, self.until_us
        past = -((self.until_us - at_us) // self.every_us)
        return self.from_us + past * self.every_us, self.until_us + past * self.every_us

    def is_open(self, at_us: int, slack_us: int = 0) -> bool:
        """Tell whether it may be carried out at a moment, or `slack_us` before or after."""
        from_us, until_us = self.window_us(at_us - slack_us)
        return from_us - slack_us <= at_us and (not until_us or at_us <= until_us + slack_us)


class Plans(Check):
    """All plans on record, reachable as `context.plans`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, Intention] = Table(Intention)
        self._of_origin: dict[tuple[str, str], set[str]] = {}  # (op_type, place it leaves) to plan ids
        self._claims: dict[str, set[str]] = {}  # plan id to the movements that name it

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"plan": self.table}

    def loaded(self) -> None:
        for plan in self.table.rows.values():
            self._of_origin.setdefault((plan.op_type, plan.origin), set()).add(plan.plan_id)
        for dossier in self.context.dossiers.rows.values():
            if dossier.plan_id and self.context.territory.leads(dossier):
                self._claims.setdefault(dossier.plan_id, set()).add(dossier.transfer_id)

    # --- what others ask -------------------------------------------------------------------------------------
    def plan(self, plan_id: str) -> Intention | None:
        """Return the plan on record under an id."""
        return self.table.rows.get(plan_id)

    def open_plans(self, at_us: int) -> list[Intention]:
        """Return the plans whose end (of some occurrence) has not passed at a moment, by id."""
        rows = self.table.rows
        return [rows[plan_id] for plan_id in sorted(rows) if not 0 < rows[plan_id].window_us(at_us)[1] < at_us]

    def claimants(self, plan_id: str) -> list[Dossier]:
        """Return the movements that say they fulfil a plan, the first heard first."""
        rows = self.context.dossiers.rows
        claims = (rows[transfer_id] for transfer_id in self._claims.get(plan_id, ()))
        return sorted(claims, key=lambda dossier: (dossier.heard_us, dossier.transfer_id))

    def is_claimed(self, plan_id: str) -> bool:
        """Tell whether any movement says that it fulfils a plan."""
        return plan_id in self._claims

    def of_origin(self, op_type: str, origin: str) -> list[Intention]:
        """Return the plans for one kind of operation out of a place, by id."""
        return [self.table.rows[plan_id] for plan_id in sorted(self._of_origin.get((op_type, origin), ()))]

    def fits(self, dossier: Dossier) -> bool:
        """Tell whether a movement is what a plan says: the one that it names, or where it names none, any of that time."""
        if dossier.plan_id:
            named = self.table.rows.get(dossier.plan_id)
            return named is not None and not conformity.deviations(self.context, named, dossier)
        return bool(self.fitting(dossier))

    def fitting(self, dossier: Dossier) -> list[Intention]:
        """Return the plans of its time that a movement which names none may be meant to fulfil."""
        if dossier.plan_id:
            return []
        return [
            plan
            for plan in self.of_origin(dossier.op_type, dossier.origin)
            if plan.is_open(dossier.begun_us, SLACK_US) and not conformity.deviations(self.context, plan, dossier)
        ]

    # --- what is heard ---------------------------------------------------------------------------------------
    def controlled(self, event: ControlEvent) -> None:
        if not isinstance(event, Plan):
            return
        self._drop(event.plan_id)
        self.table.put(event.plan_id, _intention(event, self.context.now_us))
        self._of_origin.setdefault((event.op_type, event.from_), set()).add(event.plan_id)
        if len(self.table) > PLANS_MAX:
            self._drop(min(self.table.rows.values(), key=lambda plan: (plan.heard_us, plan.plan_id)).plan_id)

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.plan_id:
            self._claims.setdefault(dossier.plan_id, set()).add(dossier.transfer_id)

    def forgot(self, dossier: Dossier) -> None:
        claims = self._claims.get(dossier.plan_id)
        if claims is not None:
            claims.discard(dossier.transfer_id)
            if not claims:
                del self._claims[dossier.plan_id]

    def swept(self, before_us: int) -> None:
        over = [plan.plan_id for plan in self.table.rows.values() if _is_over(plan, before_us)]
        for plan_id in over:
            self._drop(plan_id)

    def _drop(self, plan_id: str) -> None:
        plan = self.table.drop(plan_id)
        if plan is not None:
            self._of_origin[plan.op_type, plan.origin].discard(plan_id)
            if not self._of_origin[plan.op_type, plan.origin]:
                del self._of_origin[plan.op_type, plan.origin]


def _intention(event: Plan, heard_us: int) -> Intention:
    least, most = event.amount or event.amount_min, event.amount or event.amount_max
    return Intention(
        plan_id=event.plan_id,
        op_type=event.op_type,
        origin=event.from_,
        asset=event.asset,
        destination=event.to or "",
        to_role=event.to_role or "",
        least_units=None if least is None else to_units(least),
        most_units=None if most is None else to_units(most),
        from_us=to_us(event.not_before) if event.not_before else 0,
        until_us=to_us(event.not_after) if event.not_after else 0,
        every_us=round(event.recurring_s * SECOND_US) if event.recurring_s else 0,
        event_id=event.event_id,
        heard_us=heard_us,
    )


def _is_over(plan: Intention, before_us: int) -> bool:
    """Tell whether nothing after a moment can belong to a plan; one without an end lasts from its record for as long."""
    return not plan.repeats and (plan.until_us or plan.heard_us) < before_us
