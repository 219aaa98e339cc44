"""A correction must say what it corrects: where a firm has shown that its corrections do, one that names nothing is told.

What is named may be heard of later, so for a name that nobody knows a minute is given. Names count from the first report
or posting that gives them, and a reason in which something known is named is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Timer
from ledger.findings import Breach
from ledger.screens import corrected
from ledger.screens.corrected import Correction
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "policy_violation"
TIMER = "correction_names"
WAIT_US = 60 * SECOND_US
"""So long what a correction names may be heard of after it."""
NAMED_MIN = 3
"""So many corrections that name something known, and more than half of all, are a practice."""


class Practice(Struct):
    """Corrections of one kind and form in a recon group: how many name something known, of how many."""

    named: int = 0
    count: int = 0

    @property
    def holds(self) -> bool:
        return self.named >= NAMED_MIN and 2 * self.named > self.count


class Naming:
    """Whether corrections name what they correct."""

    def __init__(self, context: Context, rows: Table[str, Correction]) -> None:
        self.context = context
        self.rows = rows
        self.practice: Table[tuple[str, str, str], Practice] = Table(Practice)
        self._waiting: dict[str, dict[str, None]] = {}  # by name, the corrections that would be right if it were known

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"correction_practice": self.practice}

    def timers(self) -> Mapping[str, Timer]:
        return {TIMER: self._waited}

    def loaded(self) -> None:
        self._waiting = {}
        for ref in sorted(self.rows.rows):
            if self._is_open(ref):
                self._wait_for(ref, self.rows.rows[ref])

    def waiting_for(self, name: str) -> list[str]:
        """Return the corrections that name what is not known, first heard first."""
        found = self._waiting.get(name, ())
        return sorted(found, key=lambda ref: (self.rows.rows[ref].heard_us, ref))

    def heard_of(self, *names: str) -> None:
        """Something was heard of under these names; it may be what a correction names."""
        if not self._waiting:
            return
        for name in names:
            for ref in self.waiting_for(name):
                row = self.rows.edit(ref)
                assert row is not None, f"{ref} waits and is not known"
                self.judge(ref, row)

    # --- judging ---------------------------------------------------------------------------------------------
    def judge(self, ref: str, row: Correction) -> None:
        """Judge a correction that has passed, again when it or others say more."""
        if self._known(row):
            if not row.counted:
                self._count(row, named=True)
            elif self._is_open(ref):
                self._practice(row).named += 1  # it was counted as one that names nothing known
                row.named = True
            self.end(ref, f"{row.name} corrects {self._known(row)}, which is known now.", explained=True)
        elif row.names and not row.counted:
            self._expect(ref, row)
        elif not row.counted:
            self._conclude(ref, row)
        elif self._is_open(ref):
            self._wait_for(ref, row)

    def _known(self, row: Correction) -> str:
        """Return what it names, or says, that is known; "" for nothing."""
        return next((name for name in (*row.names, *row.words) if corrected.is_known(self.context, name)), "")

    def _expect(self, ref: str, row: Correction) -> None:
        """Wait for what it names to be heard of, and for all who could tell of it."""
        key, context = f"{TIMER}|{ref}", self.context
        self._wait_for(ref, row)
        if not context.absences.expects(key):
            tellers = context.sources.tellers(row.scope.get("location", ""))
            sources = dict.fromkeys((*context.heard.sources(("ledger", row.group)), row.source, *tellers))
            context.absences.expect(key, context.now_us + WAIT_US, tuple(sources), row.cents)

    def _waited(self, ref: str, due_us: int) -> None:
        row = self.rows.edit(ref)
        if row is None or row.counted:
            return
        if any(corrected.is_known_otherwise(self.context, name, row.name) for name in row.names):
            self._count(row, named=True)
            self._forget(ref)
        else:
            self._conclude(ref, row)

    def _conclude(self, ref: str, row: Correction) -> None:
        """Tell a correction that names nothing known, where that is not how it is done here."""
        practice = self._practice(row)
        if not practice.holds:
            self._forget(ref)
            self._count(row, named=False)
            return
        unknown = f"names {row.names[0]}, and nobody knows of it" if row.names else "does not say what it corrects"
        self._wait_for(ref, row)
        who = f", entered by {row.who}," if row.who else ""
        self.context.tell(
            Breach(
                kind=KIND,
                key=_key(ref),
                scope=row.scope,
                sentence=f"{row.what}{who} {unknown}: {practice.named} of the {practice.count} {row.op_type}s before it "
                "name something that is known.",
                evidence=tuple(row.evidence),
                rule="corrects_unknown" if row.names else "corrects_nothing",
                asset=row.asset or None,
                value_units=abs(row.effects.get(row.asset, 0)) or None,
                links=row.links,
            )
        )
        self._count(row, named=False)

    def end(self, ref: str, why: str, *, explained: bool = False) -> None:
        """Nothing more is to be said of a correction."""
        self._forget(ref)
        self.context.absences.met(f"{TIMER}|{ref}")
        self.context.mend(KIND, _key(ref), why, explained=explained)

    # --- what is counted -------------------------------------------------------------------------------------
    def _practice(self, row: Correction) -> Practice:
        key = (row.group, row.op_type, row.form)
        return self.practice.edit(key) or self.practice.put(key, Practice())

    def _count(self, row: Correction, *, named: bool) -> None:
        practice = self._practice(row)
        practice.count += 1
        practice.named += named
        row.counted, row.named = True, named
        self.rows.touched.add(row.ref)

    def uncount(self, row: Correction) -> None:
        """A correction is part of another: the practice knew of it as one of its own."""
        if row.counted:
            practice = self._practice(row)
            practice.count -= 1
            practice.named -= row.named

    # --- who waits for what ----------------------------------------------------------------------------------
    def _is_open(self, ref: str) -> bool:
        return self.context.stands(KIND, _key(ref)) or self.context.absences.expects(f"{TIMER}|{ref}")

    def _wait_for(self, ref: str, row: Correction) -> None:
        for name in (*row.names, *row.words):
            self._waiting.setdefault(name, {})[ref] = None

    def _forget(self, ref: str) -> None:
        row = self.rows.get(ref)
        for name in () if row is None else (*row.names, *row.words):
            waiting = self._waiting.get(name)
            if waiting is not None:
                waiting.pop(ref, None)
                if not waiting:
                    del self._waiting[name]


def _key(ref: str) -> str:
    return f"corrects|{ref}"
