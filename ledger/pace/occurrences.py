"""Which movements pay which occurrence of a plan, whether they name it or are just what it says, in any order.

A movement that names a plan belongs to the occurrence that is open, or next, when it begins; where that is paid for and
the one before is not, it is what was missing there, late. One that names none pays what it fits and what is not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.dossiers import Dossier
from ledger.pace import dues
from ledger.pace.dues import Due
from ledger.screens.plans import SLACK_US, Intention
from ledger.table import Table
from ledger.times import to_text

if TYPE_CHECKING:
    from ledger.context import Context

PARTS_MAX = 256
UNPLANNED_MAX = 32
"""So many of the latest movements of a place that fulfil no plan are kept for one that is told after them."""
Place = tuple[str, int]  # the plan's id, and when the occurrence ends (microseconds)


class Schedule(Struct, gc=False):
    """A plan, and the end of the occurrence that is waited for."""

    plan: Intention
    until_us: int


class Occurrence(Struct, gc=False):
    """The movements that pay one occurrence, and whether its end has been judged. `told_units`: the excess told of."""

    movements: list[str] = []
    judged: bool = False
    told_units: int = 0


class Occurrences:
    """The plans that are due, what pays them, and the latest movements that pay none."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.schedules: Table[str, Schedule] = Table(Schedule)
        self.table: Table[Place, Occurrence] = Table(Occurrence)
        self.unplanned: Table[tuple[str, str, str], list[str]] = Table(list[str])
        self._places: dict[str, Place] = {}  # by movement

    def loaded(self) -> None:
        self._places = {name: place for place, row in self.table.rows.items() for name in row.movements}

    def edit(self, place: Place) -> Occurrence:
        """Return an occurrence to change; it begins when first asked for."""
        return self.table.edit(place) or self.table.put(place, Occurrence())

    def read(self, place: Place) -> Due:
        """Return what is known of an occurrence."""
        occurrence, plan = self.table.rows.get(place), self.schedules.rows[place[0]].plan
        names = () if occurrence is None else occurrence.movements
        return dues.due(self.context, plan, place[1], [self.context.dossiers.rows[name] for name in names])

    def of_plan(self, plan_id: str) -> list[Place]:
        """Return the occurrences of a plan that are known, the earliest first."""
        return sorted(place for place in self.table.rows if place[0] == plan_id)

    # --- which movement pays which ---------------------------------------------------------------------------
    def place(self, dossier: Dossier) -> Place | None:
        """Return the occurrence that a movement pays, if any."""
        known = self._places.get(dossier.transfer_id)
        if known is not None:
            return known
        if dossier.plan_id:
            schedule = self.schedules.get(dossier.plan_id)
            return None if schedule is None else self._assign(dossier, schedule.plan)
        if not dossier.arrived:
            return None
        for plan in self.context.plans.of_origin(dossier.op_type, dossier.origin):
            if plan.plan_id in self.schedules and (place := self._offer(dossier, plan)) is not None:
                return place
        return None

    def adopt(self, plan: Intention) -> list[Place]:
        """Take in what was heard of before a plan was told; return the occurrences that are paid by it."""
        places = {self._assign(dossier, plan) for dossier in self.context.plans.claimants(plan.plan_id)}
        asset = self.context.assets.codes.get(plan.asset, plan.asset)
        for name in tuple(self.unplanned.rows.get((plan.op_type, plan.origin, asset), ())):
            dossier = self.context.dossiers.rows[name]
            if plan.is_open(dossier.begun_us, SLACK_US):
                places.add(self._offer(dossier, plan))
        return sorted(place for place in places if place is not None)

    def keep(self, dossier: Dossier) -> None:
        """Keep a movement that pays nothing for a plan that may be told after it."""
        key = (dossier.op_type, dossier.origin, dossier.asset)
        names = self.unplanned.edit(key) or self.unplanned.put(key, [])
        names.append(dossier.transfer_id)
        del names[:-UNPLANNED_MAX]

    def forget(self, place: Place) -> None:
        """Forget an occurrence; what paid it is free."""
        occurrence = self.table.drop(place)
        for name in () if occurrence is None else occurrence.movements:
            self._places.pop(name, None)

    def forget_movement(self, dossier: Dossier) -> None:
        place = self._places.pop(dossier.transfer_id, None)
        occurrence = None if place is None else self.table.edit(place)
        if occurrence is not None:
            occurrence.movements.remove(dossier.transfer_id)
        self._take_out(dossier)

    def _offer(self, dossier: Dossier, plan: Intention) -> Place | None:
        """Let a movement that names no plan pay one that it fits and that is not met."""
        if dossier.undone or not dues.fits(self.context, plan, dossier):
            return None
        if self.read((plan.plan_id, self._until_us(plan, dossier.begun_us))).met:
            return None
        return self._assign(dossier, plan)

    def _assign(self, dossier: Dossier, plan: Intention) -> Place | None:
        place = (plan.plan_id, self._until_us(plan, dossier.begun_us))
        occurrence = self.edit(place)
        if len(occurrence.movements) >= PARTS_MAX:
            return None
        occurrence.movements.append(dossier.transfer_id)
        self._places[dossier.transfer_id] = place
        self._take_out(dossier)
        return place

    def _until_us(self, plan: Intention, at_us: int) -> int:
        """Return the end of the occurrence that what begins at a moment pays."""
        from_us, until_us = plan.window_us(at_us)
        before_us = until_us - plan.every_us
        if not plan.repeats or not self.context.stands(dues.KIND, f"{plan.plan_id}|{to_text(before_us)}|unmet"):
            return until_us
        is_next = at_us >= from_us and not self.read((plan.plan_id, until_us)).covered
        return until_us if is_next else before_us

    def _take_out(self, dossier: Dossier) -> None:
        """A movement is not there any more for a plan that is told after it."""
        key = (dossier.op_type, dossier.origin, dossier.asset)
        names = self.unplanned.rows.get(key)
        if names is not None and dossier.transfer_id in names:
            names.remove(dossier.transfer_id)
            self.unplanned.touched.add(key)
            if not names:
                self.unplanned.drop(key)
