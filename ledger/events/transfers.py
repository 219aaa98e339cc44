"""Movements of value, one event for each change of their lifecycle (contract section 2)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from ledger.events.common import Count, Event, Id, Moment, Name, OpType, Origin, Status, Text, Unsigned


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
    approvers: Annotated[list[Text], Meta(max_length=100)] = field(default_factory=list)
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
