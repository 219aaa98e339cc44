"""The join: what is heard of movements and of postings, brought together by movement, and every question looked at again.

A question depends on nothing but how things stand, so each change of a movement or of its postings weighs all questions
about it, and about the movements that are one with it. What stands alone has a clock of its own (`credits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.check import Change, Check, Entry, Timer
from ledger.dossiers import INSTRUCTED, Dossier
from ledger.fold import EXTERNAL
from ledger.matching.bookings import Bookings
from ledger.matching.cases import Case
from ledger.matching.claims import Claims
from ledger.matching.fuzzy import Fuzzy
from ledger.matching.links import KIN_MAX, Links
from ledger.matching.loose import LooseJournals
from ledger.matching.orphans import Orphans
from ledger.matching.questions import Questions, is_news
from ledger.matching.refunds import KINDS, Refunds
from ledger.matching.reorgs import restatement
from ledger.matching.requests import Requests
from ledger.matching.waiting import Waiting
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

_MISSING = ("missing_credit", "missing_debit", "unmatched_inflow", "unmatched_outflow")


class Join(Check):
    """Movements and postings, joined."""

    everywhere = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.claims = Claims(context)
        self.links = Links(context)
        self.loose = LooseJournals(context)
        self.refunds = Refunds(context)
        self.waiting = Waiting(self)
        self.requests = Requests(self)
        self.fuzzy = Fuzzy(self)
        self.orphans = Orphans(self)
        self.bookings = Bookings(self)
        self.questions = Questions(self)
        self._timers: dict[str, Timer] = {"whole": self.bookings.whole_due, "orphan": self.orphans.due}
        self._timers |= self.questions.timers

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"claim": self.claims.table, "loose": self.loose.table, "account_client": self.loose.clients}

    def timers(self) -> Mapping[str, Timer]:
        return self._timers

    def loaded(self) -> None:
        for part in (self.claims, self.links, self.loose, self.refunds, self.waiting, self.requests):
            part.loaded()

    # --- movements -------------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        crosses = self.context.territory.crosses(dossier)
        relinked = self.links.note(dossier) if crosses else False
        if change.has_arrived and dossier.origin == EXTERNAL:
            group = self.context.groups.of_location(dossier.destination)
            self.context.heard.note(("inflows", group), change.event.source)
        if dossier.op_type in KINDS:
            self.refunds.note(dossier)
        if change.was_arrived and change.event.revision and self.context.territory.leads(dossier):
            self._restated(change)
        if relinked or is_news(change):
            if crosses and self._is_on_its_way(dossier):
                self._note(dossier)
            else:
                self._weigh_all_about(dossier)
            if dossier.instructed and not change.was_stages & INSTRUCTED:
                self._weigh_legs_of(dossier.transfer_id)

    def _is_on_its_way(self, dossier: Dossier) -> bool:
        """Tell whether a movement has only come further on its way, as asked for: there is nothing to ask yet.

        What is booked for it is looked at when it arrives, and with each posting.
        """
        if dossier.arrived or dossier.undone or dossier.op_type in KINDS:
            return False
        away = self.context.territory.away
        if dossier.destination in away and (
            not dossier.instructed or dossier.executed_units not in (None, dossier.instructed_units)
        ):
            return False
        claim = self.claims.table.rows.get(dossier.transfer_id)
        if claim is not None and (claim.open or claim.partner or (claim.legs and dossier.origin in away)):
            return False
        return not self.links.is_shared(dossier.transfer_id)

    def _weigh_all_about(self, dossier: Dossier) -> None:
        transfer_id = dossier.transfer_id
        self.requests.part(dossier)
        self.weigh(transfer_id, late=True)
        if dossier.parent_id in self.claims.table:
            self.weigh(dossier.parent_id, late=True)
        others = self.refunds.of(transfer_id)
        if dossier.op_type in KINDS:
            others = [*others, *self.refunds.beside(dossier)]
        for other in others:
            if other is not dossier:
                self._weigh_one(other.transfer_id, late=True)
        if self.loose.table.rows and self.waiting.is_waiting(transfer_id):
            self.fuzzy.find_booking(self.case(transfer_id, late=True), told=True)

    def _weigh_legs_of(self, batch_id: str) -> None:
        """Look again at what has left as the legs of a batch that was asked for only now."""
        for leg in self.links.children(batch_id):
            claim = self.claims.table.get(leg.transfer_id)
            if claim is not None and claim.open:
                self._weigh_one(leg.transfer_id, late=True)

    def _restated(self, change: Change) -> None:
        said = restatement(self.case(change.dossier.transfer_id, late=True), change)
        if said is not None:
            self.context.tell(said)

    def posted(self, entry: Entry) -> None:
        self.bookings.take(entry)

    # --- questions -------------------------------------------------------------------------------------------
    def case(self, transfer_id: str, *, late: bool) -> Case:
        """Return all that is known of a movement now."""
        return Case(self, transfer_id, late=late)

    def weigh(self, transfer_id: str, *, late: bool) -> None:
        """Look again at all questions about a movement, and about those that name the same as it."""
        self._weigh_one(transfer_id, late=late)
        if self.links.is_shared(transfer_id):
            for peer in self.links.peers(transfer_id):
                self._weigh_one(peer.transfer_id, late=late)

    def _weigh_one(self, transfer_id: str, *, late: bool) -> None:
        self.questions.weigh(transfer_id, late=late)
        self.note(transfer_id)

    def note(self, transfer_id: str) -> None:
        """Take over into the indexes of the weaker rules how a movement stands now, where it is known."""
        dossier = self.context.dossiers.rows.get(transfer_id)
        if dossier is not None:
            self._note(dossier)

    def _note(self, dossier: Dossier) -> None:
        """Take over into the indexes of the weaker rules how a movement stands now."""
        if self.context.territory.crosses(dossier):
            self.waiting.note(dossier)
            self.requests.note(dossier)

    def weigh_siblings(self, transfer_id: str) -> None:
        """Look again at the other legs of a trade, which a posting for one of them may be for as well."""
        dossier = self.context.dossiers.rows.get(transfer_id)
        legs = self.links.children(transfer_id if dossier is None else dossier.parent_id)
        if 0 < len(legs) <= KIN_MAX:
            for leg in legs:
                claim = self.claims.table.get(leg.transfer_id)
                if leg.transfer_id != transfer_id and claim is not None and claim.open:
                    self._weigh_one(leg.transfer_id, late=False)

    def is_asked_in_vain(self, case: Case) -> bool:
        """Tell whether it was said of a movement that its posting is missing."""
        return any(self.context.stands(kind, case.transfer_id) for kind in _MISSING)

    # --- time --------------------------------------------------------------------------------------------------
    def forgot(self, dossier: Dossier) -> None:
        self._forget(dossier.transfer_id)
        self.links.forget(dossier.transfer_id)
        self.refunds.forget(dossier)
        self.waiting.forget(dossier.transfer_id)
        self.requests.forget(dossier.transfer_id)

    def swept(self, before_us: int) -> None:
        rows, dossiers = self.claims.table.rows, self.context.dossiers.rows
        for name in sorted(name for name, claim in rows.items() if claim.heard_us < before_us and name not in dossiers):
            self._forget(name)
        self.orphans.swept(before_us)

    def _forget(self, transfer_id: str) -> None:
        """Let go of what is older than anybody looks back: nothing more is said of it."""
        claim = self.claims.table.get(transfer_id)
        if claim is not None:
            self.questions.forget(transfer_id, claim)
        self.claims.drop(transfer_id)
