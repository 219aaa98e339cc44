"""Accounts of the firm's books: the running balance of each, and whether its chain of balances has a break.

Where postings say what the balance is after them, the one with the highest number decides; else they are added up,
which gives a balance only where the whole history was heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import TYPE_CHECKING, Any

from ledger.amounts import to_units
from ledger.books.account import Account, Item, earlier_units, foreseen_units
from ledger.books.chain import add, restate
from ledger.books.chains import Chains, Key
from ledger.books.order import is_first
from ledger.check import Entry
from ledger.events import AccountRef, LocationRef, Reference
from ledger.table import Table

if TYPE_CHECKING:
    from ledger.context import Context

CLIENT = "client"


class Accounts(Chains):
    """All accounts. `owed`: the sum of positive client balances, in units, by recon group and asset.

    `ahead`: the client accounts, by group and asset, of which a balance may tell of postings that are not here yet.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.books = self
        self._begun: Table[tuple[str, ...], bool] = Table(bool)  # sources, and assets of groups, heard from the start
        self.owed: dict[Key, int] = {}
        self.ahead: dict[Key, dict[str, None]] = {}
        self.assets_of: dict[str, list[str]] = {}  # by account
        self._groups = frozenset[str]()

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"account": self.table, "books_begun": self._begun}

    def loaded(self) -> None:
        self._groups = frozenset(self.context.references.group_names)
        self.owed.clear()
        self.ahead, self.assets_of, self.foreseen, self.loose = {}, {}, {}, {}
        for key, account in self.table.rows.items():
            self.assets_of.setdefault(key[0], []).append(key[1])
            self._owe(account, key[1], account.balance)
            if account.loose or earlier_units(account):
                self.foresee(key, account)

    # --- what other rooms ask --------------------------------------------------------------------------------
    def balance(self, account_id: str, asset: str) -> int | None:
        """Return what an account holds, in units; None where nothing says what it held before it was first heard of."""
        account = self.table.rows.get((account_id, asset))
        return account.balance if account is not None and account.known else None

    # --- postings --------------------------------------------------------------------------------------------
    def posted(self, entry: Entry) -> None:
        event = entry.event
        key = (event.account_id, entry.asset)
        account = self.table.edit(key)
        if account is None:
            account = self.table.put(key, self._opened(entry))
            self.assets_of.setdefault(key[0], []).append(key[1])
        after = None if event.balance_after is None else to_units(event.balance_after)
        item = Item(event.source_seq, entry.whole_units, after, self.context.now_us, event.posting_id)
        self.foreseen.pop(key, None)
        before = account.balance
        if entry.restated:
            self.loose.pop(key, None)
        agrees = restate(account, item, entry.units) if entry.restated else add(account, item)
        if not account.known:
            account.known = after is not None or self._is_begun(entry)
        elif event.op_type == "opening":
            self._is_begun(entry)
        if not agrees or account.loose:
            self.look(key, account, item)
        if earlier_units(account):
            self.foresee(key, account)
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

    def foresee(self, key: Key, account: Account) -> None:
        if account.account_class == CLIENT:
            self.ahead.setdefault((account.group, key[1]), {})[key[0]] = None

    def foreseen_units(self, place: Key, over_us: int) -> int:
        """Return what client balances of a group and asset tell of postings that are not here yet, in units.

        What came before something that was heard by `over_us` is not heard of any more.
        """
        found, ahead = 0, self.ahead.get(place, {})
        for account_id in list(ahead):
            key = (account_id, place[1])
            account = self.table.rows[key]
            earlier = earlier_units(account)
            if earlier and account.tail[0].heard_us <= over_us:
                account.pruned = True  # it was there before anybody listened
                self.table.touched.add(key)
                earlier = 0
            foreseen = self.foreseen.get(key)
            if foreseen is None:
                foreseen = self.foreseen[key] = foreseen_units(account, self.links(key))
            found += foreseen + earlier
            if not earlier and not account.loose:
                del ahead[account_id], self.foreseen[key]
        return found

    # --- records of the firm -------------------------------------------------------------------------------------
    def referred(self, event: Reference) -> None:
        if isinstance(event, AccountRef):
            for asset in self.assets_of.get(event.account_id, ()):
                self._regroup((event.account_id, asset))
        elif isinstance(event, LocationRef) and self.context.references.group_names != self._groups:
            self._groups = frozenset(self.context.references.group_names)
            for key in self.table.rows:
                self._regroup(key)

    def _regroup(self, key: Key) -> None:
        account = self.table.edit(key)
        if account is None:
            return
        known = self.context.references.others.get(("account", key[0]))
        self._owe(account, key[1], 0, account.balance)
        self.ahead.get((account.group, key[1]), {}).pop(key[0], None)
        account.group = self.context.groups.of_account(key[0])
        if account.loose or earlier_units(account):
            self.foresee(key, account)
        if isinstance(known, AccountRef):
            account.client_id = known.client_id or account.client_id
        self._owe(account, key[1], account.balance)
