"""Postings as they come: to the claim of the movement that they name, or with their journal among those that name none.

What a journal means shows when all its legs are there; those that are missing get `journal_s`, and until their source
has delivered up to then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ledger.books.journals import Journal
from ledger.check import Entry
from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.claims import KEPT, Leg, is_short
from ledger.matching.fuzzy import signed_units
from ledger.matching.loose import Key
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.matching.join import Join


class Bookings:
    """The way of postings into claims and loose journals."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self.context = join.context
        self.claims = join.claims
        self.loose = join.loose

    def take(self, entry: Entry) -> None:
        """Take a posting; openings are nobody's."""
        event = entry.event
        journal = self.context.journals.journals.rows.get(event.journal_id)
        if event.op_type == "opening" or journal is None:
            return
        transfer_id = event.transfer_id or journal.transfer_id or self._of_reversed(event.reverses)
        if not transfer_id:
            self._take_loose(entry, journal)
            return
        if not journal.transfer_id:
            journal.transfer_id = transfer_id  # the row was marked when it took this posting
            self._adopt(transfer_id, journal, entry)
        self._claim(transfer_id, entry, journal)

    def _of_reversed(self, reverses: str | None) -> str:
        """Return the movement of the journal, or posting, that a posting says it takes back; "" where there is none."""
        if not reverses:
            return ""
        journals = self.context.journals
        original = journals.journals.rows.get(reverses) or journals.of_posting(reverses)
        return "" if original is None else original.transfer_id

    # --- postings that name a movement -----------------------------------------------------------------------
    def _claim(self, transfer_id: str, entry: Entry, journal: Journal) -> None:
        event = entry.event
        kept = event.account_class in KEPT or (event.op_type in NEED_A_LEG and event.account_class == "in_transit")
        if not kept and not self.claims.is_unresolved(event.journal_id):
            return
        if kept:
            for journal_id in self.claims.take_back(transfer_id):
                self.join.orphans.take_again(journal_id, entry.group)
            self.claims.take(transfer_id, entry, journal)
            self.join.note(transfer_id)
        if is_short(journal):
            if event.account_class == "client" and entry.units > 0:
                self._expect_whole(entry)
            return
        touched = dict.fromkeys(self.claims.resolve(event.journal_id, journal))
        if touched:
            self.context.absences.met(f"whole|{event.journal_id}")
        if kept:
            touched[transfer_id] = None
        for name in touched:
            self.join.weigh(name, late=False)
            self.join.weigh_siblings(name)

    def _adopt(self, transfer_id: str, journal: Journal, entry: Entry) -> None:
        """Take legs that came before the one that says which movement their journal is for."""
        journal_id = entry.event.journal_id
        self.context.absences.met(f"whole|{journal_id}")
        for asset in dict.fromkeys(leg.asset for leg in journal.legs.values()):
            legs = self.loose.legs_of(journal_id, journal, asset, "")
            legs.pop(entry.event.posting_id, None)
            if legs:
                self.claims.give(transfer_id, entry.group, legs)

    # --- postings that name none -----------------------------------------------------------------------------
    def _take_loose(self, entry: Entry, journal: Journal) -> None:
        event = entry.event
        self.loose.learn(event.account_id, event.client_id)
        if is_short(journal):
            self._expect_whole(entry)
        else:
            self.context.absences.met(f"whole|{event.journal_id}")
            self.join.orphans.take(event.journal_id, journal, entry.group, undoes=bool(event.reverses))

    def _expect_whole(self, entry: Entry) -> None:
        """Give the other legs of a journal their time."""
        timer = f"whole|{entry.event.journal_id}"
        if not self.context.absences.expects(timer):
            due_us = self.context.now_us + round(self.context.limits.journal_s * SECOND_US)
            self.context.absences.expect(timer, due_us, (entry.event.source,))

    def whole_due(self, journal_id: str, due_us: int) -> None:
        """A journal is taken as it is: its other legs have not come."""
        journal = self.context.journals.journals.rows.get(journal_id)
        if journal is None:
            return
        if journal.transfer_id:
            for transfer_id in self.claims.conclude(journal_id, journal):
                self.join.weigh(transfer_id, late=False)
        elif journal.legs:
            group = self.context.groups.of_account(next(iter(journal.legs.values())).account_id)
            self.join.orphans.take(journal_id, journal, group, undoes=bool(journal.reverses))

    # --- what weaker rules join --------------------------------------------------------------------------------
    def give(self, case: Case, keys: Iterable[Key], rule: str) -> None:
        """Give journals that name no movement to one that they fit."""
        for journal_id, asset in keys:
            journal = self.context.journals.journals.rows.get(journal_id)
            if journal is not None:
                legs = self.loose.legs_of(journal_id, journal, asset, rule)
                self.claims.give(case.transfer_id, case.group, legs)
                self.join.orphans.claimed((journal_id, asset), case.transfer_id)
        self.join.weigh(case.transfer_id, late=case.late)

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
        self.join.orphans.claimed(key, ", ".join(case.transfer_id for case in cases))
        for case in cases:
            self.join.weigh(case.transfer_id, late=False)
