"""Trades: two settlement legs of one parent, of which the one must not stay without the other (S24).

Only where trades come in pairs. At a place where a leg usually stands alone its lack of a second one means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.check import Change, Check, Timer
from ledger.dossiers import Dossier
from ledger.fold import EXTERNAL
from ledger.pace import halves
from ledger.pace.clock import LATE_GRACE_US
from ledger.pace.dues import KIND
from ledger.pace.halves import Custom, Half, Parent
from ledger.pace.late import expect, waits_until_us
from ledger.pace.routes import Allowance
from ledger.pace.ways import Ways
from ledger.table import Table
from ledger.times import SECOND_US, to_text, to_us

if TYPE_CHECKING:
    from ledger.context import Context

LEGS_MAX = 16
CUSTOMS_MAX = 1_000
"""From so many parents on a place's counts are halved, so that its custom may change."""
USUAL_SHARE = 4  # pairs are usual where at most one parent in four has a single leg


class Pairs(Check):
    """All parents of settlements, for as long as their legs are remembered."""

    everywhere = True  # of two legs one may be led by another shard

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.ways = Ways(context)
        self.parents: Table[str, Parent] = Table(Parent)
        self.customs: Table[str, Custom] = Table(Custom)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"parent": self.parents, "custom": self.customs}

    def timers(self) -> Mapping[str, Timer]:
        return {"second_leg": self._due}

    # --- what is heard ---------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.op_type != "settlement" or not dossier.parent_id:
            return
        parent = self.parents.edit(dossier.parent_id)
        if parent is None:
            place = dossier.destination if dossier.origin == EXTERNAL else dossier.origin
            parent = self.parents.put(dossier.parent_id, Parent(place, []))
        if parent.gone or (dossier.transfer_id not in parent.legs and len(parent.legs) >= LEGS_MAX):
            return
        if dossier.transfer_id not in parent.legs:
            parent.legs.append(dossier.transfer_id)
        self._count(dossier.parent_id, parent, change)

    def forgot(self, dossier: Dossier) -> None:
        parent = self.parents.edit(dossier.parent_id) if dossier.parent_id else None
        if parent is None or dossier.transfer_id not in parent.legs:
            return
        parent.legs.remove(dossier.transfer_id)
        parent.gone = True
        self._settle(dossier.parent_id, parent, f"{dossier.parent_id} is older than what is kept.", explained=False)
        if not parent.legs:
            self.parents.drop(dossier.parent_id)

    # --- one parent ------------------------------------------------------------------------------------------
    def _count(self, parent_id: str, parent: Parent, change: Change) -> None:
        """See how many of its legs are settled now: exactly one starts the clock, and any other number stops it."""
        settled, open_legs = self._legs(parent)
        if len(settled) == 1:
            if not parent.since_us:
                dossier = change.dossier
                parent.since_us = dossier.arrived_us if change.has_arrived else to_us(change.event.event_time)
                due_us, now_us = parent.since_us + self._allowance(settled[0], open_legs).us, self.context.now_us
                self._expect(parent_id, parent, settled[0], due_us if due_us > now_us else now_us + LATE_GRACE_US)
            return
        if len(settled) > 1 and not parent.paired:
            parent.paired = True
            self._learn(parent, pairs=1, alone=-1 if parent.alone else 0)
            parent.alone = False
        if parent.since_us:
            at_us = max((leg.arrived_us for leg in settled), default=to_us(change.event.event_time))
            how = "both legs are settled" if settled else "the leg that was settled has been undone"
            in_time = at_us <= parent.since_us + self._allowance(change.dossier, open_legs).us
            why = f"Trade {parent_id}: {how} since {to_text(at_us)}."
            self._settle(parent_id, parent, why, explained=in_time)

    def _settle(self, parent_id: str, parent: Parent, why: str, *, explained: bool) -> None:
        self.context.absences.met(f"second_leg|{parent_id}")
        self.context.mend(KIND, f"parent|{parent_id}", why, (self.context.cause_id,), explained=explained)
        parent.since_us = parent.told = 0

    def _legs(self, parent: Parent) -> tuple[list[Dossier], list[Dossier]]:
        """Return the legs that are settled, and those that may still be."""
        legs = [self.context.dossiers.rows[name] for name in parent.legs]
        return [leg for leg in legs if leg.arrived], [leg for leg in legs if not leg.arrived and not leg.undone]

    def _learn(self, parent: Parent, *, pairs: int, alone: int) -> None:
        custom = self.customs.edit(parent.location) or self.customs.put(parent.location, Custom())
        custom.pairs, custom.alone = custom.pairs + pairs, max(custom.alone + alone, 0)
        if custom.pairs + custom.alone >= CUSTOMS_MAX:
            custom.pairs, custom.alone = custom.pairs // 2, custom.alone // 2

    def _is_usual(self, location: str) -> bool:
        """Tell whether trades come in pairs at a place."""
        custom = self.customs.get(location) or Custom()
        enough = custom.pairs >= self.context.limits.second_leg_pairs
        return enough and USUAL_SHARE * custom.alone <= custom.pairs + custom.alone

    # --- its clock -------------------------------------------------------------------------------------------
    def _allowance(self, settled: Dossier, open_legs: list[Dossier]) -> Allowance:
        """Return how long the second leg may take: by its route if it is known, else by the route of the first."""
        allowance = self.ways.allowance(open_legs[0] if open_legs else settled, left=False)
        return allowance or self._default()

    def _default(self) -> Allowance:
        seconds = self.context.limits.second_leg_s
        return Allowance(round(seconds * SECOND_US), "second_leg", f"{seconds:g} s are allowed")

    def _expect(self, parent_id: str, parent: Parent, settled: Dossier, due_us: int) -> None:
        expect(self.context, f"second_leg|{parent_id}", due_us, *self._stake(parent, settled))

    def _stake(self, parent: Parent, settled: Dossier) -> tuple[tuple[str, ...], int | None]:
        """Return who could tell of the second leg, and what the first is worth, in US cents."""
        tellers = dict.fromkeys((settled.source, *self.context.heard.sources(("movements", parent.location))))
        return tuple(tellers), self.context.cents(settled.asset, settled.arrived_units)

    def _due(self, parent_id: str, due_us: int) -> None:
        parent = self.parents.edit(parent_id)
        settled, open_legs = ([], []) if parent is None else self._legs(parent)
        if parent is None or len(settled) != 1:
            return
        allowance = self._allowance(settled[0], open_legs)
        leg, since_us, allowed_us = settled[0], parent.since_us, (parent.told + 1) * allowance.us
        wait_us = waits_until_us(
            self.context, due_us, lambda until_us: since_us + allowed_us + self.ways.paused_us(leg, since_us, until_us),
            *self._stake(parent, leg),
        )  # fmt: skip
        if wait_us is not None:
            self._expect(parent_id, parent, leg, wait_us)
            return
        if any(self.ways.allowance(other, left=other.left) for other in open_legs):
            # The other leg has a clock of its own, and is told of by that for as long as it may still come.
            self._expect(parent_id, parent, leg, self.context.now_us + allowance.us)
            return
        paused_us = self.ways.paused_us(leg, since_us, self.context.now_us)
        usual = self._is_usual(parent.location)
        if not parent.alone:
            parent.alone = True
            self._learn(parent, pairs=0, alone=1)
        if usual and self.context.territory.leads(leg):
            parent.told += 1
            half = Half(parent_id, parent, leg, open_legs, allowance, paused_us)
            self.context.tell(halves.alone(self.context, half, self.customs.rows[parent.location]))
            if parent.told == 1:
                self._expect(parent_id, parent, leg, since_us + 2 * allowance.us + paused_us)
