"""A correction of what stands as a break must have closed it: a quarter of an hour later the break is over, or it is told.

Only breaks that a correction can close are looked at (`correctable`): what is booked too much, too little or on the wrong
account; and any alert that it names by its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Timer
from ledger.findings import Breach
from ledger.screens import corrected, words
from ledger.screens.correctable import Break, Correctable
from ledger.screens.corrected import MOVEMENT, Correction
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "correction_failed"
TIMER = "correction_closes"


class Attempt(Struct):
    """A correction of breaks that stood when it was made: `kind|key` each, or the id of an alert that it names itself."""

    breaks: list[str]
    failed: bool = False


class Closings:
    """Which breaks stand, which corrections are about them, and whether they have closed them."""

    def __init__(self, context: Context, rows: Table[str, Correction]) -> None:
        self.context = context
        self.rows = rows
        self.breaks = Correctable(context, rows)
        self.attempts: Table[str, Attempt] = Table(Attempt)
        self._failed: dict[str, None] = {}

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"correction_break": self.breaks.table, "correction_attempt": self.attempts}

    def timers(self) -> Mapping[str, Timer]:
        return {TIMER: self._due}

    def loaded(self) -> None:
        self.breaks.loaded()
        self._failed = {ref: None for ref in sorted(self.attempts.rows) if self.attempts.rows[ref].failed}

    # --- corrections -----------------------------------------------------------------------------------------
    def begin(self, ref: str, row: Correction) -> None:
        """A correction was made: what stands of the movements that it names is to be over in time."""
        of = dict.fromkeys(corrected.movement_of(self.context, name) for name in (*row.names, *row.words))
        about = (name for transfer_id in of if transfer_id != row.name for name in self.breaks.about(transfer_id))
        breaks = list(dict.fromkeys((*about, *self._named(row))))
        if not breaks:
            return
        for name in breaks:
            self.breaks.corrected_by(name, ref)
        known = self.attempts.edit(ref)
        if known is not None:
            known.breaks += [name for name in breaks if name not in known.breaks]
            return
        self.attempts.put(ref, Attempt(breaks))
        due_us = self.context.now_us + round(self.context.limits.correction_s * SECOND_US)
        sources = (*self.context.heard.sources(("ledger", row.group)), row.source)
        self.context.absences.expect(f"{TIMER}|{ref}", due_us, tuple(dict.fromkeys(sources)), row.cents)

    def _named(self, row: Correction) -> Iterator[str]:
        """Yield the breaks whose alerts a correction names by their ids; of those that are no such break, the alert."""
        for name in (*row.names, *row.words):
            key = self.context.alert_key(name)
            if key is not None:
                yield key if key in self.breaks.table else name

    def _due(self, ref: str, due_us: int) -> None:
        attempt, row = self.attempts.edit(ref), self.rows.get(ref)
        if attempt is None or row is None:
            return
        standing = list(self.breaks.standing(attempt.breaks))
        if not standing:
            self.attempts.drop(ref)
            return
        attempt.failed = True
        self._failed[ref] = None
        self._tell(ref, row, standing)

    def _tell(self, ref: str, row: Correction, standing: list[str]) -> None:
        wrong = self.breaks.table.get(standing[0])
        left_units = None if wrong is None else self.breaks.left(wrong)
        if wrong is not None and left_units is not None and not 0 < left_units <= wrong.units:
            left_units = wrong.units
        of = () if wrong is None else tuple(f"{MOVEMENT}|{transfer_id}" for transfer_id in wrong.of)
        more = f" And {len(standing) - 1} more." if len(standing) > 1 else ""
        self.context.tell(
            Breach(
                kind=KIND,
                key=ref,
                scope=row.scope,
                sentence=f"{row.what} was to correct {self._left_text(standing[0], wrong, left_units)}.{more}",
                evidence=tuple(row.evidence),
                rule="break_still_stands",
                asset=None if wrong is None else wrong.asset,
                difference=left_units,
                links=(*row.links, *of),
            )
        )

    def _left_text(self, name: str, wrong: Break | None, left_units: int | None) -> str:
        """Return what still stands, and how much of it."""
        minutes = f"{self.context.limits.correction_s / 60:g} min later"
        if wrong is None or left_units is None:
            kind = (self.context.alert_key(name) or "").partition("|")[0]
            return f"alert {name} ({kind}), which still stands {minutes}"
        left, whole = (words.amount_text(units, wrong.asset) for units in (left_units, wrong.units))
        return f"{wrong.of[0]}; {minutes} its {wrong.kind} still stands: {left} of {whole} are left"

    def look(self) -> None:
        """See whether what a correction has left is over by now."""
        for ref in tuple(self._failed):
            attempt = self.attempts.rows[ref]
            if next(self.breaks.standing(attempt.breaks), None) is None:
                self.end(ref, f"What {self.rows.rows[ref].what} was to correct is over.")

    def end(self, ref: str, why: str) -> None:
        """Nothing more is to be said of a correction."""
        if self.attempts.drop(ref) is not None:
            self._failed.pop(ref, None)
            self.context.absences.met(f"{TIMER}|{ref}")
            self.context.mend(KIND, ref, why, explained=False)

    def note(self, breach: Breach) -> None:
        """Take note of a break that a correction can close."""
        self.breaks.note(breach)

    def swept(self) -> None:
        """Forget the breaks that are over."""
        self.look()
        self.breaks.swept()
