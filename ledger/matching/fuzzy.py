"""What may belong together though no id says so: movements and journals, by amount, party and time.

These rules come last, when the time of a question is over, and take each row once. What they join is taken apart again
when an id says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from typing import TYPE_CHECKING

from ledger.matching.cases import NEED_A_LEG, Case
from ledger.matching.links import booked_units
from ledger.matching.loose import Key, Loose
from ledger.matching.parties import payee_of, payer_of
from ledger.matching.search import SUM_ROWS_MAX, Candidate, choose, choose_sum
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.matching.join import Join

LOOKED_AT_MAX = 200
"""So many rows of one party are looked at for an amount within the fee, or for a sum."""


class Fuzzy:
    """The search for the journal of a movement, and for the movement of a journal."""

    def __init__(self, join: Join) -> None:
        self.join = join
        self.context = join.context

    @property
    def _window_us(self) -> int:
        return round(self.context.limits.match_window_s * SECOND_US)

    # --- a journal for a movement ------------------------------------------------------------------------------
    def find_booking(self, case: Case, *, told: bool = False) -> bool:
        """Give a movement the journal, or the journals, that fit it best; `told`: only of those that were told of."""
        if case.dossier is None or not self.join.loose.table.rows:
            return False
        fitting = [row for row in self._journals_for(case) if not told or self.join.orphans.is_told(row[0])]
        candidates = [
            Candidate(key, off, self._is_stranger(case, row), self._apart_us(case, row), row.heard_us, row.party)
            for key, row in fitting
            if (off := self.off_units(case, row)) is not None
        ]
        chosen = choose(candidates)
        if chosen is not None:
            self.join.bookings.give(case, (chosen,), "amount")
            return True
        if told:
            return False
        return self._find_sum(case, fitting)

    def _find_sum(self, case: Case, rows: list[tuple[Key, Loose]]) -> bool:
        units = signed_units(case)
        several = [(key, row.units, self._apart_us(case, row)) for key, row in rows if (row.units > 0) == (units > 0)]
        chosen = choose_sum(units, several)
        if chosen is None:
            return False
        self.join.bookings.give(case, chosen, "sum")
        return True

    def _journals_for(self, case: Case) -> list[tuple[Key, Loose]]:
        """Return the journals that may be for a movement: of its amount, or of its party; the first heard first."""
        loose, units = self.join.loose, signed_units(case)
        found: dict[Key, Loose] = dict(loose.by_units(case.group, case.asset, units))
        party = self.party(case)
        if party:
            found.update(_first(loose.by_party(case.group, case.asset, party)))
        rows = [(key, row) for key, row in found.items() if self.fits(case, row)]
        return sorted(rows, key=lambda item: (item[1].heard_us, item[0]))

    def fits(self, case: Case, row: Loose) -> bool:
        """Tell whether a journal may be for a movement as far as party and time go."""
        dossier = case.dossier
        assert dossier is not None
        if self._apart_us(case, row) > self._window_us:
            return False
        if dossier.op_type in NEED_A_LEG:
            return True
        party = self.party(case)
        if row.account_class == "client":
            return not party or not row.party or row.party == party
        if row.account_class == "suspense":
            return case.direction == "in"
        return row.account_class == "house" and (not party or row.account_id == party)

    def party(self, case: Case) -> str:
        dossier = case.dossier
        assert dossier is not None
        return payee_of(self.context, dossier) if case.direction == "in" else payer_of(self.context, dossier)

    def _apart_us(self, case: Case, row: Loose) -> int:
        dossier = case.dossier
        assert dossier is not None
        until_us = max(dossier.arrived_us, dossier.begun_us)
        return max(dossier.begun_us - row.booked_us, row.booked_us - until_us, 0)

    def off_units(self, case: Case, row: Loose) -> int | None:
        """Return by how much the amount of a journal differs from a movement's; None where that is more than its fee."""
        dossier = case.dossier
        assert dossier is not None
        off_units = abs(row.units - signed_units(case))
        if off_units <= case.dust_units:
            return off_units
        fee_units = case.fee_units(dossier) if case.direction == "out" else case.spare_units
        return off_units if off_units <= fee_units else None

    def _is_stranger(self, case: Case, row: Loose) -> bool:
        party = self.party(case)
        return not party or row.party != party

    # --- a movement for a journal ------------------------------------------------------------------------------
    def find_movement(self, key: Key, row: Loose, *, told: bool = False) -> bool:
        """Give a journal to the movement that fits it best; `told`: only to one of those that were told of."""
        candidates: list[Candidate[str]] = []
        for case in self._movements_for(key, row):
            off_units = self.off_units(case, row) if self.fits(case, row) else None
            if off_units is None or (told and not self.join.is_asked_in_vain(case)):
                continue
            dossier = case.dossier
            assert dossier is not None
            candidates.append(
                Candidate(
                    case.transfer_id, off_units, self._is_stranger(case, row), self._apart_us(case, row),
                    dossier.heard_us, f"{self.party(case)}|{dossier.arrived}",
                )
            )  # fmt: skip
        chosen = choose(candidates)
        if chosen is None:
            return not told and (self._find_movements(key, row) or self._is_part(key, row))
        self.join.bookings.give(self.join.case(chosen, late=False), (key,), "amount")
        return True

    def _find_movements(self, key: Key, row: Loose) -> bool:
        """Tell whether a journal is for several movements that add up to it exactly; it is given to all of them."""
        cases = {case.transfer_id: case for case in self._movements_for(key, row) if self.fits(case, row)}
        rows = [(name, signed_units(case), self._apart_us(case, row)) for name, case in cases.items()]
        chosen = choose_sum(row.units, rows)
        if chosen is None:
            return False
        self.join.bookings.give_to_several([cases[name] for name in chosen], key)
        return True

    def _is_part(self, key: Key, row: Loose) -> bool:
        """Tell whether a journal is one of several for a movement; they are all given to it."""
        larger = [case for case in self._movements_for(key, row) if abs(signed_units(case)) > abs(row.units)]
        for case in sorted(larger, key=lambda case: (self._apart_us(case, row), case.transfer_id))[:SUM_ROWS_MAX]:
            if self.fits(case, row) and self._find_sum(case, self._journals_for(case)):
                return key not in self.join.loose.table
        return False

    def _movements_for(self, key: Key, row: Loose) -> Iterator[Case]:
        waiting, asset = self.join.waiting, key[1]
        names = dict.fromkeys(waiting.by_units(row.group, asset, row.units))
        if row.party:
            names.update(dict.fromkeys(waiting.by_client(row.group, asset, row.party)[:LOOKED_AT_MAX]))
        for name in names:
            yield self.join.case(name, late=False)

    def possible(self, key: Key, row: Loose) -> list[str]:
        """Return the movements that a journal may be for, as far as party, amount and time go."""
        cases = [case for case in self._movements_for(key, row) if self.fits(case, row)]
        return sorted(case.transfer_id for case in cases if self.off_units(case, row) is not None)

    def resembling(self, group: str, asset: str, units: int) -> str:
        """Return a movement of the same amount that waits for its credit; "" where there is none."""
        return next(iter(self.join.waiting.by_units(group, asset, units)), "")


def signed_units(case: Case) -> int:
    """Return what should be booked for a movement: positive for what comes in, or came back."""
    dossier = case.dossier
    assert dossier is not None
    return booked_units(dossier, case.context.territory.away)


def _first(rows: Iterator[tuple[Key, Loose]]) -> list[tuple[Key, Loose]]:
    """Return the rows that were heard first, as many as are looked at."""
    return nsmallest(LOOKED_AT_MAX, rows, key=lambda item: (item[1].heard_us, item[0]))
