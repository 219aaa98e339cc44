"""Accounts of the firm's books: the running balance of each, and whether its chain of balances has a break.

Where postings say what the balance is after them, the one with the highest number decides; else they are added up,
which gives a balance only where the whole history was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import intern
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_decimal, to_units
from ledger.books.chain import Account, Item, add, conclude, foreseen_units, loose_from_us, restate
from ledger.books.order import is_first
from ledger.check import Check, Entry, Timer
from ledger.events import AccountRef, LocationRef, Reference
from ledger.findings import EVIDENCE_MAX, Breach
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

KIND = "balance_chain_broken"
CLIENT = "client"
Key = tuple[str, str]  # account and asset, or group and asset


class Accounts(Check):
    """All accounts. `owed`: the sum of positive client balances, in units, by recon group and asset.

    `ahead`: the client accounts, by group and asset, of which a balance may tell of postings that are not here yet.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.books = self
        self.table: Table[Key, Account] = Table(Account)
        self._begun: Table[tuple[str, ...], bool] = Table(bool)  # sources, and assets of groups, heard from the start
        self.owed: dict[Key, int] = {}
        self.ahead: dict[Key, dict[str, None]] = {}
        self._groups = 0

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"account": self.table, "books_begun": self._begun}

    def timers(self) -> Mapping[str, Timer]:
        return {"chain": self._chain_due}

    def loaded(self) -> None:
        self._groups = len(self.context.references.group_names)
        self.owed.clear()
        self.ahead = {}
        for key, account in self.table.rows.items():
            self._owe(account, key[1], account.balance)
            if account.loose or not account.pruned:
                self._foresee(key, account)

    # --- what other rooms ask --------------------------------------------------------------------------------
    def balance(self, account_id: str, asset: str) -> int | None:
        """Return what an account holds, in units; None where nothing says what it held before it was first heard of."""
        account = self.table.rows.get((account_id, asset))
        return account.balance if account is not None and account.known else None

    def latest_events(self, account: Account) -> tuple[str, ...]:
        """Return the events of an account's latest postings, the latest first."""
        return tuple(self._event_of(item.posting_id) for item in reversed(account.tail[-EVIDENCE_MAX:]))

    def _event_of(self, posting_id: str) -> str:
        journal = self.context.journals.of_posting(posting_id)
        return posting_id if journal is None else journal.legs[posting_id].event_id

    # --- postings --------------------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        event = entry.event
        key = (event.account_id, entry.asset)
        account = self.table.edit(key)
        if account is None:
            account = self.table.put(key, self._opened(entry))
            self._foresee(key, account)
        after = None if event.balance_after is None else to_units(event.balance_after)
        item = Item(event.source_seq, entry.whole_units, after, self.context.now_us, event.posting_id)
        before = account.balance
        agrees = restate(account, item, entry.units) if entry.restated else add(account, item)
        if not account.known:
            account.known = after is not None or self._is_begun(entry)
        elif event.op_type == "opening":
            self._is_begun(entry)
        if not agrees or account.loose:
            self._look(key, account)
        if account.balance != before:
            self._owe(account, entry.asset, account.balance, before)

    def _opened(self, entry: Entry) -> Account:
        event = entry.event
        known = self.context.references.others.get(("account", event.account_id))
        client = event.client_id or (known.client_id if isinstance(known, AccountRef) else None)
        return Account(intern(event.account_class), client or "", entry.group, intern(event.source), tail=[], gaps=[])

    def _is_begun(self, entry: Entry) -> bool:
        """Tell whether accounts in this asset begin at zero: openings were booked, or the first number was heard."""
        event, begun = entry.event, self._begun
        asset = ("asset", entry.group, entry.asset)
        if event.op_type == "opening" and asset not in begun:
            begun.put(asset, True)
        source = ("source", event.source)
        if source not in begun and is_first(event.source_seq):
            begun.put(source, True)
        return asset in begun or source in begun

    def _owe(self, account: Account, asset: str, after: int, before: int = 0) -> None:
        if account.account_class == CLIENT:
            place = (account.group, asset)
            self.owed[place] = self.owed.get(place, 0) + max(after, 0) - max(before, 0)

    def _foresee(self, key: Key, account: Account) -> None:
        if account.account_class == CLIENT:
            self.ahead.setdefault((account.group, key[1]), {})[key[0]] = None

    def foreseen_units(self, place: Key, begins_at_zero: Callable[[int], bool]) -> int:
        """Return what client balances of a group and asset tell of postings that are not here yet, in units."""
        found = 0
        for account_id in list(self.ahead.get(place, ())):
            account = self.table.rows.get((account_id, place[1]))
            units = 0 if account is None else foreseen_units(account, begins_at_zero)
            found += units
            if not units and not (account is not None and account.loose):
                del self.ahead[place][account_id]
        return found

    # --- the chain -------------------------------------------------------------------------------------------
    def _look(self, key: Key, account: Account) -> None:
        """See whether a link of the chain is to be judged, or a gap is closed."""
        timer, sequences = f"chain|{key[0]}|{key[1]}", self.context.sequences
        since_us = loose_from_us(account)
        if since_us is not None:
            found = conclude(
                account, lambda left, right: sequences.has_all_between(account.source, key[0], left.seq, right.seq)
            )
            if found:
                self._tell(key, account)
                since_us = loose_from_us(account)
        account.loose = since_us is not None
        if since_us is None:
            self.context.absences.met(timer)
        elif not self.context.absences.expects(timer):
            self._foresee(key, account)
            self._expect(timer, account, self.context.now_us)
        if not account.gaps:
            sentence = (
                f"What was missing from account {key[0]} in {key[1]} has come; its balances follow from each other."
            )
            self.context.mend(KIND, "|".join(key), sentence, (self.context.cause_id,), explained=True)

    def _expect(self, timer: str, account: Account, since_us: int) -> None:
        due_us = since_us + round(self.context.limits.gap_wait_s * SECOND_US)
        self.context.absences.expect(timer, due_us, (account.source,), despite_holes=True)

    def _chain_due(self, rest: str, due_us: int) -> None:
        account_id, _, asset = rest.rpartition("|")
        account = self.table.edit((account_id, asset))
        if account is None:
            return
        until_us = due_us - round(self.context.limits.gap_wait_s * SECOND_US)
        if conclude(account, lambda left, right: max(left.heard_us, right.heard_us) <= until_us):
            self._tell((account_id, asset), account)
        since_us = loose_from_us(account)
        account.loose = since_us is not None
        if since_us is not None:
            self._expect(f"chain|{rest}", account, since_us)

    def _tell(self, key: Key, account: Account) -> None:
        gap, (account_id, asset) = account.gaps[-1], key
        at = next(place for place, item in enumerate(account.tail) if item.posting_id == gap.right_id)
        item = account.tail[at]
        assert item.after is not None, "a link is between balances"
        more = f" {len(account.gaps)} such breaks are open on it." if len(account.gaps) > 1 else ""
        scope = {"account_id": account_id, "asset": asset, "client_id": account.client_id, "source": account.source}
        # A hole in the source's own numbers is one cause for all accounts.
        source = self.context.sources.table.rows.get(account.source)
        links = (f"source|{account.source}",) if source is not None and source.hole_us else ()
        self.context.tell(
            Breach(
                kind=KIND,
                key="|".join(key),
                scope={field: value for field, value in scope.items() if value},
                sentence=f"The balance of {account_id} after number {gap.right} is {to_decimal(item.after)} {asset}, "
                f"which is {to_decimal(gap.units)} off what number {gap.left} and the amounts since say; postings "
                f"between the two are missing or wrong.{more}",
                evidence=tuple(dict.fromkeys((self._event_of(gap.right_id), *self.latest_events(account))))[
                    :EVIDENCE_MAX
                ],
                rule="balance_after",
                asset=asset,
                expected=item.after - gap.units,
                observed=item.after,
                difference=gap.units,
                told=len(account.gaps) > 1,
                links=(f"account|{account_id}|{asset}", *links),
            )
        )

    # --- records of the firm, and time --------------------------------------------------------------------------
    def referred(self, event: Reference) -> None:
        if isinstance(event, AccountRef):
            for asset in self.context.assets.by_code:
                self._regroup((event.account_id, asset))
        elif isinstance(event, LocationRef) and len(self.context.references.group_names) != self._groups:
            self._groups = len(self.context.references.group_names)
            for key in self.table.rows:
                self._regroup(key)

    def _regroup(self, key: Key) -> None:
        account = self.table.edit(key)
        if account is None:
            return
        known = self.context.references.others.get(("account", key[0]))
        self._owe(account, key[1], 0, account.balance)
        account.group = self.context.groups.of_account(key[0])
        if isinstance(known, AccountRef):
            account.client_id = known.client_id or account.client_id
        self._owe(account, key[1], account.balance)

    def swept(self, before_us: int) -> None:
        for key in sorted(key for key, account in self.table.rows.items() if account.gaps):
            account = self.table.edit(key)
            assert account is not None, key
            account.gaps = [gap for gap in account.gaps if gap.heard_us >= before_us]
            if not account.gaps:
                sentence = (
                    f"The break of account {key[0]} in {key[1]} is older than the horizon and is watched no more."
                )
                self.context.mend(KIND, "|".join(key), sentence, explained=False)
