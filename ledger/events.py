"""The events of the contract as typed, frozen structs: what happened, exactly as the outside said it.

Money stays text here and becomes integers in `ledger.amounts`; times are aware datetimes and become microseconds in
`ledger.times`. `ledger.parser` is the only place that makes these from bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

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


class Endpoint(Struct, frozen=True, omit_defaults=True, gc=False):
    """One side of a movement; `location` is where the value is held, `external` is outside the firm."""

    location: Name
    account_id: Text | None = None
    client_id: Text | None = None
    address: Text | None = None
    tag: Text | None = None
    network: Text | None = None


class TransferIds(Struct, frozen=True, omit_defaults=True, gc=False):
    """The names that other systems give a movement."""

    tx_hash: Text | None = None
    tx_index: Text | int | None = None
    venue_id: Text | None = None
    client_ref: Text | None = None
    end_to_end_id: Text | None = None
    replaced_tx_hash: Text | None = None
    refers_to: Text | None = None
    reverses: Text | None = None


class TransferControl(Struct, frozen=True, omit_defaults=True, gc=False):
    """Who let a movement pass, and how."""

    origin: Origin | None = None
    declared_class: Literal["risk_free", "risky"] | None = None
    initiator: Text | None = None
    approvers: Annotated[list[Text], Meta(max_length=100)] = []
    kyt_score: Annotated[float, Meta(ge=0, le=1)] | Unsigned | None = None
    address_added_at: Moment | None = None


class Transfer(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One lifecycle change of a movement (contract section 2)."""

    transfer_id: Id
    op_type: OpType
    status: Status
    from_: Endpoint = field(name="from")
    to: Endpoint
    asset: Name
    amount: Unsigned
    raw_status: Text | None = None
    sub_status: Text | None = None
    asset_id: Text | None = None
    network: Text | None = None
    amount_delivered: Unsigned | None = None
    fee_amount: Unsigned | None = None
    fee_asset: Name | None = None
    fee_payer: Literal["sender", "deducted", "third_party"] | None = None
    confirmations: Count | None = None
    confirmations_required: Count | None = None
    ids: TransferIds | None = None
    plan_id: Text | None = None
    parent_id: Text | None = None
    control: TransferControl | None = None


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


class LocationRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="location"):
    """A place where value is held, and how often it reports."""

    location: Name
    role: LocationRole
    recon_group: Text | None = None
    snapshot_every_s: Seconds | None = None
    active: bool = True


class AccountRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="account"):
    """An account of the internal books, and how far below zero it may go."""

    account_id: Id
    account_class: AccountClass
    client_id: Text | None = None
    recon_group: Text | None = None
    credit_line: dict[Name, Unsigned] | None = None
    active: bool = True


class AddressRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="address"):
    """An address that somebody has registered; `control_proved_at` is needed where the role is ours."""

    address: Name
    network: Name
    owner: Name
    role: AddressRole
    state: Literal["active", "pending", "revoked"]
    tag: Text | None = None
    location: Text | None = None
    added_at: Moment | None = None
    control_proved_at: Moment | None = None


class AssetRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="asset"):
    """An asset of the books: its decimals, its names, and the difference that nobody minds (`dust`)."""

    asset: Name
    decimals: Annotated[int, Meta(ge=0, le=30)]
    dust: Unsigned
    rebasing: bool = False
    aliases: Annotated[list[Name], Meta(max_length=100)] = []
    networks: Annotated[list[Name], Meta(max_length=100)] | None = None
    tag_required: Annotated[list[Name], Meta(max_length=100)] | None = None


class LimitScope(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a limit applies to; what is left out applies to all."""

    op_type: OpType | None = None
    client_id: Text | None = None
    asset: Name | None = None
    location: Name | None = None


class LimitRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="limit"):
    """A limit of the policy; `share_of_balance` is of the expected balance of the place it leaves."""

    limit_id: Id
    scope: LimitScope
    single: Unsigned | None = None
    share_of_balance: Unsigned | None = None
    window_s: Seconds | None = None
    window_sum: Unsigned | None = None
    window_count: Count | None = None
    address_hold_s: Seconds | None = None
    kyt_max: Annotated[float, Meta(ge=0, le=1)] | Unsigned | None = None
    quorum: Count | None = None
    hours: Annotated[str, Meta(pattern=r"^\d\d:\d\d-\d\d:\d\d$")] | None = None


class RouteRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="route"):
    """How long a movement may take between places of two roles."""

    asset: Name
    from_role: RouteRole
    to_role: RouteRole
    sla_s: Seconds
    network: Text | None = None
    p99_s: Seconds | None = None


class PriceRef(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="price"):
    """A price in USD, for severity and materiality only, never for matching."""

    asset: Name
    usd: Unsigned
    as_of: Moment


Reference = LocationRef | AccountRef | AddressRef | AssetRef | LimitRef | RouteRef | PriceRef


class ControlEvent(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What people and Driftline itself tell the monitor."""

    scope: Text = ""


class Plan(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="plan"):
    """A movement that the treasury intends; `from` and `to` are locations."""

    plan_id: Id
    op_type: OpType
    asset: Name
    from_: Name = field(name="from")
    to: Name | None = None
    to_role: RouteRole | None = None
    amount: Unsigned | None = None
    amount_min: Unsigned | None = None
    amount_max: Unsigned | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    recurring_s: Seconds | None = None


class Maintenance(
    ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="maintenance"
):
    """A window in which a place, network or source is expected to be silent."""

    from_: Moment = field(name="from")
    until: Moment
    what: Literal["snapshots", "transfers", "all"]
    location: Name | None = None
    network: Name | None = None
    of_source: Name | None = None


class Heartbeat(
    ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="heartbeat"
):
    """A source is alive and has delivered everything up to `watermark`."""

    of_source: Name
    watermark: Moment


Verdict = Literal["true_positive", "false_positive", "expected", "data_error"]


class Acknowledge(
    ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="acknowledge"
):
    """Somebody has taken an alert on."""

    alert_id: Id
    actor: Name
    until: Moment | None = None
    verdict: Verdict | None = None
    reason: Text | None = None


class Snooze(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="snooze"):
    """Somebody does not want to hear of an alert until a moment."""

    alert_id: Id
    actor: Name
    until: Moment | None = None
    verdict: Verdict | None = None
    reason: Text | None = None


class Close(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="close"):
    """Somebody ends an alert, with a verdict."""

    alert_id: Id
    actor: Name
    until: Moment | None = None
    verdict: Verdict | None = None
    reason: Text | None = None


class Thresholds(
    ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="thresholds"
):
    """New thresholds, in force from the later of this record and `effective_from`."""

    version: Text | int
    changes: dict[str, Any]
    proposer: Name
    approver: Name
    effective_from: Moment


class Config(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="config"):
    """The settings in force, written by Driftline itself; `clock` says what moves time (design section 2)."""

    settings: dict[str, Any] = {}
    clock: Literal["events", "ticks"] | None = None


class Tick(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="tick"):
    """Time passes: `observed_at` says how far the inputs have been read."""


Control = Plan | Maintenance | Heartbeat | Acknowledge | Snooze | Close | Thresholds | Config | Tick
AnyEvent = Transfer | Posting | Snapshot | Reference | Control
