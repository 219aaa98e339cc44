"""Whose money it is: the party of an account, and the parties at the two ends of a movement.

A party is a client, or where there is none the account itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.dossiers import Dossier
from ledger.events import AccountRef
from ledger.fold import EXTERNAL

if TYPE_CHECKING:
    from ledger.context import Context


def party_of(context: Context, account_id: str, client_id: str | None = None) -> str:
    """Return whose an account is: the client on record, else the one that the posting names, else the account."""
    known = context.references.others.get(("account", account_id))
    on_record = known.client_id if isinstance(known, AccountRef) else None
    return on_record or client_id or account_id


def payee_of(context: Context, dossier: Dossier) -> str:
    """Return who is to have what a movement brings us; "" where nobody knows, as of an account in suspense.

    It is the client that the movement names, else the account's, else the owner of the exact address.
    """
    if not context.territory.credits(dossier):
        return ""
    if dossier.client:
        return dossier.client
    if dossier.account:
        known = context.references.others.get(("account", dossier.account))
        if isinstance(known, AccountRef) and known.account_class == "suspense":
            return ""
        return party_of(context, dossier.account)
    if not dossier.address:
        return ""
    owner = context.registry.owner_of(dossier.address, dossier.network, dossier.tag)
    return "" if owner in context.references.locations else owner


def payer_of(context: Context, dossier: Dossier) -> str:
    """Return who bears what a movement takes from us; "" where nobody knows.

    The client that it comes from, else its account's, else the client whom it pays.
    """
    if not context.territory.debits(dossier):
        return ""
    if dossier.origin_client:
        return dossier.origin_client
    if dossier.origin_account:
        return party_of(context, dossier.origin_account)
    return dossier.client if dossier.destination == EXTERNAL else ""


def is_of_own(context: Context, dossier: Dossier, client: str, account_id: str) -> bool:
    """Tell whether a movement is between places of ours, and at one of its ends, as it is told, of no client.

    Such a move is the firm's own business, of which the books need not tell.
    """
    if client or EXTERNAL in (dossier.origin, dossier.destination):
        return False
    known = context.references.others.get(("account", account_id))
    return not (isinstance(known, AccountRef) and known.account_class == "client")


def receiver_of(context: Context, dossier: Dossier) -> str:
    """Return the party at the end where a movement goes, ours or not, as far as it is known; "" where it is not."""
    if dossier.client or not dossier.account:
        return dossier.client or context.registry.owner_of(dossier.address, dossier.network, dossier.tag)
    return party_of(context, dossier.account)
