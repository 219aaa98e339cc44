"""What clients have: the accounts of each, what earlier requests have yet to take from them, and what was taken already.

Which requests are open follows from the verdicts and dossiers, so that is an index; what was debited is a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.amounts import to_units
from ledger.books.account import untold_debits
from ledger.check import Entry
from ledger.events import AccountRef
from ledger.policy.asked import Asked, fee_on_top
from ledger.table import Table
from ledger.times import SECOND_US

if TYPE_CHECKING:
    from ledger.context import Context

CLIENT = "client"


class ClientAccounts:
    """The accounts of clients, and the open requests on them. `debits`: what each movement took, net, by account."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.debits: Table[str, dict[str, int]] = Table(dict[str, int])
        self._of: dict[tuple[str, str], dict[str, None]] = {}  # (client, asset) to accounts
        self._open: dict[tuple[str, str], dict[str, None]] = {}  # (client, asset) to requests not debited yet

    def loaded(self) -> None:
        """Find the accounts again from those of the books."""
        self._of = {}
        for (account_id, asset), account in self.context.books.table.rows.items():
            if account.account_class == CLIENT and account.client_id:
                self._of.setdefault((account.client_id, asset), {})[account_id] = None

    def posted(self, entry: Entry) -> bool:
        """Take a posting; return whether it may have changed what a client has."""
        event = entry.event
        if event.account_class != CLIENT:
            return False
        account = self.context.books.table.rows.get((event.account_id, entry.asset))
        if account is not None and account.client_id:
            self._of.setdefault((account.client_id, entry.asset), {})[event.account_id] = None
        if event.transfer_id and event.op_type != "deposit":
            taken = self.debits.edit(event.transfer_id) or self.debits.put(event.transfer_id, {})
            taken[event.account_id] = taken.get(event.account_id, 0) - entry.units
        return True

    def referred(self, event: AccountRef) -> None:
        """An account may be another client's from now on, as the books have it."""
        for asset in self.context.books.assets_of.get(event.account_id, ()):
            account = self.context.books.table.rows[event.account_id, asset]
            for (client, of_asset), accounts in self._of.items():
                if of_asset == asset and client != account.client_id:
                    accounts.pop(event.account_id, None)
            if account.account_class == CLIENT and account.client_id:
                self._of.setdefault((account.client_id, asset), {})[event.account_id] = None

    # --- requests --------------------------------------------------------------------------------------------
    def hold(self, asked: Asked) -> None:
        """Let a request count for those after it, as long as it is not debited."""
        dossier = asked.dossier
        if not asked.client:
            return
        if self.debited_units(dossier.transfer_id, asked.client) >= dossier.instructed_units:
            self.release(asked.client, dossier.asset, dossier.transfer_id)
        else:
            self._open.setdefault((asked.client, dossier.asset), {})[dossier.transfer_id] = None

    def release(self, client: str, asset: str, transfer_id: str) -> None:
        """A request takes nothing any more: it is debited, was undone, or is forgotten."""
        held = self._open.get((client, asset))
        if held is not None and transfer_id in held:
            del held[transfer_id]
            if not held:
                del self._open[client, asset]

    def promised_units(self, asked: Asked) -> int:
        """Return what requests that arrived before are still to take, in units, each with its fee."""
        return sum(self._left_units(transfer_id, asked) for transfer_id in self._open.get(_place(asked), ()))

    def _left_units(self, transfer_id: str, asked: Asked) -> int:
        context = self.context
        dossier, request = context.dossiers.rows[transfer_id], context.decisions.requests.rows[transfer_id]
        if request.order >= asked.order or not _may_share(dossier.origin_account, asked.dossier.origin_account):
            return 0
        taken = self.debited_units(transfer_id, asked.client)
        wait_us = round(context.limits.missing_debit_s * SECOND_US)
        if not taken and dossier.arrived and dossier.arrived_heard_us + wait_us < context.now_us:
            return 0  # it is over for so long that its debit must have come without naming it
        return max(request.units + fee_on_top(context, dossier, dossier.asset) - taken, 0)

    def debited_units(self, transfer_id: str, client: str) -> int:
        """Return what a movement has taken from the accounts of a client, and not given back to the same account."""
        taken, rows = self.debits.get(transfer_id), self.context.books.table.rows
        if not taken:
            return 0
        asset = self.context.dossiers.rows[transfer_id].asset
        return sum(
            units
            for account_id, units in taken.items()
            if units > 0 and (account_id, asset) in rows and rows[account_id, asset].client_id == client
        )

    # --- balances --------------------------------------------------------------------------------------------
    def available_units(self, asked: Asked) -> int | None:
        """Return what the client may spend, credit line included and before the movement's own debit; None if unknown."""
        asset = asked.dossier.asset
        accounts = self._accounts(asked, asset)
        balances = [self.context.books.balance(account_id, asset) for account_id in accounts]
        known = [balance for balance in balances if balance is not None]
        if not known or len(known) < len(balances):
            return None
        taken = self.debits.get(asked.dossier.transfer_id) or {}
        own = sum(taken.get(account_id, 0) for account_id in accounts)
        return sum(known) + own + self.credit_units(accounts, asset)

    def untold_units(self, asked: Asked) -> int:
        """Return what was debited, as later balances of the accounts tell, by postings that are not here yet."""
        books, asset = self.context.books, asked.dossier.asset
        keys = [(account_id, asset) for account_id in self._accounts(asked, asset)]
        return sum(untold_debits(books.table.rows[key], books.links(key)) for key in keys if key in books.table)

    def credit_units(self, accounts: list[str], asset: str) -> int:
        """Return how far below zero these accounts may go, in units."""
        return sum(self._line_units(account_id, asset) for account_id in accounts)

    def _line_units(self, account_id: str, asset: str) -> int:
        known = self.context.references.others.get(("account", account_id))
        lines = known.credit_line if isinstance(known, AccountRef) else None
        if not lines:
            return 0
        return next((to_units(lines[name]) for name in self.context.assets.names(asset) if name in lines), 0)

    def _accounts(self, asked: Asked, asset: str) -> list[str]:
        account_id = asked.dossier.origin_account
        if account_id:
            return [account_id]
        return sorted(self._of.get((asked.client, asset), ()))


def _place(asked: Asked) -> tuple[str, str]:
    return asked.client, asked.dossier.asset


def _may_share(one: str, other: str) -> bool:
    """Tell whether two requests of a client may take from the same account: they name one, or one names none."""
    return not one or not other or one == other
