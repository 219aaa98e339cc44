"""Refunds, reversals and adjustments that name what they undo: never more than that, all of them together.

A part is fine. Ten times too much is a slip of the unit, and so is an amount that is the number of an account: somebody
has typed it into the wrong field. What names nothing that is known is not judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.links import first_heard, said_units
from ledger.matching.search import Index
from ledger.screens import ids
from ledger.screens.ratios import factor_text, power_of_ten
from ledger.screens.words import amount_text

if TYPE_CHECKING:
    from ledger.context import Context

KINDS = frozenset(("refund", "reversal", "adjustment"))


class Refunds:
    """Which movements undo which: an index of the dossiers."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._of: Index[str, str] = Index()  # what is undone to what undoes it

    def loaded(self) -> None:
        for dossier in self.context.dossiers.rows.values():
            self.note(dossier)

    def note(self, dossier: Dossier) -> None:
        """Take over what a movement says that it undoes."""
        if dossier.op_type in KINDS:
            for named in _named(dossier):
                self._of.add(named, dossier.transfer_id)

    def forget(self, dossier: Dossier) -> None:
        for named in _named(dossier):
            self._of.remove(named, dossier.transfer_id)

    def of(self, transfer_id: str) -> list[Dossier]:
        """Return the movements that undo another, or a part of it, the first heard first."""
        return first_heard(self.context.dossiers.rows[refund] for refund in self._of.get(transfer_id))

    def beside(self, dossier: Dossier) -> list[Dossier]:
        """Return the movements that undo what this one undoes, itself among them."""
        return [other for named in _named(dossier) for other in self.of(named)]


class Refunded(Concern):
    """`amount_mismatch` P1 and `unit_or_decimal_error` of what undoes another movement."""

    name = "refunded"
    kinds = ("amount_mismatch", "unit_or_decimal_error")
    of_lead = True

    def key(self, case: Case) -> str:
        return f"refund|{case.transfer_id}"

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or dossier.op_type not in KINDS or dossier.undone:
            return None
        if self._reference(dossier) is None:
            return None
        excess_units = self._excess_units(dossier)
        if _typed(dossier):
            return Ask(None, (), excess_units or said_units(dossier), worse=True)
        return Ask(None, (), excess_units, worse=True) if excess_units else None

    def _reference(self, dossier: Dossier) -> Dossier | None:
        rows = self.context.dossiers.rows
        return next((rows[named] for named in _named(dossier) if named in rows), None)

    def _excess_units(self, dossier: Dossier) -> int:
        """Return how much more than the movement that it names is undone with this one, all before it counted, in units."""
        of = self._reference(dossier)
        if of is None:
            return 0
        if of.asset != dossier.asset:
            return said_units(dossier) if said_units(dossier) == said_units(of) else 0
        mine = (dossier.heard_us, dossier.transfer_id)
        undone_units = sum(
            said_units(refund)
            for refund in self.join.refunds.of(of.transfer_id)
            if not refund.undone and refund.asset == of.asset and (refund.heard_us, refund.transfer_id) <= mine
        )
        fee_units = of.fee_units if self.context.assets.codes.get(of.fee_asset) == of.asset else 0
        known = self.context.assets.by_code.get(of.asset)
        spare_units = fee_units + (0 if known is None else known.dust)
        whole_units = max(of.instructed_units, said_units(of), of.arrived_units if of.arrived else 0)
        return max(undone_units - whole_units, 0) if undone_units > whole_units + spare_units else 0

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        of, units = self._reference(dossier), said_units(dossier)
        typed = _typed(dossier)
        power = 0 if of is None else power_of_ten(units, said_units(of))
        slip = bool(typed) or power > 0 or (of is not None and of.asset != dossier.asset)
        parts = [f"{dossier.op_type} {case.transfer_id} is over {amount_text(units, case.asset)}"]
        if of is not None:
            times = f", {factor_text(power)} as much" if power > 0 else ""
            parts.append(f"it undoes {of.transfer_id} over {amount_text(said_units(of), of.asset)}{times}")
        if typed:
            parts.append(f"its amount is the number in {typed}")
        return Breach(
            kind="unit_or_decimal_error" if slip else "amount_mismatch",
            key=self.key(case),
            scope=scope_of_case(case),
            sentence=f"{'; '.join(parts)}.",
            evidence=(*evidence_of(case), *(() if of is None else of.evidence)),
            rule="amount_is_a_number" if typed else "more_than_it_undoes",
            asset=case.asset,
            expected=None if of is None or of.asset != case.asset else said_units(of),
            observed=units,
            difference=ask.units,
            worse=True,
            links=links_of_case(case, *(() if of is None else (f"transfer|{of.transfer_id}",))),
        )

    def ending(self, case: Case) -> str:
        if case.dossier is not None and case.dossier.undone:
            return f"{case.transfer_id} was undone."
        return f"{case.transfer_id} is not more than what it undoes any more."


def _named(dossier: Dossier) -> tuple[str, ...]:
    return tuple(name for name in (dossier.refers_to, dossier.reverses) if name)


def _typed(dossier: Dossier) -> str:
    """Return the id whose number was typed as the amount; "" where there is none."""
    return ids.said_in_amount(said_units(dossier), ids.of_movement(dossier))
