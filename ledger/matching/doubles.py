"""The same money credited twice: a second booking of one inflow, or of one output that is told under two ids.

A second booking is one without which the rest is what arrived. A top-up that completes a partial credit is none, nor is a
booking after the first was reversed. Two outputs of one transaction are two inflows.
"""

from __future__ import annotations

from ledger.findings import Breach
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.screens.words import amount_text

ABOUT = 100
"""A second credit is about what is too much if the two differ by one part in so many at most."""


class Doubles(Concern):
    """`double_credit`."""

    name = "doubled"
    kinds = ("double_credit",)
    of_legs = True

    def wanted(self, case: Case) -> Ask | None:
        if case.claim is None or case.direction not in ("in", "own"):
            return None
        second = second_credit(case)
        if second is None:
            return None
        if not any(leg.journal_id == second[0] for leg in case.claim.legs.values()):
            return None  # it is told of the movement that the second booking names
        return Ask(None, (), second[1])

    def breach(self, case: Case, ask: Ask) -> Breach:
        others = [member.transfer_id for member in case.kin]
        under = f", which is told as {others[0]} too" if others else ""
        credited = case.arrived_units + ask.units
        scope = scope_of_case(case)
        return Breach(
            kind="double_credit",
            key=case.transfer_id,
            scope=scope,
            sentence=f"{amount_text(ask.units, case.asset)} were credited a second time for {case.transfer_id}{under}: "
            f"{amount_text(credited, case.asset)} in all, and {amount_text(case.arrived_units, case.asset)} came.",
            evidence=evidence_of(case, books_first=True),
            rule="same_output_twice" if others else "same_movement_twice",
            asset=case.asset,
            expected=case.arrived_units,
            observed=credited,
            difference=ask.units,
            links=links_of_case(case, f"account|{scope.get('account_id', '')}|{case.asset}"),
        )

    def ending(self, case: Case) -> str:
        if case.late:
            return f"Explained: {case.transfer_id} has brought what was credited for it."
        return f"One of the credits for {case.transfer_id} was reversed."


def second_credit(case: Case) -> tuple[str, int] | None:
    """Return the journal that books an inflow once more, and by how many units in all it is too much; None for none."""
    by_journal = credits_of(case)
    if len(by_journal) < 2 or case.dossier is None:
        return None
    excess = sum(by_journal.values()) - case.arrived_units
    if excess <= case.dust_units or excess <= case.spare_units:
        return None
    booked = [(journal_id, units) for journal_id, units in by_journal.items() if units > 0]
    for journal_id, units in reversed(booked[1:]):
        if abs(excess - units) <= max(units // ABOUT, case.dust_units):
            return journal_id, excess
    if len(booked) > 1 and abs(excess - booked[0][1]) <= max(excess // ABOUT, case.dust_units):
        return booked[-1][0], excess  # a part was booked first, then all
    return None


def credits_of(case: Case) -> dict[str, int]:
    """Return by journal, in order of hearing, what the books say that a movement brought, in units.

    Of a movement inside the firm, what its receiver was credited with.
    """
    if case.direction == "in":
        return case.sums.outside
    if case.direction != "own" or case.dossier is None or not case.dossier.client:
        return {}
    found: dict[str, int] = {}
    for leg in case.legs():
        if leg.account_class == "client" and leg.party == case.dossier.client and leg.asset == case.asset:
            found[leg.journal_id] = found.get(leg.journal_id, 0) + leg.units
    return found
