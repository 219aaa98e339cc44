"""Value that leaves the firm and that nobody asked for: no instruction, under whatever id, and no plan that it fits.

Weaker rules count for as long as nothing was said, and end nothing that was: an approved payment of the same amount, place
and address that has not left under its own id. Once it does, it is no longer taken for this one.
"""

from __future__ import annotations

from ledger.dossiers import Dossier
from ledger.findings import Breach
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.links import said_units
from ledger.screens.words import amount_text


class Uninstructed(Concern):
    """`unmatched_outflow` of what needs an instruction."""

    name = "uninstructed"
    kinds = ("unmatched_outflow",)
    of_lead = True

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or case.direction != "out" or dossier.instructed:
            return None
        if not dossier.left or dossier.op_type in NEED_A_LEG:
            return None
        sources = self.context.heard.sources(("requests", case.group))
        if not sources or is_instructed(case) or case.is_to_ourselves or self.context.plans.fits(dossier):
            return None
        return Ask(self.after_us(self.context.limits.unmatched_s), sources, said_units(dossier))

    def found(self, case: Case) -> bool:
        return self.join.requests.find(case)

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        where = f" to {dossier.address}" if dossier.address else ""
        near = self.join.requests.doubtful(case)
        doubt = f" Two or more requests could be meant, and none is taken for it: {', '.join(near)}." if near else ""
        return Breach(
            kind="unmatched_outflow",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{amount_text(ask.units, case.asset)} left {dossier.origin}{where} as {dossier.op_type} "
            f"{case.transfer_id}, and within {self.context.limits.unmatched_s:g} s nobody is heard to have asked for "
            f"it.{doubt}",
            evidence=evidence_of(case),
            rule="no_instruction",
            asset=case.asset,
            expected=0,
            observed=-ask.units,
            difference=-ask.units,
            threshold=self.context.limits.unmatched_s,
            links=links_of_case(case, f"outflow|{dossier.origin}", f"place|{dossier.origin}|{case.asset}"),
        )

    def ending(self, case: Case) -> str:
        dossier = case.dossier
        assert dossier is not None
        if dossier.instructed:
            return f"Explained: {case.transfer_id} was asked for; the request came late."
        if not dossier.left:
            return f"{case.transfer_id} has come back to {dossier.origin}."
        return f"Explained: {case.transfer_id} was asked for, planned, or goes to ourselves."


def is_instructed(case: Case) -> bool:
    """Tell whether a movement was asked for, under its own id or another."""
    if any(member.instructed for member in case.family):
        return True
    dossier = case.dossier
    assert dossier is not None
    parent = case.context.dossiers.rows.get(dossier.parent_id)
    if parent is not None and parent.instructed:
        return True
    if case.claim is not None and case.claim.partner:
        return True
    return _is_batch(case, dossier)


def _is_batch(case: Case, dossier: Dossier) -> bool:
    """Tell whether several payments that were asked for, in this one transaction or batch, add up to it."""
    if dossier.tx_index:
        return False
    parts = case.join.links.in_transaction(dossier)
    asked = [part for part in parts if part.instructed and not part.undone and not part.left]
    if len(asked) < 2:
        return False
    spare_units = sum(case.fee_units(part) for part in asked) + case.fee_units(dossier) + case.dust_units
    return abs(sum(said_units(part) for part in asked) - said_units(dossier)) <= spare_units
