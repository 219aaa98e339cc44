"""What comes in, or goes out by itself, and has no posting: money of an unknown owner, and charges that nobody booked.

Fees, funding, interest, rewards, rebates and settlements may come with no request: a leg in the books within a minute
is their match, whatever its account. So is one that names the trade of which they are a leg, or another leg of it.
"""

from __future__ import annotations

from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.links import said_units
from ledger.matching.parties import payee_of
from ledger.screens.words import amount_text

_OWN_KINDS = frozenset(("rebalance", "sweep", "internal", "burn"))
"""Kinds that bring us what was ours before: the books need not see them."""


class Unbooked(Concern):
    """`unmatched_inflow`, and `unmatched_outflow` of what needs a leg in the books and no instruction."""

    name = "unbooked"
    kinds = ("unmatched_inflow", "unmatched_outflow")

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or not case.books_are_heard:
            return None
        happened = dossier.arrived if case.direction == "in" else dossier.left
        if not happened or case.direction not in ("in", "out") or not self._needs_a_leg(case):
            return None
        units = said_units(dossier) if case.direction == "out" else case.arrived_units
        if units <= case.dust_units or is_booked(case) or not case.is_first_to_arrive:
            return None
        return Ask(self.after_us(self.context.limits.unmatched_s), case.books_sources(), units)

    def _needs_a_leg(self, case: Case) -> bool:
        dossier = case.dossier
        assert dossier is not None
        if EXTERNAL not in (dossier.origin, dossier.destination):
            return False  # between places of ours, which are of two shards
        if dossier.op_type in NEED_A_LEG:
            return case.direction == "in" or not case.is_to_ourselves
        if case.direction == "out" or dossier.op_type in _OWN_KINDS:
            return False
        return not payee_of(self.context, dossier)

    def found(self, case: Case) -> bool:
        return self.join.fuzzy.find_booking(case)

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        amount, limit_s = amount_text(ask.units, case.asset), self.context.limits.unmatched_s
        inward = case.direction == "in"
        place = dossier.destination if inward else dossier.origin
        moved = f"reached {place}" if inward else f"left {place}"
        whose = "" if dossier.op_type in NEED_A_LEG else " of an unknown owner"
        outflow = () if inward else (f"outflow|{place}",)
        return Breach(
            kind="unmatched_inflow" if inward else "unmatched_outflow",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{amount}{whose} {moved} as {dossier.op_type} {case.transfer_id}, "
            f"and within {limit_s:g} s the books have no leg of it, not even in suspense.",
            evidence=evidence_of(case),
            rule="no_ledger_leg",
            asset=case.asset,
            expected=0,
            observed=ask.units if inward else -ask.units,
            difference=ask.units if inward else -ask.units,
            threshold=limit_s,
            links=links_of_case(case, *outflow, f"place|{place}|{case.asset}"),
        )

    def ending(self, case: Case) -> str:
        if not case.late:
            return f"{case.transfer_id} is in the books now."
        return f"{case.transfer_id} was undone, or its owner is known now."


def is_booked(case: Case) -> bool:
    """Tell whether the books have any leg of a movement, by its own id, its trade's, or in that of another leg of it."""
    if case.legs():
        return True
    dossier = case.dossier
    assert dossier is not None
    claims = case.join.claims.table.rows
    for other_id in (dossier.parent_id, *(child.transfer_id for child in case.join.links.children(dossier.parent_id))):
        claim = claims.get(other_id)
        if claim is not None and any(leg.asset == case.asset for leg in claim.legs.values()):
            other = case.context.dossiers.rows.get(other_id)
            if other is None or other.asset != case.asset:
                return True
    return False
