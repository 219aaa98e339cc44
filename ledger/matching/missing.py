"""Credits that are missing: an inflow is final and its owner known, and the books do not have it after the time allowed.

What the books hold in suspense is booked; what they give to the house is not, if it is a client's. The same holds for a payment that came back and is still debited. Time in
which movements are in maintenance does not count.
"""

from __future__ import annotations

from ledger.findings import Breach
from ledger.fold import EXTERNAL
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.links import came_back
from ledger.matching.parties import is_of_own, payee_of
from ledger.screens.words import amount_text
from ledger.times import SECOND_US, to_text

LEARNT_LATE_S = 60.0
"""So long a deadline that had passed when it was learnt of still gives what may come with the same backlog."""


class Uncredited(Concern):
    """`missing_credit`, when the time allowed is over; `times` is 2 for the aggravated case."""

    name = "uncredited"
    kinds = ("missing_credit",)
    times = 1

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or not case.books_are_heard:
            return None
        units = self._missing_units(case)
        if units <= case.dust_units:
            return None
        since_us = dossier.arrived_us if case.direction == "in" else self.context.now_us
        due_us = since_us + self.times * round(self.allowed_s(case) * SECOND_US)
        return Ask(max(due_us, self._earliest_us(due_us)), case.books_sources(), units, worse=self.times > 1)

    def _earliest_us(self, due_us: int) -> int:
        return due_us if due_us > self.context.now_us else self.after_us(LEARNT_LATE_S)

    def _missing_units(self, case: Case) -> int:
        """Return what is owed and not booked, in units; 0 where anything is booked: that it is too little is a mismatch."""
        dossier = case.dossier
        assert dossier is not None
        if case.direction == "in":
            payee = payee_of(self.context, dossier)
            if is_of_own(self.context, dossier, dossier.client, dossier.account):
                return 0
            if not dossier.arrived or dossier.op_type in NEED_A_LEG or not payee or not case.is_first_to_arrive:
                return 0
            others_units = 0 if payee == dossier.account else case.sums.house  # what the house has, no client has
            return 0 if case.sums.booked - others_units > case.dust_units else case.arrived_units
        if case.direction != "out" or not dossier.undone:
            return 0
        if case.claim is None or not came_back(dossier):
            return 0
        kept_units = -case.sums.clients_total
        return kept_units if kept_units > case.fee_units(dossier) else 0

    def allowed_s(self, case: Case) -> float:
        """Return how long the route allows from arrival to credit, in seconds."""
        dossier, context = case.dossier, self.context
        assert dossier is not None
        place = dossier.destination if case.direction == "in" else dossier.origin
        route = context.references.route(context.assets.names(case.asset), dossier.network, EXTERNAL, place)
        return context.limits.credit_s if route is None else float(route.sla_s)

    def put_off_us(self, case: Case, due_us: int) -> int:
        """Return by how much maintenance since the arrival, so far as it has not been allowed for, puts this off."""
        dossier = case.dossier
        if dossier is None or case.direction != "in":
            return 0
        paused_us = self.context.maintenance.paused_us(
            "transfers", dossier.arrived_us, due_us, locations=(dossier.destination,), network=dossier.network,
            sources=case.books_sources(),
        )  # fmt: skip
        allowed_us = self.times * round(self.allowed_s(case) * SECOND_US)
        return max(dossier.arrived_us + allowed_us + paused_us - due_us, 0)

    def found(self, case: Case) -> bool:
        return self.join.fuzzy.find_booking(case)

    def told(self, case: Case) -> None:
        """Ask again at twice the time."""
        self.join.weigh(case.transfer_id, late=False)

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        place = dossier.destination if case.direction == "in" else dossier.origin
        what = f"{amount_text(ask.units, case.asset)} of {case.transfer_id}"
        since_us = dossier.arrived_us if case.direction == "in" else dossier.begun_us
        told = f"arrived at {place} at {to_text(since_us)}" if case.direction == "in" else f"came back to {place}"
        limit_s = self.times * self.allowed_s(case)
        twice = ", twice what is allowed" if self.times > 1 else ""
        return Breach(
            kind="missing_credit",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{what} {told}, and nothing is booked for it within {limit_s:g} s{twice}.",
            evidence=evidence_of(case),
            rule="credit_deadline",
            asset=case.asset,
            expected=ask.units,
            observed=0,
            difference=-ask.units,
            worse=self.times > 1,
            threshold=limit_s,
            links=links_of_case(case),
        )

    def ending(self, case: Case) -> str:
        booked = amount_text(case.sums.booked, case.asset)
        return f"{booked} stand in the books for {case.transfer_id} now."


class UncreditedTwice(Uncredited):
    """The same after twice the time, asked for once the first was told."""

    name = "uncredited_twice"
    times = 2

    def wanted(self, case: Case) -> Ask | None:
        return super().wanted(case) if self.context.stands("missing_credit", case.transfer_id) else None

    def told(self, case: Case) -> None:
        """It does not become worse than this."""
