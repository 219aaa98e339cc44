"""Amounts that differ: what the books credit or debit for a movement is not what it brought or took.

What is credited is judged when its journal is whole; what a correction has left of it, a minute later. A debit may be
completed by another posting, as when the fee is booked: that waits a minute too. What was right until the movement was
restated waits for its correction. A ratio that is a power of ten is a slip of the unit, unless the books took the amount
that was stated for the one that came.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.findings import Breach
from ledger.fold import COMPLETED
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.doubles import credits_of, second_credit
from ledger.matching.links import said_units
from ledger.screens.ratios import factor_text, power_of_ten
from ledger.screens.words import amount_text


class Difference(NamedTuple):
    """What should be booked and what is, in units (of a debit, how much was taken), and how it is to be judged.

    `late`: what another posting may still complete. `restated`: it was right until the movement was restated.
    """

    due_units: int
    booked_units: int
    did: str = "credited"
    came: str = "arrived"
    worse: bool = False
    late: bool = True
    restated: bool = False
    power: int = 0


class Mismatches(Concern):
    """`amount_mismatch`, or `unit_or_decimal_error`, of what is booked."""

    name = "mismatched"
    kinds = ("amount_mismatch", "unit_or_decimal_error")
    of_legs = True

    def key(self, case: Case) -> str:
        return f"booked|{case.transfer_id}"

    def wanted(self, case: Case) -> Ask | None:
        found = self.difference(case)
        if found is None:
            return None
        limits, units = self.context.limits, abs(found.booked_units - found.due_units)
        if not found.late and not found.restated:
            return Ask(None, (), units, worse=found.worse)
        wait_s = limits.credit_s if found.restated else limits.unmatched_s
        return Ask(self.after_us(wait_s), case.all_sources(), units, worse=found.worse)

    def difference(self, case: Case) -> Difference | None:
        """Return what differs between a movement and its postings; None where nothing does, or not all is known yet."""
        if case.dossier is None or case.claim is None or not case.claim.legs:
            return None
        if any(leg.by for leg in case.legs()):  # it was found by its amount
            return None
        if case.direction == "out":
            return _of_debit(case)
        if not case.arrived:
            return None
        return _of_credit(case)

    def breach(self, case: Case, ask: Ask) -> Breach:
        found = self.difference(case)
        assert found is not None, f"{case.transfer_id} has no difference"
        due, booked = amount_text(found.due_units, case.asset), amount_text(found.booked_units, case.asset)
        times = f", {factor_text(found.power)} what {found.came}" if found.power else ""
        before = " It was restated after it was booked." if found.restated else ""
        return Breach(
            kind="unit_or_decimal_error" if found.power else "amount_mismatch",
            key=self.key(case),
            scope=scope_of_case(case),
            sentence=f"For {case.transfer_id} {booked} were {found.did}, and {due} {found.came}{times}.{before}",
            evidence=evidence_of(case, books_first=True),
            rule=f"{found.did}_not_{found.came}".replace(" ", "_"),
            asset=case.asset,
            expected=found.due_units,
            observed=found.booked_units,
            difference=found.booked_units - found.due_units,
            worse=found.worse,
            links=links_of_case(case),
        )

    def ending(self, case: Case) -> str:
        if case.late:
            return f"Explained: what is reported of {case.transfer_id} now is what was booked."
        return f"What is booked for {case.transfer_id} is now what it moved."


def _of_credit(case: Case) -> Difference | None:
    """Return how the credits of what has arrived differ from it."""
    sums, due_units = case.sums, case.arrived_units
    if case.direction == "in" and sums.outside:
        least_units = sums.brought + sums.pending_units
        most_units = max(sums.brought, sums.brought_to_clients)
    elif case.direction == "in":
        least_units, most_units = sums.booked, sums.booked - sums.pending_units
    else:
        most_units = sum(credits_of(case).values())
        least_units = most_units + max(sums.charged, 0) if most_units else 0
    if most_units > due_units + case.dust_units:
        if most_units <= due_units + case.spare_units or second_credit(case) is not None:
            return None
        if _was_restated_from(case, most_units):
            return Difference(due_units, most_units, restated=True)
        is_stated = any(most_units == said_units(member) for member in case.family)
        power = 0 if is_stated else power_of_ten(most_units, due_units)
        return Difference(due_units, most_units, worse=True, late=False, power=power)
    if 0 < least_units < due_units - case.dust_units and least_units < due_units - case.spare_units:
        restated = _was_restated_from(case, least_units)
        power = 0 if restated else power_of_ten(least_units, due_units)
        corrected = any(units < 0 for units in sums.outside.values())  # maybe before the restatement is heard
        return Difference(due_units, least_units, late=corrected, restated=restated, power=power)
    return None


def _of_debit(case: Case) -> Difference | None:
    """Return how the debits for a payment differ from it, with or without its fee; of one undone, what is left of them."""
    sums, members = case.sums, case.family
    debited_units = -(sums.clients_total + sums.house)
    if any(member.undone for member in members):
        given_units = sums.clients_total
        if given_units <= case.dust_units or debited_units >= 0:
            return None
        return Difference(0, given_units, "given back to clients", "had been taken from them", worse=True)
    if debited_units <= case.dust_units:
        return None
    amounts = [amount for member in members for amount in (member.instructed_units, said_units(member))]
    most_units = max(amounts) + max(sums.charged, 0) + case.dust_units
    least_units = min(*amounts, case.arrived_units) - case.dust_units
    if least_units <= debited_units and (
        debited_units <= most_units + max(case.fee_units(member) for member in members)
        or debited_units <= most_units + max(case.latest_fee_units(member) for member in members)
    ):
        return None
    due_units = said_units(members[0])
    power = power_of_ten(debited_units, due_units)
    return Difference(due_units, debited_units, "debited", "left", late=not power, power=power)


def _was_restated_from(case: Case, booked_units: int) -> bool:
    """Tell whether what is booked is what an earlier report of the arrival said."""
    if not any(member.revision for member in case.family):
        return False
    movements = case.context.holdings.movements.by_id
    facts = [fact for member in case.family for fact in movements[member.transfer_id].facts]
    return any(fact.rank == COMPLETED and booked_units in (fact.amount, fact.delivered) for fact in facts)
