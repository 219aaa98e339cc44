"""All questions about movements: which there are, and how each change of a movement has them looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ledger.check import Change, Timer
from ledger.dossiers import COMPLETED_BIT, INSTRUCTED
from ledger.matching.cases import Case, Direction
from ledger.matching.claims import Claim
from ledger.matching.concerns import Concern
from ledger.matching.debits import Undebited
from ledger.matching.doubles import Doubles
from ledger.matching.executed import Executed
from ledger.matching.inflows import Unbooked
from ledger.matching.mismatches import Mismatches
from ledger.matching.missing import Uncredited, UncreditedTwice
from ledger.matching.outflows import Uninstructed
from ledger.matching.owners import Misplaced
from ledger.matching.phantoms import Phantoms
from ledger.matching.refunds import Refunded
from ledger.matching.reorgs import Reorganised
from ledger.matching.usual import is_usual

if TYPE_CHECKING:
    from ledger.matching.join import Join

CONCERNS: Mapping[Direction, tuple[type[Concern], ...]] = {
    "in": (Reorganised, Phantoms, Doubles, Mismatches, Misplaced, Uncredited, UncreditedTwice, Unbooked, Refunded),
    "out": (
        Uninstructed, Executed, Phantoms, Unbooked, Undebited, Mismatches, Misplaced, Uncredited, UncreditedTwice,
        Refunded,
    ),
    "own": (Executed, Phantoms, Doubles, Mismatches, Misplaced, Refunded),
    "unknown": (Phantoms,),
}  # fmt: skip
"""The questions about each kind of movement, in the order in which they are answered."""


class Questions:
    """The concerns, and their deadlines."""

    def __init__(self, join: Join) -> None:
        self.join = join
        made = {kind: kind(join) for kinds in CONCERNS.values() for kind in kinds}
        self._all = {direction: [made[kind] for kind in kinds] for direction, kinds in CONCERNS.items()}
        self._without_legs = {
            direction: [concern for concern in concerns if not concern.of_legs]
            for direction, concerns in self._all.items()
        }
        self._made = list(made.values())
        self.timers: dict[str, Timer] = {concern.name: concern.due for concern in self._made}

    def weigh(self, transfer_id: str, *, late: bool) -> None:
        """Look again at all questions about a movement; `late`: a report of a movement is what has changed it."""
        join = self.join
        claim = join.claims.table.rows.get(transfer_id)
        if claim is not None and self._is_usual(transfer_id, claim):
            self.end_all(transfer_id, claim, late=late)
            return
        case = Case(join, transfer_id, late=late)
        concerns = self._all if claim is not None and (claim.legs or claim.open) else self._without_legs
        leads = case.dossier is None or join.context.territory.leads(case.dossier)
        for concern in concerns[case.direction]:
            ask = concern.wanted(case) if leads or not concern.of_lead else None
            if ask is not None:
                concern.ask(case, ask)
            elif claim is not None and concern.name in claim.open:
                concern.end(case)

    def _is_usual(self, transfer_id: str, claim: Claim) -> bool:
        dossier = self.join.context.dossiers.rows.get(transfer_id)
        return is_usual(self.join.context, dossier, claim) and not self.join.links.is_shared(transfer_id)

    def end_all(self, transfer_id: str, claim: Claim, *, late: bool) -> None:
        """End all questions that are open about a movement."""
        if claim.open:
            case = Case(self.join, transfer_id, late=late)
            for concern in self._all[case.direction]:
                if concern.name in claim.open:
                    concern.end(case)

    def forget(self, transfer_id: str, claim: Claim) -> None:
        """Ask nothing more about a movement that is older than anybody looks back."""
        case = Case(self.join, transfer_id, late=False)
        for concern in self._made:
            if concern.name in claim.open:
                concern.drop(case)


def is_news(change: Change) -> bool:
    """Tell whether a report changes anything but how far a movement has come on its way."""
    dossier = change.dossier
    return (
        change.first
        or dossier.arrived != change.was_arrived
        or dossier.left != change.was_left
        or dossier.undone != change.was_undone
        or dossier.arrived_units != change.was_arrived_units
        or dossier.fee_units != change.was_fee_units
        or (not change.was_stages & INSTRUCTED and dossier.instructed)
        or bool(dossier.stages & ~change.was_stages & COMPLETED_BIT)
        or (dossier.executed_units is not None and dossier.executed_units != dossier.instructed_units)
    )
