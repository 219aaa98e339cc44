"""The events of the contract as typed, frozen structs: what happened, exactly as the outside said it.

Money stays text here and becomes integers in `ledger.amounts`; times are aware datetimes and become microseconds in
`ledger.times`. `ledger.parser` is the only place that makes these from bytes.
"""

from __future__ import annotations

from ledger.events.balances import Snapshot, SnapshotRow
from ledger.events.common import Event, Status
from ledger.events.controls import (
    Acknowledge,
    Close,
    Config,
    Control,
    ControlEvent,
    Heartbeat,
    Maintenance,
    Plan,
    Snooze,
    Thresholds,
    Tick,
    Verdict,
)
from ledger.events.postings import Posting
from ledger.events.references import (
    AccountRef,
    AddressRef,
    AssetRef,
    LimitRef,
    LimitScope,
    LocationRef,
    PriceRef,
    Reference,
    RouteRef,
)
from ledger.events.transfers import Endpoint, Transfer, TransferControl, TransferIds

AnyEvent = Transfer | Posting | Snapshot | Reference | Control

__all__ = [
    "AccountRef",
    "Acknowledge",
    "AddressRef",
    "AnyEvent",
    "AssetRef",
    "Close",
    "Config",
    "Control",
    "ControlEvent",
    "Endpoint",
    "Event",
    "Heartbeat",
    "LimitRef",
    "LimitScope",
    "LocationRef",
    "Maintenance",
    "Plan",
    "Posting",
    "PriceRef",
    "Reference",
    "RouteRef",
    "Snapshot",
    "SnapshotRow",
    "Snooze",
    "Status",
    "Thresholds",
    "Tick",
    "Transfer",
    "TransferControl",
    "TransferIds",
    "Verdict",
]
