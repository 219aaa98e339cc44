"""Client accounts that no reference has introduced: somebody owes, or is owed, under a name that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal
from ledger.books.accounts import CLIENT
from ledger.check import Check, Entry, Timer
from ledger.events import AccountRef, Reference
from ledger.findings import Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "unmapped_account"
INTRODUCED_LEAST = 3  # so many accounts on record say that accounts are put on record
ACCOUNTS_MAX = 10_000
WAIT_US = 60 * SECOND_US  # the reference may be late


class Unmapped(Check):
    """The client accounts booked on and not on record: by account, the first posting and its asset, and if it is told."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.table: Table[str, tuple[str, str]] = Table(tuple[str, str])
        self._introduced = 0  # as far as INTRODUCED_LEAST

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"unmapped": self.table}

    def timers(self) -> Mapping[str, Timer]:
        return {"unmapped": self._unmapped_due}

    def loaded(self) -> None:
        self._introduced = 0
        self._count()

    def _count(self) -> None:
        if self._introduced < INTRODUCED_LEAST:
            self._introduced = sum(key[0] == "account" for key in self.context.references.others)

    def posted(self, entry: Entry) -> None:
        account_id = entry.event.account_id
        if entry.event.account_class != CLIENT or ("account", account_id) in self.context.references.others:
            return
        if self._introduced < INTRODUCED_LEAST or account_id in self.table or len(self.table) >= ACCOUNTS_MAX:
            return
        self.table.put(account_id, (entry.event.event_id, entry.asset))
        self.context.deadlines.set(f"unmapped|{account_id}", self.context.now_us + WAIT_US)

    def _unmapped_due(self, account_id: str, due_us: int) -> None:
        row = self.table.get(account_id)
        if row is None:
            return
        event_id, asset = row
        account = self.context.books.table.rows.get((account_id, asset))
        balance = 0 if account is None else account.balance
        self.context.tell(
            Breach(
                kind=KIND,
                key=account_id,
                scope={"account_id": account_id, "asset": asset},
                sentence=f"Account {account_id} is booked on as a client's and stands at {to_decimal(balance)} {asset}, and "
                "no reference says whose it is, while those of other accounts are on record.",
                evidence=(event_id,),
                rule="account_on_record",
                asset=asset,
                observed=balance,
                value_units=balance,
                links=(f"account|{account_id}|{asset}",),
            )
        )

    def referred(self, event: Reference) -> None:
        if not isinstance(event, AccountRef):
            return
        self._count()
        if self.table.drop(event.account_id) is not None:
            self.context.deadlines.cancel(f"unmapped|{event.account_id}")
            sentence = f"Reference {event.event_id} introduces account {event.account_id}."
            self.context.mend(KIND, event.account_id, sentence, (event.event_id,), explained=True)
