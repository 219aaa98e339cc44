"""Movements that are not what their plan says, told once for a plan, and own moves that take a plan's place elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check
from ledger.dossiers import Dossier
from ledger.events import ControlEvent, Plan
from ledger.findings import Breach
from ledger.screens import conformity, words
from ledger.screens.conformity import Deviation
from ledger.screens.plans import SLACK_US, Intention
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = ("unit_or_decimal_error", "unexpected_destination", "amount_mismatch")
OFF_PLAN_MAX = 200
"""So many movements are kept that are off one plan; of more, that there are such is known already."""
OWN_MOVES = frozenset(("rebalance", "internal", "sweep", "collateral"))


class OffPlan(Struct, gc=False):
    """The movements that are off a plan in one way."""

    transfer_ids: list[str]


class Planned(Check):
    """Each movement that names a plan against that plan, whichever of the two is heard first."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[tuple[str, str], OffPlan] = Table(OffPlan)  # by kind of alert and plan

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"off_plan": self.table}

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.plan_id:
            plan = self.context.plans.plan(dossier.plan_id)
            if plan is not None:
                self._judge(plan, dossier)
        elif dossier.op_type in OWN_MOVES and dossier.origin != dossier.destination:
            self._judge_unclaimed(change)

    def controlled(self, event: ControlEvent) -> None:
        if isinstance(event, Plan) and self.context.plans.is_claimed(event.plan_id):
            plan = self.context.plans.plan(event.plan_id)
            assert plan is not None, f"the plan {event.plan_id} has just been put on record"
            for dossier in self.context.plans.claimants(event.plan_id):
                self._judge(plan, dossier)

    def forgot(self, dossier: Dossier) -> None:
        words.end(self.context, ("unexpected_destination",), _unclaimed(dossier), dossier, undone=False)
        if dossier.plan_id:
            for kind in KINDS:
                self._is_on(kind, dossier, "is older than what is kept", explained=False)

    # --- movements that name a plan --------------------------------------------------------------------------
    def _judge(self, plan: Intention, dossier: Dossier) -> None:
        if len(self.context.open):
            said = f"{dossier.transfer_id} names plan {plan.plan_id} now, and is held against that."
            self.context.mend("unexpected_destination", _unclaimed(dossier), said, dossier.evidence[:1], explained=True)
        found = [] if dossier.undone else conformity.deviations(self.context, plan, dossier)
        if found and self._adds_up(plan, found):
            found = []
            for part in self.context.plans.claimants(plan.plan_id):
                self._is_on("amount_mismatch", part, "is a part of what the plan says", explained=True)
        if not found and not self.table.rows:
            return
        for kind in KINDS:
            deviation = next((deviation for deviation in found if deviation.kind == kind), None)
            if deviation is not None:
                self._is_off(deviation, plan, dossier)
            elif dossier.undone:
                self._is_on(kind, dossier, "has been undone", explained=False)
            else:
                self._is_on(kind, dossier, "is what its plan says now", explained=True)

    def _adds_up(self, plan: Intention, found: list[Deviation]) -> bool:
        """Tell whether all that deviates is that this is a part, and the parts add up to the amount of the plan."""
        if len(found) > 1 or found[0].kind != "amount_mismatch" or found[0].worse or not plan.exact:
            return False
        parts = [part for part in self.context.plans.claimants(plan.plan_id) if not part.undone]
        spared = sum(conformity.tolerance_units(self.context, part) for part in parts)
        return abs(sum(part.instructed_units for part in parts) - (plan.most_units or 0)) <= spared

    def _is_off(self, deviation: Deviation, plan: Intention, dossier: Dossier) -> None:
        key = (deviation.kind, plan.plan_id)
        row = self.table.get(key) or self.table.put(key, OffPlan([]))
        if dossier.transfer_id in row.transfer_ids or len(row.transfer_ids) >= OFF_PLAN_MAX:
            return
        row.transfer_ids.append(dossier.transfer_id)
        self.table.touched.add(key)
        count = len(row.transfer_ids)
        before = f"{count} movements are off plan {plan.plan_id}, the latest: " if count > 1 else ""
        group = self.context.groups.of_movement(dossier.origin, dossier.destination)
        in_books = (f"total|{group}|{dossier.asset}",) if dossier.in_books_only else ()
        self.context.tell(
            Breach(
                kind=deviation.kind,
                key=f"plan|{plan.plan_id}",
                scope=words.scope_of(dossier),
                sentence=f"{before}{words.movement_text(dossier)} {deviation.why} (plan {plan.plan_id}).",
                evidence=(*dossier.evidence, plan.event_id),
                rule=deviation.rule,
                asset=dossier.asset,
                expected=deviation.expected_units,
                observed=deviation.observed_units,
                difference=_difference(deviation),
                value_units=dossier.instructed_units,
                worse=deviation.worse,
                told=count > 1 and count & (count - 1) == 0,
                links=words.links_of(dossier, *in_books),
            )
        )

    def _is_on(self, kind: str, dossier: Dossier, why: str, *, explained: bool) -> None:
        """Note that a movement is, or is no longer off, its plan; the alert ends with the last of them."""
        key = (kind, dossier.plan_id)
        row = self.table.get(key)
        if row is None or dossier.transfer_id not in row.transfer_ids:
            return
        row.transfer_ids.remove(dossier.transfer_id)
        self.table.touched.add(key)
        if not row.transfer_ids:
            self.table.drop(key)
            sentence = f"{dossier.transfer_id} {why} (plan {dossier.plan_id})."
            evidence = dossier.evidence[:1]
            self.context.mend(kind, f"plan|{dossier.plan_id}", sentence, evidence, explained=explained)

    # --- own moves that name none ----------------------------------------------------------------------------
    def _judge_unclaimed(self, change: Change) -> None:
        """An own move that is exactly one open plan in all but its destination, and does not say so."""
        dossier = change.dossier
        if change.is_undone:
            words.end(self.context, ("unexpected_destination",), _unclaimed(dossier), dossier, undone=True)
        if not change.first or dossier.undone:
            return
        plan = self._sole_plan(dossier)
        why = "" if plan is None else conformity.misplaced(self.context, plan, dossier)
        if plan is None or not why:
            return
        self.context.tell(
            Breach(
                kind="unexpected_destination",
                key=_unclaimed(dossier),
                scope=words.scope_of(dossier),
                sentence=f"{words.movement_text(dossier)} names no plan and is plan {plan.plan_id} in all but this: it {why}.",
                evidence=(*dossier.evidence, plan.event_id),
                rule="place_of_sole_plan",
                asset=dossier.asset,
                value_units=dossier.instructed_units,
                links=words.links_of(dossier, f"plan|{plan.plan_id}"),
            )
        )

    def _sole_plan(self, dossier: Dossier) -> Intention | None:
        """Return the one open plan, of an exact amount and claimed by nobody, for as much from there; None if not one."""
        plans, codes = self.context.plans, self.context.assets.codes
        meant = [
            plan
            for plan in plans.of_origin(dossier.op_type, dossier.origin)
            if plan.exact and plan.most_units == dossier.instructed_units and codes.get(plan.asset) == dossier.asset
            if plan.is_open(dossier.begun_us, SLACK_US) and not plans.is_claimed(plan.plan_id)
        ]
        return meant[0] if len(meant) == 1 else None


def _unclaimed(dossier: Dossier) -> str:
    return f"unclaimed|{dossier.transfer_id}"


def _difference(deviation: Deviation) -> int | None:
    if deviation.expected_units is None or deviation.observed_units is None:
        return None
    return deviation.observed_units - deviation.expected_units
