"""What was done is not what was asked for: an execution of another amount than the instruction."""

from __future__ import annotations

from ledger.dossiers import EXECUTED, INSTRUCTED
from ledger.findings import Breach
from ledger.fold import RANK
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.screens.words import amount_text

_EXECUTED = frozenset(rank for rank in RANK.values() if EXECUTED >> rank & 1)
_INSTRUCTED = frozenset(rank for rank in RANK.values() if INSTRUCTED >> rank & 1)


class Executed(Concern):
    """`amount_mismatch` between instruction and execution of one movement; P1 where more went out.

    The last instruction counts, since a request may be changed before it is approved, and of the executions the one
    that differs most. A restatement of an execution is told as one, and is none here.
    """

    name = "executed"
    kinds = ("amount_mismatch",)
    of_lead = True

    def key(self, case: Case) -> str:
        return f"executed|{case.transfer_id}"

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or dossier.executed_units is None or not dossier.instructed or dossier.undone:
            return None
        if case.direction == "in":
            return None  # what others announce to us is no instruction
        if dossier.executed_units == dossier.instructed_units and not dossier.revision:
            return None
        asked_units, done_units = self._amounts(case)
        if self._is_near(case, asked_units, done_units):
            return None
        return Ask(None, (), abs(done_units - asked_units), worse=done_units > asked_units)

    def _amounts(self, case: Case) -> tuple[int, int]:
        """Return what was asked for last, and what was done, in units."""
        facts = self.context.holdings.movements.by_id[case.transfer_id].facts
        done = [fact for fact in facts if fact.rank in _EXECUTED and not fact.revision]
        asked = [fact for fact in facts if fact.rank in _INSTRUCTED]
        if not asked or not done:
            return 0, 0
        before = [fact for fact in asked if fact.at_us <= done[0].at_us] or asked
        asked_units = before[-1].amount
        return asked_units, max((fact.amount for fact in done), key=lambda units: abs(units - asked_units))

    def _is_near(self, case: Case, asked_units: int, done_units: int) -> bool:
        dossier = case.dossier
        assert dossier is not None
        parts = round(1 / self.context.limits.executed_share)
        spare_units = case.dust_units + case.fee_units(dossier) + asked_units // parts
        return abs(done_units - asked_units) <= spare_units

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        asked_units, done_units = self._amounts(case)
        asked, done = amount_text(asked_units, case.asset), amount_text(done_units, case.asset)
        return Breach(
            kind="amount_mismatch",
            key=self.key(case),
            scope=scope_of_case(case),
            sentence=f"{dossier.op_type} {case.transfer_id} from {dossier.origin} was asked for {asked}, and {done} are moved.",
            evidence=evidence_of(case),
            rule="executed_not_instructed",
            asset=case.asset,
            expected=asked_units,
            observed=done_units,
            difference=done_units - asked_units,
            worse=ask.worse,
            links=links_of_case(case),
        )

    def ending(self, case: Case) -> str:
        dossier = case.dossier
        assert dossier is not None
        if dossier.undone:
            return f"{case.transfer_id} was undone."
        return f"Explained: {case.transfer_id} was asked for as it was done."
