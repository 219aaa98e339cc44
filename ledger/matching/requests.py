"""Requests that have not been carried out, and outflows that may be just that though no id says so.

An outflow and a request are taken for one where place, amount, address and tag are the same and time is near. They are
two again when the request is carried out under its own id, or is undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.matching.cases import Case
from ledger.matching.links import said_units
from ledger.matching.search import Candidate, Index, choose
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.matching.join import Join

Name = tuple[str, str, int]  # place, asset, units


class Requests:
    """Payments that were asked for and have not left: an index of the dossiers. What is paired is in the claims."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self._names: dict[str, Name] = {}
        self._open: Index[Name, str] = Index()

    def loaded(self) -> None:
        for dossier in self.join.context.dossiers.rows.values():
            self.note(dossier)

    def note(self, dossier: Dossier) -> None:
        """Take over whether a movement is a request that waits to be carried out."""
        goes = dossier.destination in self.join.context.territory.away
        waits = goes and dossier.instructed and not dossier.left and not dossier.undone
        name = (dossier.origin, dossier.asset, said_units(dossier)) if waits else None
        if name != self._names.get(dossier.transfer_id):
            self.forget(dossier.transfer_id)
            if name is not None:
                self._names[dossier.transfer_id] = name
                self._open.add(name, dossier.transfer_id)

    def forget(self, transfer_id: str) -> None:
        name = self._names.pop(transfer_id, None)
        if name is not None:
            self._open.remove(name, transfer_id)

    # --- what others ask -------------------------------------------------------------------------------------
    def find(self, case: Case) -> bool:
        """Take an outflow and the request that fits it best for one; False where none does, or two do equally well."""
        chosen = choose(self._candidates(case))
        if chosen is None:
            return False
        case.row().partner = chosen
        self.join.claims.row(chosen, case.group).partner = case.transfer_id
        return True

    def doubtful(self, case: Case) -> list[str]:
        """Return the requests that could be meant, of which none was taken."""
        return [candidate.key for candidate in self._candidates(case)]

    def part(self, dossier: Dossier) -> None:
        """See whether a request that was taken for an outflow is one of its own after all."""
        claim = self.join.claims.table.get(dossier.transfer_id)
        if claim is None or not claim.partner or not dossier.instructed or not (dossier.left or dossier.undone):
            return
        other = claim.partner
        for name in (dossier.transfer_id, other):
            row = self.join.claims.table.edit(name)
            if row is not None:
                row.partner = ""
        self.join.weigh(other, late=True)

    def _candidates(self, case: Case) -> list[Candidate[str]]:
        dossier = case.dossier
        assert dossier is not None
        rows, units, fee_units = case.context.dossiers.rows, said_units(dossier), case.fee_units(dossier)
        names = [
            name
            for asked_units in dict.fromkeys((units, units + fee_units, units - fee_units))
            for name in self._open.get((dossier.origin, dossier.asset, asked_units))
        ]
        return [
            Candidate(
                name, abs(said_units(asked) - units), False, abs(asked.begun_us - dossier.begun_us), asked.heard_us,
                asked.client,
            )
            for name in names
            if self._may_ask_for(asked := rows[name], dossier)
        ]  # fmt: skip

    def _may_ask_for(self, asked: Dossier, done: Dossier) -> bool:
        if not asked.address or asked.address != done.address or asked.tag != done.tag:
            return False
        window_us = round(self.join.context.limits.match_window_s * SECOND_US)
        if abs(asked.begun_us - done.begun_us) > window_us:
            return False
        claim = self.join.claims.table.get(asked.transfer_id)
        return claim is None or not claim.partner
