"""What is written up for a client though no value has come in: by a posting, or by a movement in the books alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.amounts import to_units
from ledger.check import Change, Entry
from ledger.dossiers import Dossier
from ledger.fold import EXTERNAL
from ledger.screens import words

if TYPE_CHECKING:
    from ledger.context import Context

BY_HAND = frozenset(("adjustment", "refund", "reversal"))
INCOME = frozenset(("interest", "funding", "rebate", "reward"))
MONEY_CAME = frozenset(("deposit", "withdrawal", "settlement", "opening"))


class Credit(Struct, frozen=True, kw_only=True, gc=False):
    """One credit to a client, of a posting or a movement, with what it takes to judge it."""

    op_type: str
    asset: str
    units: int
    who: str
    by_hand: bool
    what: str  # as a sentence names it
    event_id: str
    client_id: str
    account_id: str
    group: str
    journal_id: str = ""
    transfer_id: str = ""
    before_units: int | None = None

    @property
    def ref(self) -> str:
        """What it belongs to: two reports of one credit have the same."""
        return self.transfer_id or self.journal_id


def is_credit(dossier: Dossier) -> bool:
    """Tell whether a movement only writes something up for a client of ours."""
    if dossier.destination == EXTERNAL or not (dossier.client or dossier.account):
        return False
    return dossier.op_type in BY_HAND or (dossier.op_type in INCOME and dossier.control_origin == "manual")


def of_movement(context: Context, change: Change) -> Credit:
    """Return the credit that a movement is."""
    dossier = change.dossier
    return Credit(
        op_type=dossier.op_type,
        asset=dossier.asset,
        units=dossier.instructed_units,
        who=dossier.initiator or dossier.source,
        by_hand=dossier.control_origin != "auto",
        what=f"{words.movement_text(dossier)} to {dossier.client or dossier.account}",
        event_id=change.event.event_id,
        client_id=dossier.client,
        account_id=dossier.account,
        group=context.groups.of_movement(dossier.origin, dossier.destination),
        transfer_id=dossier.transfer_id,
    )


def of_posting(entry: Entry) -> Credit | None:
    """Return the credit that a posting is; None where it is none, or money came for it."""
    event = entry.event
    if event.account_class != "client" or entry.units <= 0 or entry.restated or event.op_type in MONEY_CAME:
        return None
    by_hand = event.origin == "manual" or (event.op_type in BY_HAND and event.origin != "auto")
    if not by_hand and event.op_type not in INCOME and event.op_type not in BY_HAND:
        return None
    after = event.balance_after
    return Credit(
        op_type=event.op_type,
        asset=entry.asset,
        units=entry.units,
        who=event.maker or "",
        by_hand=by_hand,
        what=f"{event.op_type} of {words.amount_text(entry.units, entry.asset)} (journal {event.journal_id})",
        event_id=event.event_id,
        client_id=event.client_id or "",
        account_id=event.account_id,
        group=entry.group,
        journal_id=event.journal_id,
        transfer_id=event.transfer_id or "",
        before_units=None if after is None else to_units(after) - entry.units,
    )
