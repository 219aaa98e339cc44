"""The breaks that a correction can close, how much of each is left, and which movements each is about.

A correction that is a movement of its own, or a journal that names the break in its reason alone, counts by what it gives to
clients or takes from them. One that is booked for the movement that is corrected is seen by the join, which mends the break.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.findings import Breach
from ledger.screens.corrected import JOURNAL, MOVEMENT, Correction
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

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


class Correctable:
    """The breaks told, by `kind|key`, until a day after they are over."""

    def __init__(self, context: Context, rows: Table[str, Correction]) -> None:
        self.context = context
        self.rows = rows
        self.table: Table[str, Break] = Table(Break)
        self._of: dict[str, dict[str, None]] = {}  # by movement, the breaks about it

    def loaded(self) -> None:
        self._of = {}
        for name in sorted(self.table.rows):
            self._index(name, self.table.rows[name])

    def note(self, breach: Breach) -> None:
        """Take note of a break that a correction can close."""
        side = _side_of(breach)
        units = breach.difference if breach.difference is not None else breach.value_units
        if side is None or breach.one_off or not breach.asset or not units or "transfer_id" not in breach.scope:
            return
        name = f"{breach.kind}|{breach.key}"
        known = self.table.get(name)
        by = known.by if known is not None and name in self.context.open else []
        row = Break(breach.kind, _subjects(breach), breach.asset, abs(units), side, by)
        self._index(name, self.table.put(name, row))

    def _index(self, name: str, row: Break) -> None:
        for transfer_id in row.of:
            self._of.setdefault(transfer_id, {})[name] = None

    def standing(self, names: Iterable[str]) -> Iterator[str]:
        """Yield those breaks that are not over: neither in the books nor by movements that undo them."""
        for name in names:
            row = self.table.get(name)
            if row is None and self.context.alert_key(name) is not None:
                yield name
            if row is not None and name in self.context.open and not self._is_undone(row):
                yield name

    def _is_undone(self, row: Break) -> bool:
        """Tell whether corrections that the join cannot see, being booked under other names, come to what is wrong."""
        known = self.context.assets.by_code.get(row.asset)
        unseen = any(units for ref, units in self._mending(row) if self._books(ref) not in row.of)
        return unseen and self.left(row) <= (0 if known is None else known.dust)

    def _books(self, ref: str) -> str:
        """Return the movement that a correction is booked for: itself, or the one that its journal names."""
        form, _, name = ref.partition("|")
        journal = self.context.journals.journals.get(name) if form == JOURNAL else None
        return name if journal is None else journal.transfer_id

    def left(self, row: Break) -> int:
        """Return how much of a break is left with what was corrected since it was told, in units."""
        return row.units - sum(units for _, units in self._mending(row))

    def _mending(self, row: Break) -> Iterator[tuple[str, int]]:
        """Yield the corrections of a break, and by how many units each mends it."""
        for ref in row.by:
            correction = self.rows.get(ref)
            if correction is not None:
                yield ref, row.side * correction.effects.get(row.asset, 0)

    def about(self, transfer_id: str) -> list[str]:
        """Return the breaks about a movement that stand."""
        return [name for name in self._of.get(transfer_id, ()) if name in self.context.open]

    def corrected_by(self, name: str, ref: str) -> None:
        """Note a correction of a break; one of something else that is named is not counted."""
        wrong = self.table.edit(name)
        if wrong is not None and ref not in wrong.by:
            wrong.by.append(ref)

    def swept(self) -> None:
        """Forget the breaks that are over."""
        for name in sorted(name for name in self.table.rows if name not in self.context.open):
            self.table.drop(name)
        self.loaded()


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
