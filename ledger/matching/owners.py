"""Whose account: what is booked for a movement stands on the account of somebody who has no part in it.

A minute is given from the later of the two, so that a reallocation mends it unheard. Suspense is nobody's account, and
what was booked rightly and is moved on afterwards, from client to client, is another matter.
"""

from __future__ import annotations

from ledger.findings import Breach
from ledger.matching.cases import Case
from ledger.matching.concerns import Ask, Concern, evidence_of, links_of_case, scope_of_case
from ledger.matching.parties import party_of, payee_of, payer_of, receiver_of
from ledger.screens.words import amount_text
from ledger.times import SECOND_US


class Misplaced(Concern):
    """`wrong_account`."""

    name = "misplaced"
    kinds = ("wrong_account",)
    of_legs = True

    def wanted(self, case: Case) -> Ask | None:
        if case.claim is None or case.dossier is None or not case.claim.legs:
            return None
        clients, dossier = case.sums.clients, case.dossier
        if len(clients) == 1 and case.direction != "own":
            (party,) = clients
            if party == (dossier.client if case.direction == "in" else dossier.origin_client):
                return None  # by far the most usual
        strangers = self.strangers(case)
        if not strangers:
            return None
        return Ask(self._due_us(case), (), max(strangers.values()))

    def _due_us(self, case: Case) -> int:
        """Return until when it may be put right: from when the later of the two happened, unless that is told late."""
        dossier = case.dossier
        assert dossier is not None
        journals = self.context.journals.journals.rows
        booked = [journals[leg.journal_id].booked_us for leg in case.legs() if leg.journal_id in journals]
        wait_us = round(self.context.limits.wrong_account_s * SECOND_US)
        happened_us = max(dossier.arrived_us, *booked, 0) + wait_us
        return min(max(happened_us, self.context.now_us + wait_us // 2), self.context.now_us + wait_us)

    def strangers(self, case: Case) -> dict[str, int]:
        """Return who was credited (for a payment: debited) without having a part in it, and with how many units."""
        dossier = case.dossier
        assert dossier is not None
        payee, payer = payee_of(self.context, dossier), payer_of(self.context, dossier)
        if case.direction == "out":
            return self._others(case, payer, -1)
        if not case.arrived:
            return {}
        strangers = self._others(case, payee, 1)
        if case.direction == "own":
            strangers |= self._others(case, payer, -1)
        return strangers

    def _others(self, case: Case, meant: str, sign: int) -> dict[str, int]:
        """Return the parties with a net credit (`sign` 1) or debit (-1) that are not those that were meant."""
        if not meant:
            return {}
        parties, booked = self._parties(case), _booked_for(case, sign)
        return {
            party: sign * units
            for party, units in case.sums.clients.items()
            if sign * units > case.dust_units and party not in parties and party in booked
        }

    def _parties(self, case: Case) -> set[str]:
        """Return everybody who has a part in it, under all its ids."""
        found: set[str] = set()
        for member in case.family:
            accounts = (member.account, member.origin_account)
            found.update((member.client, member.origin_client, *accounts))
            found.update(party_of(self.context, account) for account in accounts if account)
            found.add(receiver_of(self.context, member))
        return found

    def breach(self, case: Case, ask: Ask) -> Breach:
        dossier = case.dossier
        assert dossier is not None
        strangers = self.strangers(case)
        told = ", ".join(f"{party} {amount_text(units, case.asset)}" for party, units in sorted(strangers.items()))
        meant = payer_of(self.context, dossier) if case.direction == "out" else payee_of(self.context, dossier)
        did = "debited" if case.direction == "out" else "credited"
        side = "is a payment of" if case.direction == "out" else "is meant for"
        return Breach(
            kind="wrong_account",
            key=case.transfer_id,
            scope=scope_of_case(case) | _account_of(case, strangers),
            sentence=f"{case.transfer_id} {side} {meant}, and others were {did} for it: {told}.",
            evidence=evidence_of(case, books_first=True),
            rule="not_its_owner",
            asset=case.asset,
            expected=0,
            observed=ask.units,
            difference=ask.units,
            threshold=self.context.limits.wrong_account_s,
            links=links_of_case(case),
        )

    def ending(self, case: Case) -> str:
        return f"What is booked for {case.transfer_id} stands on the account of its owner."


def _booked_for(case: Case, sign: int) -> set[str]:
    """Return the clients that the movement itself was booked for: by what came from outside, else by its first journal."""
    legs = [leg for leg in case.legs() if leg.account_class == "client" and leg.asset == case.asset]
    from_outside = {leg.party for leg in legs if leg.outside and sign * leg.units > 0}
    if from_outside or not legs:
        return from_outside
    return {leg.party for leg in legs if leg.journal_id == legs[0].journal_id and sign * leg.units > 0}


def _account_of(case: Case, strangers: dict[str, int]) -> dict[str, str]:
    """Return the account that was booked wrongly, for the scope."""
    accounts = [leg.account_id for leg in case.legs() if leg.party in strangers and leg.asset == case.asset]
    return {"account_id": accounts[0]} if accounts else {}
