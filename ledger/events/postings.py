"""Legs of the internal books (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.events.common import AccountClass, Amount, Count, Event, Id, Moment, Name, OpType, Origin, Text


class Posting(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One leg of a journal in the internal books (contract section 3)."""

    source_seq: Text
    posting_id: Id
    journal_id: Id
    leg_no: Count
    legs_total: Annotated[int, Meta(ge=1)]
    account_id: Id
    account_class: AccountClass
    asset: Name
    amount: Amount
    booked_at: Moment
    op_type: OpType | Literal["opening"]
    client_id: Text | None = None
    balance_after: Amount | None = None
    value_date: Text | None = None
    transfer_id: Id | None = None
    origin: Origin | None = None
    maker: Text | None = None
    checker: Text | None = None
    reason: Text | None = None
    reverses: Text | None = None
