"""What places report that they hold (contract section 4)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from ledger.events.common import Amount, Count, Event, Id, Moment, Name, Text


class SnapshotRow(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a place reports of one asset; `account_id` names a part of the total."""

    asset: Name
    total: Amount
    available: Amount | None = None
    held: Amount | None = None
    staked: Amount | None = None
    debt: Amount | None = None
    account_id: Text | None = None


class Snapshot(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a custodian, venue, chain or bank reports it holds at `as_of` (contract section 4)."""

    snapshot_id: Id
    location: Name
    as_of: Moment
    complete: bool
    holding_kind: Literal["actual", "virtual", "pledged"]
    rows: list[SnapshotRow]
    block_height: Count | None = None
