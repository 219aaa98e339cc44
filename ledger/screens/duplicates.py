"""The same payment twice: a second withdrawal, or refund, of the same amount to the same place for the same client.

Which payments are alike follows from the dossiers; that index is no row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.check import Change, Check
from ledger.dossiers import PASSED, Dossier
from ledger.findings import Breach
from ledger.screens import words
from ledger.screens.registry import plain
from ledger.times import SECOND_US, to_us

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "duplicate_payment"
OP_TYPES = frozenset(("withdrawal", "refund"))
Key = tuple[str, str, str, str, int]
"""Kind of operation, client, address and tag or account, asset, units."""


class Duplicates(Check):
    """Withdrawals and refunds by what makes two of them the same."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._alike: dict[Key, set[str]] = {}
        self._key_of: dict[str, Key] = {}

    def loaded(self) -> None:
        for dossier in self.context.dossiers.rows.values():
            if dossier.op_type in OP_TYPES and self.context.territory.leads(dossier):
                self._index(dossier)

    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if dossier.op_type not in OP_TYPES:
            return
        alike = self._index(dossier)
        if dossier.undone and change.is_undone:
            words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=True)
        if len(alike) > 1:
            self._judge(dossier, alike)
            if (
                change.first
                or dossier.undone != change.was_undone
                or dossier.begun_us == to_us(change.event.event_time)
            ):
                self._judge_others(dossier, alike)

    def forgot(self, dossier: Dossier) -> None:
        self._remove(dossier.transfer_id)
        words.end(self.context, (KIND,), dossier.transfer_id, dossier, undone=False)

    def _index(self, dossier: Dossier) -> set[str]:
        """Return the payments like this one, itself among them; none where too little is known of it."""
        transfer_id = dossier.transfer_id
        client, account = words.client_of(dossier), dossier.account
        place = f"{plain(dossier.address)} {dossier.tag}" if dossier.address else account
        if not client or not place:
            return set()
        key = (dossier.op_type, client, place, dossier.asset, dossier.instructed_units)
        known = self._key_of.get(transfer_id)
        if known != key:
            self._remove(transfer_id)
            self._key_of[transfer_id] = key
            self._alike.setdefault(key, set()).add(transfer_id)
        return self._alike[key]

    def _remove(self, transfer_id: str) -> None:
        key = self._key_of.pop(transfer_id, None)
        if key is not None:
            self._alike[key].discard(transfer_id)
            if not self._alike[key]:
                del self._alike[key]

    def _judge_others(self, first: Dossier, alike: set[str]) -> None:
        """Judge those payments again to which this one may be, or may no longer be, the first."""
        for transfer_id in sorted(alike):
            other = self.context.dossiers.rows[transfer_id]
            if _order(first) < _order(other):
                self._judge(other, alike)

    def _judge(self, second: Dossier, alike: set[str]) -> None:
        """Tell whether a payment that has passed is another's duplicate, or is no longer one."""
        if second.undone or not second.stages & PASSED:
            return
        first = self._first_of(second, alike)
        if first is None:
            said = f"No other payment like {second.transfer_id} stands any more, or each has a reference of its own."
            self.context.mend(KIND, second.transfer_id, said, second.evidence[:1], explained=True)
        elif not self.context.stands(KIND, second.transfer_id):
            self._tell(second, first)

    def _first_of(self, second: Dossier, alike: set[str]) -> Dossier | None:
        """Return the latest payment before this one that stands and is, for all that is said, the same."""
        rows, within_us = self.context.dossiers.rows, round(self.context.limits.duplicate_s * SECOND_US)
        latest: Dossier | None = None
        for transfer_id in alike:
            other = rows[transfer_id]
            if (
                not other.undone
                and _order(other) < _order(second)
                and second.begun_us - other.begun_us <= within_us
                and not _is_meant_twice(other, second)
                and (latest is None or _order(latest) < _order(other))
            ):
                latest = other
        return latest

    def _tell(self, second: Dossier, first: Dossier) -> None:
        minutes = (second.begun_us - first.begun_us) / (60 * SECOND_US)
        where = second.address or second.account
        self.context.tell(
            Breach(
                kind=KIND,
                key=second.transfer_id,
                scope=words.scope_of(second),
                sentence=f"{words.movement_text(second)} pays {where} for {words.client_of(second)} what "
                f"{first.transfer_id}, asked for {minutes:.1f} minutes before, pays already.",
                evidence=(*second.evidence, *first.evidence),
                rule="same_payment",
                asset=second.asset,
                value_units=second.instructed_units,
                links=(*words.links_of(second), f"transfer|{first.transfer_id}"),
            )
        )


def _order(dossier: Dossier) -> tuple[int, str]:
    return dossier.begun_us, dossier.transfer_id


def _is_meant_twice(one: Dossier, other: Dossier) -> bool:
    """Tell whether two payments say for themselves that they are two: other references, or other payments refunded."""
    return _differ(one.client_ref, other.client_ref) or _differ(one.refers_to, other.refers_to)


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other
