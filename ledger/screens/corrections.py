"""Work by hand that corrects: adjustments, refunds and reversals, each recognised once and handed to who judges it.

They must name what they correct (`naming`), must have closed the break that stands there (`closings`), and are held
against the habits of who entered them (`habits`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.check import Change, Check, Entry, Timer
from ledger.dossiers import PASSED, Dossier
from ledger.findings import Breach
from ledger.screens import corrected
from ledger.screens.closings import Closings
from ledger.screens.corrected import JOURNAL, KINDS, MOVEMENT, Correction
from ledger.screens.habits import Habits
from ledger.screens.naming import Naming
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context


class Corrections(Check):
    """The corrections of the horizon, by `transfer|id` or `journal|id`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.rows: Table[str, Correction] = Table(Correction)
        self.naming = Naming(context, self.rows)
        self.closings = Closings(context, self.rows)
        self.habits = Habits(context, self.rows)
        self._early: dict[str, dict[str, None]] = {}  # by movement not heard of yet, the journals that may book it

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"correction": self.rows, **self.naming.tables(), **self.closings.tables(), **self.habits.tables()}

    def timers(self) -> Mapping[str, Timer]:
        parts = {**self.naming.timers(), **self.closings.timers(), **self.habits.timers()}
        return {"correction_whole": self._whole, **parts}

    def loaded(self) -> None:
        self._early = {}
        for ref in sorted(self.rows.rows):
            self._note_early(ref)
        self.naming.loaded()
        self.closings.loaded()
        self.habits.loaded()

    # --- movements -------------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.op_type in KINDS:
            self._take_movement(change)
        if change.first:
            self.naming.heard_of(dossier.transfer_id)
        self.closings.look()

    def _take_movement(self, change: Change) -> None:
        dossier = change.dossier
        ref = f"{MOVEMENT}|{dossier.transfer_id}"
        row = self.rows.edit(ref) or self.rows.put(ref, corrected.of_movement(self.context, dossier))
        news = corrected.update(self.context, row, dossier)
        if change.first:
            news = self._take_journals(row) or news
        if dossier.undone:
            if change.is_undone:
                self._end(ref, f"{dossier.transfer_id} has been undone.")
            return
        if dossier.stages & PASSED and not row.passed:
            self._pass(ref, row)
        elif row.passed and news:
            self.naming.judge(ref, row)
        if change.has_arrived or (news and dossier.arrived):
            self.closings.begin(ref, row)

    def _take_journals(self, row: Correction) -> bool:
        """Take over the journals that were heard before the movement they book; return whether they name anything."""
        found = False
        for ref in self._early.pop(row.name, ()):
            journal = self.rows.get(ref)
            found = (journal is not None and self._merge(row, journal)) or found
        return found

    def _merge(self, row: Correction, journal: Correction) -> bool:
        """Make a journal a part of the movement that it books; return whether it names anything."""
        found = corrected.add_names(row, *journal.names)
        fresh = [word for word in journal.words if word not in row.words]
        row.words += fresh
        row.entered = row.entered or journal.entered
        self._end(journal.ref, f"Journal {journal.name} is the booking of {row.op_type} {row.name}.", explained=True)
        self.naming.uncount(journal)
        self.rows.drop(journal.ref)
        return found or bool(fresh)

    def _note_early(self, ref: str) -> None:
        form, _, name = ref.partition("|")
        of = self._books(name) if form == JOURNAL else ""
        if of and of not in self.context.dossiers:
            self._early.setdefault(of, {})[ref] = None

    def _books(self, journal_id: str) -> str:
        journal = self.context.journals.journals.get(journal_id)
        return "" if journal is None else journal.transfer_id

    def forgot(self, dossier: Dossier) -> None:
        if dossier.op_type in KINDS:
            ref = f"{MOVEMENT}|{dossier.transfer_id}"
            self._end(ref, f"{dossier.transfer_id} is older than what is kept.")
            self.rows.drop(ref)

    # --- postings --------------------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        event = entry.event
        if not entry.restated:
            of = self.rows.get(f"{MOVEMENT}|{event.transfer_id}") if event.transfer_id else None
            if of is not None:
                self._add_to_movement(of, entry)
            elif event.op_type in KINDS and event.origin == "manual" and not self._is_led_elsewhere(event.transfer_id):
                self._take_leg(entry)
        self.naming.heard_of(event.journal_id, event.posting_id)
        self.closings.look()

    def _is_led_elsewhere(self, transfer_id: str | None) -> bool:
        """Tell whether a booking is of a movement of which another shard tells."""
        dossier = self.context.dossiers.get(transfer_id or "")
        return dossier is not None and not self.context.territory.leads(dossier)

    def _add_to_movement(self, row: Correction, entry: Entry) -> None:
        self.rows.touched.add(row.ref)  # what names nothing may be evidence all the same
        if corrected.add_posting(row, entry):
            self._say_again(row)

    def _take_leg(self, entry: Entry) -> None:
        event = entry.event
        ref = f"{JOURNAL}|{event.journal_id}"
        row = self.rows.edit(ref)
        if row is None:
            row = self.rows.put(ref, corrected.of_posting(self.context, entry))
            wait_us = round(self.context.limits.journal_s * SECOND_US)
            self.context.deadlines.set(f"correction_whole|{event.journal_id}", self.context.now_us + wait_us)
        self._note_early(ref)
        news = corrected.add_posting(row, entry)
        if row.passed:
            if news:
                self._say_again(row)
            return
        journal = self.context.journals.journals.get(event.journal_id)
        if journal is not None and len(journal.legs) + journal.more_legs >= journal.legs_total:
            self.context.deadlines.cancel(f"correction_whole|{event.journal_id}")
            self._whole(event.journal_id, self.context.now_us)

    def _whole(self, journal_id: str, due_us: int) -> None:
        ref = f"{JOURNAL}|{journal_id}"
        row = self.rows.edit(ref)
        if row is None or row.passed:
            return
        of = self.rows.edit(f"{MOVEMENT}|{self._books(journal_id)}")
        if of is not None:  # it was heard between two of the legs
            if self._merge(of, row):
                self._say_again(of)
        else:
            corrected.weigh(self.context, row)
            self._pass(ref, row)
            self.closings.begin(ref, row)

    # --- both ------------------------------------------------------------------------------------------------
    def _pass(self, ref: str, row: Correction) -> None:
        row.passed = True
        self.naming.judge(ref, row)
        self.habits.take(ref, row)

    def _say_again(self, row: Correction) -> None:
        """A posting says more of a correction than was known."""
        if row.passed:
            self.naming.judge(row.ref, row)
        dossier = self.context.dossiers.get(row.name) if row.form == MOVEMENT else None
        if row.passed and (dossier is None or dossier.arrived):
            self.closings.begin(row.ref, row)

    def _end(self, ref: str, why: str, *, explained: bool = False) -> None:
        self.naming.end(ref, why, explained=explained)
        self.closings.end(ref, why)

    def told(self, breach: Breach) -> None:
        self.closings.note(breach)
        self.habits.note(breach)

    def swept(self, before_us: int) -> None:
        for ref in sorted(ref for ref, row in self.rows.rows.items() if row.heard_us < before_us):
            if ref.startswith(JOURNAL):
                self._end(ref, f"Journal {self.rows.rows[ref].name} is older than what is kept.")
                self._early.pop(self._books(self.rows.rows[ref].name), None)
                self.rows.drop(ref)
        self.closings.swept()
        self.habits.swept(before_us)
