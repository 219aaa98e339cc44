"""Journals as they are booked, leg by leg: what each posting changes, and which journal takes another back.

A posting counts once. One that comes again with a higher revision restates it: the difference is applied, also where
the account, the asset or the journal is another one.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ledger.amounts import to_units
from ledger.books.legs import Journal, Leg, add_leg, mirrors
from ledger.books.unbalanced import OpenJournals
from ledger.check import Entry
from ledger.events import Posting
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context

__all__ = ["Journal", "Journals", "Leg"]


class Journals(OpenJournals):
    """All journals of the horizon. `take` is called before any check hears of a posting."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        # What follows from the rows: the journal of each posting, and by what was reversed the journal that says so.
        self._journal_of: dict[str, str] = {}
        self._reversals: dict[str, str] = {}

    def loaded(self) -> None:
        super().loaded()
        self._index()

    def _index(self) -> None:
        rows = self.journals.rows
        self._journal_of = {posting_id: name for name, journal in rows.items() for posting_id in journal.legs}
        self._reversals = {rows[name].reverses: name for name in sorted(rows) if rows[name].reverses}

    def of_posting(self, posting_id: str) -> Journal | None:
        """Return the journal that a posting is in; None where it is not known."""
        name = self._journal_of.get(posting_id)
        return None if name is None else self.journals.rows[name]

    def take(self, event: Posting, asset: str) -> list[Entry]:
        """Put a posting into its journal; return what it changes: nothing where a newer revision is known."""
        where = self._journal_of.get(event.posting_id)
        known = None if where is None else self.journals.rows[where].legs[event.posting_id]
        if known is not None and known.revision >= event.revision:
            return []
        name = event.journal_id
        journal = self.journals.edit(name) or self.journals.put(name, self._opened(event))
        if where is not None and where != name:
            self._leave(where, event.posting_id)
        leg = _leg_of(event, asset)
        if not add_leg(journal, event.posting_id, leg, event.legs_total):
            return []
        if event.posting_id in journal.legs:
            self._journal_of[event.posting_id] = name
        if event.reverses and not journal.reverses:
            journal.reverses = event.reverses
            self._reversals[event.reverses] = max(name, self._reversals.get(event.reverses, ""))
        self.judge(name, journal)
        if self._reversals:
            self._reverse(name, journal)
        return self._entries(event, leg, known)

    def _opened(self, event: Posting) -> Journal:
        return Journal(
            event.legs_total, intern(event.op_type), event.transfer_id or "", self.context.now_us,
            to_us(event.event_time), {}, intern(event.source),
        )  # fmt: skip

    def _leave(self, name: str, posting_id: str) -> None:
        """Take a leg out of the journal that it was in: it belongs to another."""
        journal = self.journals.edit(name)
        assert journal is not None, name
        del journal.legs[posting_id]
        self.judge(name, journal)

    def _entries(self, event: Posting, leg: Leg, known: Leg | None) -> list[Entry]:
        group = self.context.groups.of_account(event.account_id)
        if known is None:
            return [Entry(event=event, asset=leg.asset, units=leg.units, whole_units=leg.units, group=group)]
        entry = Entry(event=event, asset=leg.asset, units=leg.units, whole_units=leg.units, group=group, restated=True)
        if (known.account_id, known.asset) == (leg.account_id, leg.asset):
            entry.units = leg.units - known.units
            return [entry]
        return [self._taken_back(event, known), entry]

    def _taken_back(self, event: Posting, known: Leg) -> Entry:
        """Return the entry that takes a leg off the account, or asset, on which it should not have been."""
        before = replace(
            event, account_id=known.account_id, account_class=known.account_class, client_id=None, asset=known.asset,
            balance_after=None,
        )  # fmt: skip
        group = self.context.groups.of_account(known.account_id)
        return Entry(event=before, asset=known.asset, units=-known.units, whole_units=0, group=group, restated=True)

    # --- reversals -------------------------------------------------------------------------------------------
    def _reverse(self, name: str, journal: Journal) -> None:
        """Judge the reversals that a posting of this journal may have completed, or undone: by it, and of it."""
        if journal.reverses:
            self._judge_reversal(name, journal.reverses)
        known = self._reversals
        if name in known:
            self._judge_reversal(known[name], name)
        if not known.keys().isdisjoint(journal.legs):
            for posting_id in journal.legs:
                if posting_id in known:
                    self._judge_reversal(known[posting_id], posting_id)

    def _judge_reversal(self, by: str, target: str) -> None:
        name = target if target in self.journals else self._journal_of.get(target, "")
        original, reversal = self.journals.get(name), self.journals.get(by)
        if original is None or reversal is None or name == by:
            return
        reversed_by = original.reversed_by
        if not reversal.open_us and not original.open_us and mirrors(reversal, original):
            reversed_by = by
        elif reversed_by == by:
            reversed_by = ""
        if reversed_by != original.reversed_by:
            original.reversed_by = reversed_by
            self.journals.touched.add(name)

    def swept(self, before_us: int) -> None:
        rows = self.journals.rows
        old = [name for name, journal in rows.items() if journal.heard_us < before_us]
        for name in sorted(old):
            self.watch_no_more(name, rows[name])
            self.journals.drop(name)
        if old:
            self._index()


def _leg_of(event: Posting, asset: str) -> Leg:
    same = event.event_id == event.posting_id
    event_id = event.posting_id if same else event.event_id  # one string is enough
    return Leg(
        intern(event.account_id), intern(event.account_class), asset, to_units(event.amount), event.revision,
        event.leg_no, event_id,
    )  # fmt: skip
