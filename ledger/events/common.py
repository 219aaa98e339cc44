"""What all events share: bounded text, amounts and moments as they are written, and the head of every event."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

AMOUNT_PATTERN = r"^-?\d{1,60}(\.\d{1,30})?$"
UNSIGNED_PATTERN = r"^\d{1,60}(\.\d{1,30})?$"

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
# Checked by hand after decoding: msgspec's own pattern check would cost more than the rest of the line. The patterns
# only go into the published JSON Schema.
Amount = Annotated[str, Meta(max_length=92, extra_json_schema={"pattern": AMOUNT_PATTERN})]
Unsigned = Annotated[str, Meta(max_length=92, extra_json_schema={"pattern": UNSIGNED_PATTERN})]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[int, Meta(ge=0, le=10**9)] | Annotated[float, Meta(ge=0, le=1e9)]

OpType = Literal[
    "deposit", "withdrawal", "internal", "rebalance", "collateral", "settlement", "fee", "sweep", "funding",
    "interest", "rebate", "reward", "adjustment", "refund", "reversal", "mint", "burn",
]  # fmt: skip
Status = Literal[
    "requested", "screening", "pending_approval", "approved", "queued", "signing", "broadcast", "confirming",
    "completed", "on_hold", "rejected", "blocked", "cancelled", "failed", "expired", "replaced", "returned",
    "reversed", "reorged",
]  # fmt: skip
LocationRole = Literal["hot", "cold", "venue", "bank", "gas", "counterparty"]
AddressRole = Literal["client", "hot", "cold", "venue", "bank", "gas", "counterparty"]
RouteRole = Literal["hot", "cold", "venue", "bank", "gas", "counterparty", "external", "client"]
AccountClass = Literal["client", "house", "in_transit", "suspense", "fee", "pnl", "external"]
Origin = Literal["auto", "manual"]


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every event carries (contract section 1)."""

    schema_version: Literal[1]
    event_id: Id
    source: Name
    event_time: Moment
    observed_at: Moment
    revision: Count = 0
    source_seq: Text | None = None
