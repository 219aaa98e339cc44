"""A correction of what stands as a break must have closed it: a quarter of an hour later the break is over, or it is told.

Only breaks that a correction can close are looked at: what is booked too much, too little or on the wrong account. A
correction that is a movement of its own counts by what it gives to clients or takes from them, since the books have it
under its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Timer
from ledger.findings import Breach
from ledger.screens import corrected, words
from ledger.screens.corrected import MOVEMENT, Correction
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "correction_failed"
TIMER = "correction_closes"
SIDES: Mapping[str, int] = {
    "double_credit": -1, "phantom_credit": -1, "reorged_credit": -1, "missing_debit": -1, "missing_credit": 1,
    "unmatched_inflow": 1, "wrong_account": 0,
}  # fmt: skip
"""What closes a break: something is taken from clients (-1) or given to them (1), or moved between them (0)."""
RULES: Mapping[str, int] = {"credited_": -1, "debited_": 1, "given_back": -1, "more_than_it_undoes": -1}
"""The same for amounts that differ, by the beginning of their rule, where the books have more than is due."""


class Break(Struct):
    """A break that a correction can close: `of` are the movements it is about, `units` of `asset` what is wrong.

    `by`: the corrections that were made since it was told.
    """

    kind: str
    of: list[str]
    asset: str
    units: int
    side: int
    by: list[str] = []


class Attempt(Struct):
    """A correction of breaks that stood (`kind|key` each) when it was made."""

    breaks: list[str]
    failed: bool = False


class Closings:
    """Which breaks stand, which corrections are about them, and whether they have closed them."""

    def __init__(self, context: Context, rows: Table[str, Correction]) -> None:
        self.context = context
        self.rows = rows
        self.breaks: Table[str, Break] = Table(Break)
        self.attempts: Table[str, Attempt] = Table(Attempt)
        self._of: dict[str, dict[str, None]] = {}  # by movement, the breaks about it
        self._failed: dict[str, None] = {}

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"correction_break": self.breaks, "correction_attempt": self.attempts}

    def timers(self) -> Mapping[str, Timer]:
        return {TIMER: self._due}

    def loaded(self) -> None:
        self._of = {}
        for name in sorted(self.breaks.rows):
            self._index(name, self.breaks.rows[name])
        self._failed = {ref: None for ref in sorted(self.attempts.rows) if self.attempts.rows[ref].failed}

    # --- breaks ----------------------------------------------------------------------------------------------
    def note(self, breach: Breach) -> None:
        """Take note of a break that a correction can close."""
        side = _side_of(breach)
        units = breach.difference if breach.difference is not None else breach.value_units
        if side is None or breach.one_off or not breach.asset or not units or "transfer_id" not in breach.scope:
            return
        name = f"{breach.kind}|{breach.key}"
        known = self.breaks.get(name)
        by = known.by if known is not None and name in self.context.open else []
        row = Break(breach.kind, _subjects(breach), breach.asset, abs(units), side, by)
        self._index(name, self.breaks.put(name, row))

    def _index(self, name: str, row: Break) -> None:
        for transfer_id in row.of:
            self._of.setdefault(transfer_id, {})[name] = None

    def _standing(self, names: list[str]) -> Iterator[str]:
        """Yield those breaks that are not over: neither in the books nor by movements that undo them."""
        for name in names:
            row = self.breaks.get(name)
            if row is not None and name in self.context.open and not self._is_undone(row):
                yield name

    def _is_undone(self, row: Break) -> bool:
        """Tell whether correcting movements, which the books have under names of their own, come to what is wrong."""
        known = self.context.assets.by_code.get(row.asset)
        by_movements = any(units for form, units in self._mending(row) if form == MOVEMENT)
        return by_movements and self._left(row) <= (0 if known is None else known.dust)

    def _left(self, row: Break) -> int:
        """Return how much of a break is left with what was corrected since it was told, in units."""
        return row.units - sum(units for _, units in self._mending(row))

    def _mending(self, row: Break) -> Iterator[tuple[str, int]]:
        """Yield the form of each correction of a break, and by how many units it mends it."""
        for ref in row.by:
            correction = self.rows.get(ref)
            if correction is not None:
                yield correction.form, row.side * correction.effects.get(row.asset, 0)

    # --- corrections -----------------------------------------------------------------------------------------
    def begin(self, ref: str, row: Correction) -> None:
        """A correction was made: what stands of the movements that it names is to be over in time."""
        of = dict.fromkeys(corrected.movement_of(self.context, name) for name in (*row.names, *row.words))
        names = [name for transfer_id in of if transfer_id != row.name for name in self._of.get(transfer_id, ())]
        breaks = [name for name in dict.fromkeys(names) if name in self.context.open]
        if not breaks:
            return
        for name in breaks:
            wrong = self.breaks.edit(name)
            assert wrong is not None, name
            wrong.by += [] if ref in wrong.by else [ref]
        known = self.attempts.edit(ref)
        if known is not None:
            known.breaks += [name for name in breaks if name not in known.breaks]
            return
        self.attempts.put(ref, Attempt(breaks))
        due_us = self.context.now_us + round(self.context.limits.correction_s * SECOND_US)
        sources = (*self.context.heard.sources(("ledger", row.group)), row.source)
        cents = [self._cents(self.breaks.rows[name]) for name in breaks]
        worth = max((value for value in cents if value is not None), default=None)
        self.context.absences.expect(f"{TIMER}|{ref}", due_us, tuple(dict.fromkeys(sources)), worth)

    def _cents(self, row: Break) -> int | None:
        return self.context.cents(row.asset, row.units)

    def _due(self, ref: str, due_us: int) -> None:
        attempt, row = self.attempts.edit(ref), self.rows.get(ref)
        if attempt is None or row is None:
            return
        standing = list(self._standing(attempt.breaks))
        if not standing:
            self.attempts.drop(ref)
            return
        attempt.failed = True
        self._failed[ref] = None
        self._tell(ref, row, standing)

    def _tell(self, ref: str, row: Correction, standing: list[str]) -> None:
        wrong = self.breaks.rows[standing[0]]
        left_units = self._left(wrong)
        if not 0 < left_units <= wrong.units:
            left_units = wrong.units
        minutes = self.context.limits.correction_s / 60
        left = f"{words.amount_text(left_units, wrong.asset)} of {words.amount_text(wrong.units, wrong.asset)} are left"
        more = f", and {len(standing) - 1} more" if len(standing) > 1 else ""
        self.context.tell(
            Breach(
                kind=KIND,
                key=ref,
                scope=row.scope,
                sentence=f"{row.what} was to correct {wrong.of[0]}; {minutes:g} min later its {wrong.kind}{more} still "
                f"stands: {left}.",
                evidence=tuple(row.evidence),
                rule="break_still_stands",
                asset=wrong.asset,
                difference=left_units,
                links=(*row.links, *(f"{MOVEMENT}|{transfer_id}" for transfer_id in wrong.of)),
            )
        )

    def look(self) -> None:
        """See whether what a correction has left is over by now."""
        for ref in tuple(self._failed):
            attempt = self.attempts.rows[ref]
            if next(self._standing(attempt.breaks), None) is None:
                self.end(ref, f"What {self.rows.rows[ref].what} was to correct is over.")

    def end(self, ref: str, why: str) -> None:
        """Nothing more is to be said of a correction."""
        if self.attempts.drop(ref) is not None:
            self._failed.pop(ref, None)
            self.context.absences.met(f"{TIMER}|{ref}")
            self.context.mend(KIND, ref, why, explained=False)

    def swept(self) -> None:
        """Forget the breaks that are over."""
        self.look()
        for name in sorted(name for name in self.breaks.rows if name not in self.context.open):
            self.breaks.drop(name)
        self._of = {}
        for name in sorted(self.breaks.rows):
            self._index(name, self.breaks.rows[name])


def _side_of(breach: Breach) -> int | None:
    """Return what closes a break (see `SIDES`); None where no correction can."""
    if breach.kind in SIDES:
        return SIDES[breach.kind]
    side = next((side for rule, side in RULES.items() if breach.rule.startswith(rule)), None)
    if side is None or breach.kind not in ("amount_mismatch", "unit_or_decimal_error"):
        return None
    return side if (breach.difference or 0) > 0 else -side


def _subjects(breach: Breach) -> list[str]:
    """Return the movements that a break is about: its own, under all ids; not the one that a refund undoes."""
    own = breach.scope["transfer_id"]
    if breach.rule == "more_than_it_undoes":
        return [own]
    kin = (link.partition("|")[2] for link in breach.links if link.startswith(f"{MOVEMENT}|"))
    return list(dict.fromkeys((own, *kin)))
