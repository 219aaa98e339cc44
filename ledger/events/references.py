"""What the firm has on record (contract section 5); the latest of a kind and id holds from its arrival."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from ledger.events.common import (
    AccountClass,
    AddressRole,
    Count,
    Event,
    Id,
    LocationRole,
    Moment,
    Name,
    OpType,
    RouteRole,
    Seconds,
    Text,
    Unsigned,
)


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
    aliases: Annotated[list[Name], Meta(max_length=100)] = field(default_factory=list)
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
