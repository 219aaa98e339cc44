"""The firm's own books: journals that add up to zero, accounts with their chains and lines, and control totals."""

from __future__ import annotations

from ledger.books.accounts import Accounts
from ledger.books.below import BelowZero
from ledger.books.lines import Lines
from ledger.books.outside import Outside
from ledger.books.suspense import SuspenseAccounts
from ledger.books.totals import Totals
from ledger.books.unmapped import Unmapped
from ledger.check import Check

CHECKS: tuple[type[Check], ...] = (
    Accounts, Lines, Unmapped, BelowZero, Totals, Outside, SuspenseAccounts,
)  # fmt: skip
"""The checks of this room, in the order in which they hear and speak: accounts first, which the others look at."""
