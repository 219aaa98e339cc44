"""Credits that people, or forms that they fill in, give to clients, and whose amount is a slip of the unit.

No money has come for such a credit, so nothing but its kind says what is usual: it is held against the largest of its
kind so far. What is taken from another client or from suspense, or belongs to a movement of value, is no such credit;
nor is income that is a small part of the balance it is paid on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.check import Change, Check, Entry, Timer
from ledger.findings import Breach
from ledger.screens import credited, ids, words
from ledger.screens.credited import Credit
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "unit_or_decimal_error"
GIVERS = frozenset(("client", "suspense", "in_transit"))
"""Accounts whose debit is what somebody else has less, or had not been given yet."""
INCOME_PARTS = 20
"""Income of at most one part in so many of the balance is usual, whatever its size."""
HISTORY_NEEDED = 10
"""So many credits of its kind are needed before one that no person entered is called too large."""
WAIT_US = 3 * SECOND_US
"""So long the other legs of a journal may follow the credit."""
CREDITS_KEPT = 64


class Sizes(Struct, gc=False):
    """How many credits of one kind there were, and the largest of them in units."""

    count: int = 0
    largest_units: int = 0


class Batch(Struct, gc=False):
    """The credits by one person of one kind that were told, the latest of them by what they belong to."""

    units: int = 0
    count: int = 0
    refs: list[str] = []


class ManualCredits(Check):
    """Credits to clients that no money came for."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.sizes: Table[tuple[str, str], Sizes] = Table(Sizes)
        self.waiting: Table[str, list[Credit]] = Table(list[Credit])  # by journal that is not complete
        self.batches: Table[tuple[str, str, str], Batch] = Table(Batch)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"credit_sizes": self.sizes, "credit_waiting": self.waiting, "credit_batch": self.batches}

    def timers(self) -> Mapping[str, Timer]:
        return {"manual_credit": self._waited}

    # --- movements -------------------------------------------------------------------------------------------
    def moved(self, change: Change) -> None:
        dossier = change.dossier
        if not change.first or not credited.is_credit(dossier) or dossier.undone:
            return
        if dossier.refers_to in self.context.dossiers or dossier.origin_client:
            return  # it is held against what it refers to, or is taken from another client
        credit = credited.of_movement(self.context, change)
        said = ids.said_in_amount(credit.units, ids.of_movement(dossier))
        self._judge(credit, said)

    # --- postings --------------------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        event = entry.event
        if event.journal_id in self.waiting:
            self._if_complete(event.journal_id)
        credit = credited.of_posting(entry)
        of = None if credit is None else self.context.dossiers.get(credit.transfer_id)
        if credit is None or (of is not None and credited.is_credit(of)):
            return  # the latter is judged as a movement
        said = ids.said_in_amount(credit.units, ids.of_posting(event)) if credit.by_hand else ""
        if said or not self._is_large(credit):
            self._judge(credit, said)
            return
        held = self.waiting.edit(credit.journal_id) or self.waiting.put(credit.journal_id, [])
        held.append(credit)
        self.context.deadlines.set(f"manual_credit|{credit.journal_id}", self.context.now_us + WAIT_US)
        self._if_complete(credit.journal_id)

    def _if_complete(self, journal_id: str) -> None:
        journal = self.context.journals.journals.get(journal_id)
        if journal is not None and len(journal.legs) >= journal.legs_total:
            self.context.deadlines.cancel(f"manual_credit|{journal_id}")
            self._waited(journal_id, self.context.now_us)

    def _waited(self, journal_id: str, due_us: int) -> None:
        for credit in self.waiting.drop(journal_id) or ():
            if not self._is_given(credit):
                self._judge(credit, "")

    def _is_given(self, credit: Credit) -> bool:
        """Tell whether somebody has as much less for it: another account in the journal, or the movement it is of."""
        of = self.context.dossiers.get(credit.transfer_id)
        if of is not None and of.op_type in credited.MONEY_CAME and of.arrived_units >= credit.units:
            return True
        journal = self.context.journals.journals.get(credit.journal_id)
        legs = () if journal is None else journal.legs.values()
        given = sum(
            -leg.units for leg in legs if leg.account_class in GIVERS and leg.asset == credit.asset and leg.units < 0
        )
        return given >= credit.units

    # --- both ------------------------------------------------------------------------------------------------
    def _is_large(self, credit: Credit) -> bool:
        cents = self.context.cents(credit.asset, credit.units)
        return cents is not None and cents >= self.context.limits.manual_credit_usd * 100

    def _judge(self, credit: Credit, said: str) -> None:
        sizes = self.sizes.get((credit.op_type, credit.asset)) or Sizes()
        if said:
            self._tell(credit, "amount_is_an_id", f"its amount is the number in {said}")
        elif self._is_large(credit) and self._is_too_large(credit, sizes):
            times = f"{credit.units // sizes.largest_units} times" if sizes.largest_units else "without precedent:"
            largest = words.amount_text(sizes.largest_units, credit.asset)
            self._tell(credit, "largest_of_its_kind", f"{times} the largest of {sizes.count} before it, {largest}")
        else:
            self._learn(credit)

    def _is_too_large(self, credit: Credit, sizes: Sizes) -> bool:
        if not credit.by_hand and sizes.count < HISTORY_NEEDED:
            return False
        before = credit.before_units
        if credit.op_type in credited.INCOME and before is not None and INCOME_PARTS * credit.units <= before:
            return False
        return credit.units > round(self.context.limits.manual_credit_times) * sizes.largest_units

    def _learn(self, credit: Credit) -> None:
        key = (credit.op_type, credit.asset)
        sizes = self.sizes.edit(key) or self.sizes.put(key, Sizes())
        sizes.count += 1
        sizes.largest_units = max(sizes.largest_units, credit.units)

    def _tell(self, credit: Credit, rule: str, why: str) -> None:
        key = (credit.op_type, credit.asset, credit.who)
        batch = self.batches.edit(key) or self.batches.put(key, Batch())
        if credit.ref in batch.refs:
            return  # the movement and its posting are one credit
        batch.refs.append(credit.ref)
        del batch.refs[:-CREDITS_KEPT]
        batch.count += 1
        batch.units += credit.units
        total = words.amount_text(batch.units, credit.asset)
        before = f" It is credit {batch.count} of that kind by {credit.who or 'nobody named'}, {total} in all."
        scope = {"client_id": credit.client_id, "account_id": credit.account_id, "asset": credit.asset}
        scope |= {"transfer_id": credit.transfer_id}
        links = (("transfer", credit.transfer_id), ("journal", credit.journal_id))
        self.context.tell(
            Breach(
                kind=KIND,
                key="|".join(("credit", *key)),
                scope={name: value for name, value in scope.items() if value},
                sentence=f"The {credit.what} is credited and no money came for it; {why}.{before if batch.count > 1 else ''}",
                evidence=(credit.event_id,),
                rule=rule,
                asset=credit.asset,
                observed=credit.units,
                value_units=batch.units,
                one_off=True,
                links=(
                    f"total|{credit.group}|{credit.asset}",
                    *(f"{kind}|{name}" for kind, name in links if name),
                ),
            )
        )
