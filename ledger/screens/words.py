"""How the screens name a movement: its amount, its scope, its links; and how they end what they have said of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ledger.amounts import to_decimal
from ledger.dossiers import Dossier
from ledger.fold import EXTERNAL

if TYPE_CHECKING:
    from ledger.context import Context


def amount_text(units: int, asset: str) -> str:
    """Return an amount as people write it: `1.5 BTC`."""
    return f"{to_decimal(units)} {asset}"


def movement_text(dossier: Dossier) -> str:
    """Return a movement as a sentence names it: `withdrawal W-1 of 1.5 BTC from hot`."""
    amount = amount_text(dossier.instructed_units, dossier.asset)
    return f"{dossier.op_type} {dossier.transfer_id} of {amount} from {dossier.origin}"


def scope_of(dossier: Dossier) -> dict[str, str]:
    """Return what an alert about a movement is about: the movement, its client, our place, its asset."""
    place = dossier.destination if dossier.origin == EXTERNAL else dossier.origin
    scope = {"transfer_id": dossier.transfer_id, "location": place, "asset": dossier.asset}
    client = client_of(dossier)
    return scope | {"client_id": client} if client else scope


def client_of(dossier: Dossier) -> str:
    """Return the client whose movement it is; "" where nobody said."""
    return dossier.origin_client or dossier.client


def links_of(dossier: Dossier, *more: str) -> tuple[str, ...]:
    """Return what ties an alert about a movement to others of the same incident."""
    plan = (f"plan|{dossier.plan_id}",) if dossier.plan_id else ()
    return (f"transfer|{dossier.transfer_id}", *plan, *more)


def end(context: Context, kinds: Iterable[str], key: str, dossier: Dossier, *, undone: bool) -> None:
    """Say that what stands of a movement is over: it was undone, or it is older than anybody looks back."""
    if not context.open.rows:
        return
    why = "has been undone" if undone else "is older than what is kept"
    for kind in kinds:
        context.mend(kind, key, f"{dossier.transfer_id} {why}.", dossier.evidence[:1], explained=False)
