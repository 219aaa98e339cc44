"""Journals: the legs of one booking, which are complete and add up to zero for each asset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ledger.amounts import to_units
from ledger.check import Check, Entry
from ledger.events import Posting
from ledger.table import Table
from ledger.times import to_us

if TYPE_CHECKING:
    from ledger.context import Context


class Leg(Struct, gc=False):
    """One posting as it stands: its account, what it moves (units of `asset`, signed), and its latest revision."""

    account_id: str
    account_class: str
    asset: str
    units: int
    revision: int
    leg_no: int
    event_id: str


class Journal(Struct, gc=False):
    """A journal by its postings. `booked_us` is the event time of its first leg heard, `heard_us` its arrival."""

    legs_total: int
    op_type: str
    transfer_id: str
    heard_us: int
    booked_us: int
    legs: dict[str, Leg]


class Journals(Check):
    """All journals of the horizon."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.journals: Table[str, Journal] = Table(Journal)

    def tables(self) -> Mapping[str, Table[Any, Any]]:
        return {"journal": self.journals}

    def take(self, event: Posting, asset: str) -> list[Entry]:
        """Put a posting into its journal; return what it changes: nothing where a newer revision is known."""
        units = to_units(event.amount)
        group = self.context.groups.of_account(event.account_id)
        journal = self.journals.edit(event.journal_id)
        if journal is None:
            journal = Journal(
                event.legs_total,
                event.op_type,
                event.transfer_id or "",
                self.context.now_us,
                to_us(event.event_time),
                {},
            )
            self.journals.put(event.journal_id, journal)
        known = journal.legs.get(event.posting_id)
        if known is not None and known.revision >= event.revision:
            return []
        leg_units = 0 if known is None else known.units
        journal.legs[event.posting_id] = Leg(
            event.account_id, event.account_class, asset, units, event.revision, event.leg_no, event.event_id
        )
        change = units - leg_units
        return [
            Entry(event=event, asset=asset, units=change, whole_units=units, group=group, restated=known is not None)
        ]
