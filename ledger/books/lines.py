"""How far below zero a client may be: not at all, or as far as its credit line goes. What is beyond is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ledger.amounts import to_decimal, to_units
from ledger.books.account import Account
from ledger.books.accounts import CLIENT
from ledger.check import Check, Entry, Timer
from ledger.events import AccountRef, Reference
from ledger.findings import Breach
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context

NEGATIVE, BREACH = "negative_balance", "credit_line_breach"
TOLD_AGAIN_SHARE = 10  # people hear again when it has grown by a tenth


class Lines(Check):
    """Client balances against zero and credit lines; the posting with the highest number of an account decides."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.rows = context.books.table.rows

    def timers(self) -> Mapping[str, Timer]:
        return {"below_zero": self._below_zero_due}

    def posted(self, entry: Entry) -> None:
        event = entry.event
        account = self.rows.get((event.account_id, entry.asset))
        if account is None or account.account_class != CLIENT or (account.balance >= 0 and not account.told_units):
            return
        if not account.known:
            return  # what it held before it was first heard of may well cover it
        told_balance = account.tail and account.tail[-1].after is not None
        key = f"below_zero|{event.account_id}|{entry.asset}"
        is_beyond = account.balance < 0 and -account.balance > self.line(event.account_id, entry.asset)
        if is_beyond and not told_balance and self.context.sources.delivered_us(event.source) is not None:
            # Added up, and an earlier credit may be on its way: its source will say when it is not. What follows does
            # not put that off.
            if not self.context.absences.expects(key):
                self.context.absences.expect(key, to_us(event.event_time), (event.source,))
            return
        self.context.absences.met(key)
        self._judge(event.account_id, entry.asset, account, explained=False)

    def _below_zero_due(self, rest: str, due_us: int) -> None:
        account_id, _, asset = rest.rpartition("|")
        account = self.rows.get((account_id, asset))
        if account is not None:
            self._judge(account_id, asset, account, explained=False)

    def referred(self, event: Reference) -> None:
        if not isinstance(event, AccountRef):
            return
        for asset in sorted(self.context.books.assets_of.get(event.account_id, ())):
            account = self.rows.get((event.account_id, asset))
            if account is None or account.account_class != CLIENT or not account.known:
                continue
            if account.balance < 0 or account.told_units:
                self._judge(event.account_id, asset, account, explained=True)

    def line(self, account_id: str, asset: str) -> int:
        """Return the credit line of an account, in units; 0 where none is on record."""
        known = self.context.references.others.get(("account", account_id))
        lines = known.credit_line if isinstance(known, AccountRef) else None
        codes = self.context.assets.codes
        return sum(to_units(text) for name, text in (lines or {}).items() if codes.get(name) == asset)

    def _judge(self, account_id: str, asset: str, account: Account, *, explained: bool) -> None:
        line = self.line(account_id, asset)
        beyond = -account.balance - line
        key = f"account|{account_id}|{asset}"
        kind, other = (BREACH, NEGATIVE) if line else (NEGATIVE, BREACH)
        if self.context.stands(other, key):
            now = f"a line of {to_decimal(line)}" if line else "no line"
            sentence = f"{account_id} is held against {now} {asset} from now on."
            self.context.mend(other, key, sentence, (self.context.cause_id,), explained=True)
            account.told_units = 0
        if beyond > 0:
            if beyond * TOLD_AGAIN_SHARE >= account.told_units * (TOLD_AGAIN_SHARE + 1):
                self._tell(kind, account_id, asset, account, line, again=account.told_units > 0)
                self._note(account_id, asset, account, beyond)
            return
        if account.told_units:
            within = f", within its line of {to_decimal(line)}" if line else ""
            sentence = f"The balance of {account_id} is {to_decimal(account.balance)} {asset}{within}."
            self.context.mend(kind, key, sentence, (self.context.cause_id,), explained=explained)
            self._note(account_id, asset, account, 0)

    def _note(self, account_id: str, asset: str, account: Account, told_units: int) -> None:
        account.told_units = told_units
        self.context.books.table.touched.add((account_id, asset))

    def _tell(self, kind: str, account_id: str, asset: str, account: Account, line: int, *, again: bool) -> None:
        of = f" of {account.client_id}" if account.client_id else ""
        limit = f"its credit line of {to_decimal(line)} {asset}" if line else f"zero, with no credit line in {asset}"
        beyond = -account.balance - line
        scope = {"account_id": account_id, "asset": asset, "client_id": account.client_id}
        latest = account.tail[-1]
        self.context.tell(
            Breach(
                kind=kind,
                key=f"account|{account_id}|{asset}",
                scope={field: value for field, value in scope.items() if value},
                sentence=f"Account {account_id}{of} is at {to_decimal(account.balance)} {asset} after number "
                f"{latest.seq}, which moved {to_decimal(latest.units)}: {to_decimal(beyond)} beyond {limit}.",
                evidence=self.context.books.latest_events(account),
                rule="credit_line" if line else "never_below_zero",
                asset=asset,
                expected=-line,
                observed=account.balance,
                difference=-beyond,
                told=again,
                links=(f"account|{account_id}|{asset}", *self._movement(latest.posting_id)),
            )
        )

    def _movement(self, posting_id: str) -> tuple[str, ...]:
        journal = self.context.journals.of_posting(posting_id)
        return (f"transfer|{journal.transfer_id}",) if journal is not None and journal.transfer_id else ()
