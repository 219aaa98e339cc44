"""Debits that are missing: a payment to the outside is done, and neither the client nor the house was debited for it."""

from __future__ import annotations

from ledger.findings import Breach
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.missing import LEARNT_LATE_S
from ledger.matching.parties import is_of_own, payer_of
from ledger.screens.words import amount_text
from ledger.times import SECOND_US, to_text

_PAYMENTS = frozenset(("withdrawal", "refund", "reversal", "adjustment"))


class Undebited(Concern):
    """`missing_debit`. Of a payment that nobody asked for that is said, and not this too."""

    name = "undebited"
    kinds = ("missing_debit",)

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or case.direction != "out" or not dossier.arrived or not case.books_are_heard:
            return None
        if dossier.op_type in NEED_A_LEG or not (dossier.op_type in _PAYMENTS or payer_of(self.context, dossier)):
            return None
        own = is_of_own(self.context, dossier, dossier.origin_client, dossier.origin_account)
        if own and dossier.op_type not in _PAYMENTS:
            return None
        if case.sums.clients_total + case.sums.house < 0 or case.arrived_units <= case.dust_units:
            return None
        if "uninstructed" in case.open or case.is_to_ourselves or not case.is_first_to_arrive:
            return None
        due_us = dossier.arrived_us + round(self.context.limits.missing_debit_s * SECOND_US)
        if due_us <= self.context.now_us:
            due_us = self.after_us(LEARNT_LATE_S)
        return Ask(due_us, case.books_sources(), case.arrived_units)

    def found(self, case: Case) -> bool:
        return self.join.fuzzy.find_booking(case)

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        limit_s = self.context.limits.missing_debit_s
        paid = f"{amount_text(ask.units, case.asset)} of {case.transfer_id}"
        return Breach(
            kind="missing_debit",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{paid} left {dossier.origin} for good at {to_text(dossier.arrived_us)}, "
            f"and neither client nor house is debited for it within {limit_s:g} s.",
            evidence=evidence_of(case),
            rule="debit_deadline",
            asset=case.asset,
            expected=-ask.units,
            observed=0,
            difference=ask.units,
            threshold=limit_s,
            links=links_of_case(case),
        )

    def ending(self, case: Case) -> str:
        if case.late:
            return f"{case.transfer_id} needs no debit any more: it was undone, or told under another id."
        debited = amount_text(-(case.sums.clients_total + case.sums.house), case.asset)
        return f"{debited} were debited for {case.transfer_id}."
