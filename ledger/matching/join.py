"""The join: what is heard of movements and of postings, brought together by movement, and every question looked at again.

A question depends on nothing but how things stand, so each change of a movement or of its postings weighs all questions
about it, and about the movements that are one with it. What stands alone has a clock of its own (`credits`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ledger.books.journals import Journal
from ledger.check import Change, Check, Entry, Timer
from ledger.dossiers import INSTRUCTED, Dossier
from ledger.fold import EXTERNAL
from ledger.matching.cases import NEED_A_LEG, Case, Direction
from ledger.matching.claims import KEPT, Claim, Claims, Leg, is_short
from ledger.matching.concerns import Concern
from ledger.matching.debits import Undebited
from ledger.matching.doubles import Doubles
from ledger.matching.executed import Executed
from ledger.matching.fuzzy import Fuzzy, signed_units
from ledger.matching.inflows import Unbooked
from ledger.matching.links import KIN_MAX, Links
from ledger.matching.loose import Key, LooseJournals
from ledger.matching.mismatches import Mismatches
from ledger.matching.missing import Uncredited, UncreditedTwice
from ledger.matching.orphans import Orphans
from ledger.matching.outflows import Uninstructed
from ledger.matching.owners import Misplaced
from ledger.matching.phantoms import Phantoms
from ledger.matching.refunds import KINDS, Refunded, Refunds
from ledger.matching.reorgs import Reorganised, restatement
from ledger.matching.usual import is_usual
from ledger.matching.waiting import Waiting
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

CONCERNS: Mapping[Direction, tuple[type[Concern], ...]] = {
    "in": (Reorganised, Phantoms, Doubles, Mismatches, Misplaced, Uncredited, UncreditedTwice, Unbooked, Refunded),
    "out": (
        Uninstructed, Executed, Phantoms, Unbooked, Undebited, Mismatches, Misplaced, Uncredited, UncreditedTwice,
        Refunded,
    ),
    "own": (Executed, Phantoms, Doubles, Mismatches, Misplaced, Refunded),
    "unknown": (Phantoms,),
}  # fmt: skip
"""The questions about each kind of movement, in the order in which they are answered."""


class Join(Check):
    """Movements and postings, joined."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.claims = Claims(context)
        self.links = Links(context)
        self.loose = LooseJournals(context)
        self.refunds = Refunds(context)
        self.waiting = Waiting(self)
        self.fuzzy = Fuzzy(self)
        self.orphans = Orphans(self)
        made = {kind: kind(self) for kinds in CONCERNS.values() for kind in kinds}
        self._concerns = {direction: [made[kind] for kind in kinds] for direction, kinds in CONCERNS.items()}
        self._without_legs = {
            direction: [concern for concern in concerns if not concern.of_legs]
            for direction, concerns in self._concerns.items()
        }
        self._timers: dict[str, Timer] = {concern.name: concern.due for concern in made.values()}
        self._timers |= {"whole": self._whole_due, "orphan": self.orphans.due}

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"claim": self.claims.table, "loose": self.loose.table, "account_client": self.loose.clients}

    def timers(self) -> Mapping[str, Timer]:
        return self._timers

    def loaded(self) -> None:
        for part in (self.claims, self.links, self.loose, self.refunds, self.waiting):
            part.loaded()

    # --- movements -------------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        crosses = dossier.origin == EXTERNAL or dossier.destination == EXTERNAL
        relinked = self.links.note(dossier) if crosses else False
        if change.has_arrived and dossier.origin == EXTERNAL:
            group = self.context.groups.of_location(dossier.destination)
            self.context.heard.note(("inflows", group), change.event.source)
        if dossier.op_type in KINDS:
            self.refunds.note(dossier)
        if change.was_arrived and change.event.revision:
            self._restated(change)
        if relinked or _is_news(change):
            if crosses and self._is_on_its_way(dossier):
                self.waiting.note(dossier)
            else:
                self._weigh_all_about(dossier)

    def _is_on_its_way(self, dossier: Dossier) -> bool:
        """Tell whether a movement has only come further on its way, as asked for: there is nothing to ask yet.

        What is booked for it is looked at when it arrives, and with each posting.
        """
        if dossier.arrived or dossier.undone or dossier.op_type in KINDS:
            return False
        if dossier.destination == EXTERNAL and (
            not dossier.instructed or dossier.executed_units not in (None, dossier.instructed_units)
        ):
            return False
        claim = self.claims.table.rows.get(dossier.transfer_id)
        if claim is not None and (claim.open or claim.partner or (claim.legs and dossier.origin == EXTERNAL)):
            return False
        return not self.links.is_shared(dossier.transfer_id)

    def _weigh_all_about(self, dossier: Dossier) -> None:
        transfer_id = dossier.transfer_id
        claim = self.claims.table.get(transfer_id)
        if claim is not None and claim.partner and (dossier.left or dossier.undone):
            self._part(transfer_id, claim.partner)
        self.weigh(transfer_id, late=True)
        if dossier.parent_id in self.claims.table:
            self.weigh(dossier.parent_id, late=True)
        others = self.refunds.of(transfer_id)
        if dossier.op_type in KINDS:
            others = [*others, *self.refunds.beside(dossier)]
        for other in others:
            if other is not dossier:
                self._weigh_one(other.transfer_id, late=True)
        if self.loose.table.rows and self.is_asked_in_vain(case := self.case(transfer_id, late=True)):
            self.fuzzy.find_booking(case, told=True)

    def _restated(self, change: Change) -> None:
        said = restatement(self.case(change.dossier.transfer_id, late=True), change)
        if said is not None:
            self.context.tell(said)

    # --- postings --------------------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.op_type == "opening":
            return
        journal = self.context.journals.journals.rows.get(event.journal_id)
        if journal is None:
            return
        transfer_id = event.transfer_id or journal.transfer_id or self._of_reversed(event.reverses)
        if transfer_id:
            if not journal.transfer_id:
                journal.transfer_id = transfer_id  # the row was marked when it took this posting
                self._adopt(transfer_id, event.journal_id, journal, entry)
            self._claim(transfer_id, entry, journal)
            return
        self.loose.learn(event.account_id, event.client_id)
        timer = f"whole|{event.journal_id}"
        if is_short(journal):
            self._expect_whole(timer, entry)
        else:
            self.context.absences.met(timer)
            self.orphans.take(event.journal_id, journal, entry.group, undoes=bool(event.reverses))

    def _of_reversed(self, reverses: str | None) -> str:
        """Return the movement of the journal, or posting, that a posting says it takes back; "" where there is none."""
        if not reverses:
            return ""
        journals = self.context.journals
        original = journals.journals.rows.get(reverses) or journals.of_posting(reverses)
        return "" if original is None else original.transfer_id

    def _claim(self, transfer_id: str, entry: Entry, journal: Journal) -> None:
        event = entry.event
        kept = event.account_class in KEPT or (event.op_type in NEED_A_LEG and event.account_class == "in_transit")
        if not kept and not self.claims.is_unresolved(event.journal_id):
            return
        if kept:
            for journal_id in self.claims.take_back(transfer_id):
                self.orphans.take_again(journal_id, entry.group)
            self.claims.take(transfer_id, entry, journal)
        if is_short(journal):  # what it means shows with its other legs
            if event.account_class == "client" and entry.units > 0:
                self._expect_whole(f"whole|{event.journal_id}", entry)
            return
        touched = dict.fromkeys(self.claims.resolve(event.journal_id, journal))
        if touched:
            self.context.absences.met(f"whole|{event.journal_id}")
        if kept:
            touched[transfer_id] = None
        for name in touched:
            self.weigh(name, late=False)
            self._weigh_siblings(name)

    def _adopt(self, transfer_id: str, journal_id: str, journal: Journal, entry: Entry) -> None:
        """Take legs that came before the one that says which movement their journal is for."""
        self.context.absences.met(f"whole|{journal_id}")
        for asset in dict.fromkeys(leg.asset for leg in journal.legs.values()):
            legs = self.loose.legs_of(journal_id, journal, asset, "")
            legs.pop(entry.event.posting_id, None)
            if legs:
                self.claims.give(transfer_id, entry.group, legs)

    def _expect_whole(self, timer: str, entry: Entry) -> None:
        """Give the other legs of a journal their time: what it means is not known without them."""
        if not self.context.absences.expects(timer):
            due_us = self.context.now_us + round(self.context.limits.journal_s * SECOND_US)
            self.context.absences.expect(timer, due_us, (entry.event.source,))

    def _whole_due(self, journal_id: str, due_us: int) -> None:
        """A journal is taken as it is: its other legs have not come."""
        journal = self.context.journals.journals.rows.get(journal_id)
        if journal is None:
            return
        if journal.transfer_id:
            for transfer_id in self.claims.conclude(journal_id):
                self.weigh(transfer_id, late=False)
            return
        account = next(iter(journal.legs.values())).account_id
        self.orphans.take(journal_id, journal, self.context.groups.of_account(account), undoes=bool(journal.reverses))

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
        claim = self.claims.table.rows.get(transfer_id)
        if claim is not None and not self.links.is_shared(transfer_id):
            dossier = self.context.dossiers.rows.get(transfer_id)
            if is_usual(dossier, claim):
                self._end_all(transfer_id, claim, late=late)
                if dossier is not None:
                    self.waiting.note(dossier)
                return
        case = self.case(transfer_id, late=late)
        concerns = self._concerns if claim is not None and (claim.legs or claim.open) else self._without_legs
        for concern in concerns[case.direction]:
            ask = concern.wanted(case)
            if ask is not None:
                concern.ask(case, ask)
            elif claim is not None and concern.name in claim.open:
                concern.end(case)
        if case.dossier is not None and case.direction != "own":
            self.waiting.note(case.dossier)

    def _end_all(self, transfer_id: str, claim: Claim, *, late: bool) -> None:
        """End all questions that are open about a movement."""
        if claim.open:
            case = self.case(transfer_id, late=late)
            for concern in self._concerns[case.direction]:
                if concern.name in claim.open:
                    concern.end(case)

    def _weigh_siblings(self, transfer_id: str) -> None:
        """Look again at the other legs of a trade, which a posting for one of them may be for as well."""
        dossier = self.context.dossiers.rows.get(transfer_id)
        legs = self.links.children(transfer_id if dossier is None else dossier.parent_id)
        if 0 < len(legs) <= KIN_MAX:
            for leg in legs:
                claim = self.claims.table.get(leg.transfer_id)
                if leg.transfer_id != transfer_id and claim is not None and claim.open:
                    self._weigh_one(leg.transfer_id, late=False)

    # --- what weaker rules join --------------------------------------------------------------------------------
    def give(self, case: Case, keys: Iterable[Key], rule: str) -> None:
        """Give journals that name no movement to one that they fit."""
        for journal_id, asset in keys:
            journal = self.context.journals.journals.rows.get(journal_id)
            if journal is not None:
                legs = self.loose.legs_of(journal_id, journal, asset, rule)
                self.claims.give(case.transfer_id, case.group, legs)
                self.orphans.claimed((journal_id, asset), case.transfer_id)
        self.weigh(case.transfer_id, late=case.late)

    def give_to_several(self, cases: list[Case], key: Key) -> None:
        """Give a journal to several movements that add up to it, to each its part."""
        row = self.loose.table.get(key)
        assert row is not None, f"{key} is claimed by others"
        for case in cases:
            leg = Leg(
                key[0], row.account_id, row.party or row.account_id, row.account_class, key[1], signed_units(case),
                row.heard_us, row.event_ids[0], True, "part",
            )  # fmt: skip
            self.claims.give(case.transfer_id, case.group, {f"part|{key[0]}|{key[1]}": leg})
        self.orphans.claimed(key, ", ".join(case.transfer_id for case in cases))
        for case in cases:
            self.weigh(case.transfer_id, late=False)

    def pair(self, case: Case, request_id: str) -> None:
        """Take an outflow and a request for one movement."""
        case.row().partner = request_id
        self.claims.row(request_id, case.group).partner = case.transfer_id

    def _part(self, one: str, other: str) -> None:
        """Take two movements for two again: the request was carried out under its own id, or was undone."""
        for name in (one, other):
            claim = self.claims.table.edit(name)
            if claim is not None:
                claim.partner = ""
        self.weigh(other, late=True)

    def is_told(self, key: Key) -> bool:
        """Tell whether it was said of a journal that no movement is behind it."""
        return self.orphans.is_told(key)

    def is_asked_in_vain(self, case: Case) -> bool:
        """Tell whether it was said of a movement that its posting is missing."""
        kinds = ("missing_credit", "missing_debit", "unmatched_inflow", "unmatched_outflow")
        return any(self.context.stands(kind, case.transfer_id) for kind in kinds)

    def balance_units(self, account_id: str, asset: str) -> int | None:
        """Return what an account holds, in units; None where that is not known."""
        return self.context.books.balance(account_id, asset)

    # --- time --------------------------------------------------------------------------------------------------
    def forgot(self, dossier: Dossier) -> None:
        self._forget(dossier.transfer_id)
        self.links.forget(dossier.transfer_id)
        self.refunds.forget(dossier)
        self.waiting.forget(dossier.transfer_id)

    def swept(self, before_us: int) -> None:
        rows, dossiers = self.claims.table.rows, self.context.dossiers.rows
        for name in sorted(name for name, claim in rows.items() if claim.heard_us < before_us and name not in dossiers):
            self._forget(name)
        self.orphans.swept(before_us)

    def _forget(self, transfer_id: str) -> None:
        """Let go of what is older than anybody looks back: nothing more is said of it."""
        claim = self.claims.table.get(transfer_id)
        if claim is not None:
            self._end_all(transfer_id, claim, late=False)
        self.claims.drop(transfer_id)


def _is_news(change: Change) -> bool:
    """Tell whether a report changes anything but how far a movement has come on its way."""
    dossier = change.dossier
    return (
        change.first
        or dossier.arrived != change.was_arrived
        or dossier.left != change.was_left
        or dossier.undone != change.was_undone
        or dossier.arrived_units != change.was_arrived_units
        or (not change.was_stages & INSTRUCTED and dossier.instructed)
        or (dossier.executed_units is not None and dossier.executed_units != dossier.instructed_units)
    )
