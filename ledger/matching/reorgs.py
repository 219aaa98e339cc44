"""What was final and is not: inflows that a chain takes back after their credit, and completed amounts that are restated."""

from __future__ import annotations

from ledger.check import Change
from ledger.dossiers import Dossier
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.fold import COMPLETED
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.phantoms import is_reorganised
from ledger.screens.words import amount_text, links_of, scope_of

_ANY_NETWORK = "its network"


class Reorganised(Concern):
    """`reorged_credit`. Where the group has no books, that it had arrived is enough."""

    name = "reorganised"
    kinds = ("reorged_credit",)

    def wanted(self, case: Case) -> Ask | None:
        dossier = case.dossier
        if dossier is None or case.direction != "in" or case.arrived or not is_reorganised(dossier):
            return None
        if not case.books_are_heard:
            return Ask(None, (), dossier.arrived_units)
        credited_units = sum(units for units in case.sums.clients.values() if units > 0)
        return Ask(None, (), credited_units) if credited_units > case.dust_units else None

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        amount = amount_text(ask.units, case.asset)
        network = dossier.network or _ANY_NETWORK
        done = "was credited" if case.books_are_heard else "had arrived"
        return Breach(
            kind="reorged_credit",
            key=case.transfer_id,
            scope=scope_of_case(case),
            sentence=f"{amount} of {case.transfer_id} {done}, and {network} has taken it out of its chain. "
            f"Hold credits and withdrawals on {network} until it is clear how deep this goes.",
            evidence=evidence_of(case),
            rule="reorged_after_completion",
            asset=case.asset,
            expected=ask.units,
            observed=0,
            difference=-ask.units,
            links=links_of_case(case, f"place|{dossier.destination}|{case.asset}"),
        )

    def ending(self, case: Case) -> str:
        if case.arrived:
            return f"Explained: {case.transfer_id} is in the chain again."
        return f"The credit for {case.transfer_id} was taken back."


def restatement(case: Case, change: Change) -> Breach | None:
    """Return what to say where a report restates what a movement had brought; None where it does not.

    It is worse where the amount fell and the client has less left than the difference: it was paid on.
    """
    dossier = change.dossier
    before, after = change.was_arrived_units, dossier.arrived_units
    if not change.event.revision or not change.was_arrived or not dossier.arrived or before == after:
        return None
    short = _left_units(case, before - after)
    paid_on = ""
    if short is not None:
        paid_on = f" The client has only {amount_text(short, dossier.asset)} left of it: it was paid on."
    said = amount_text(before, dossier.asset), amount_text(after, dossier.asset)
    return Breach(
        kind="restatement",
        key=dossier.transfer_id,
        scope=scope_of(dossier),
        sentence=f"Movement {dossier.transfer_id} was completed at {said[0]} and is now restated at {said[1]}; "
        f"the difference is applied once.{paid_on}",
        evidence=_completions(case, dossier),
        rule="restated_completion",
        asset=dossier.asset,
        expected=before,
        observed=after,
        difference=after - before,
        worse=short is not None,
        one_off=True,
        links=links_of(dossier),
    )


def _left_units(case: Case, fell_units: int) -> int | None:
    """Return what the clients that were credited have left, where it is less than what an amount fell by; else None."""
    accounts = {leg.account_id for leg in case.legs() if leg.account_class == "client" and leg.units > 0}
    if fell_units <= 0 or not accounts or case.direction == "out":
        return None
    balances = [case.context.books.balance(account, case.asset) for account in sorted(accounts)]
    known = [balance for balance in balances if balance is not None]
    return sum(known) if known and sum(known) < fell_units else None


def _completions(case: Case, dossier: Dossier) -> tuple[str, ...]:
    """Return the reports of the completion, the latest first."""
    facts = case.context.holdings.movements.by_id[dossier.transfer_id].facts
    return tuple(fact.event_id for fact in reversed(facts) if fact.rank == COMPLETED)[:EVIDENCE_MAX]
