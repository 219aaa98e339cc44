"""The policy as a document: ordered rules, each with what it asks for, and the promises to clients.

It is part of the settings that decide, so it reaches the monitor through the log only. A rule names the question that it
asks (`check`) and narrows it down; the questions themselves are in the other files of this room. The document in force by
default is `default.toml`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, convert, field

from ledger.events.common import LocationRole, OpType

Text = Annotated[str, Meta(min_length=1, max_length=200)]
RuleId = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$")]
Window = Annotated[float, Meta(ge=0, le=366 * 86_400)]
Action = Literal["review", "hold"]
Reach = Literal["client", "location", "asset", "route"]
Severity = Literal["P1", "P2", "P3", "P4"]
Stage = Literal["decide", "send", "settle", "whole"]
KytScore = Annotated[float, Meta(ge=0, le=1)]


class RuleBase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="check", gc=False):
    """What every rule has. `action` is what follows where it fails; `audit`: what passed against it raises an alert.

    Where `op_types`, `clients`, `assets` or `locations` (of origin) are given, the rule is for those movements only.
    """

    id: RuleId
    action: Action = "review"
    audit: bool = True
    op_types: tuple[OpType, ...] = ()
    clients: tuple[Text, ...] = ()
    assets: tuple[Text, ...] = ()
    locations: tuple[Text, ...] = ()


class Operation(RuleBase, frozen=True, kw_only=True, tag="operation", gc=False):
    """Kinds that may pass without a person, and those that may where a plan asks for them."""

    automatic: tuple[OpType, ...] = ()
    with_plan: tuple[OpType, ...] = ()


class Destination(RuleBase, frozen=True, kw_only=True, tag="destination", gc=False):
    """The address is exactly one on record, active, and old enough: `hold_s` at least, whatever the limits say."""

    hold_s: Window = 0.0


class Role(RuleBase, frozen=True, kw_only=True, tag="role", gc=False):
    """The destination's role is the plan's or the client's own; `unplanned`: where own moves go that need no plan."""

    unplanned: dict[OpType, tuple[LocationRole, ...]] = field(default_factory=dict)


class Chain(RuleBase, frozen=True, kw_only=True, tag="chain", gc=False):
    """The asset is on that network, and a tag is there where one is needed."""


class Amount(RuleBase, frozen=True, kw_only=True, tag="amount", gc=False):
    """The limits for a single movement; `single_usd` besides, in whole US dollars."""

    single_usd: Annotated[int, Meta(ge=0, le=10**15)] | None = None


class Velocity(RuleBase, frozen=True, kw_only=True, tag="velocity", gc=False):
    """The limits for sums and counts within a time."""


class Coverage(RuleBase, frozen=True, kw_only=True, tag="coverage", gc=False):
    """Client and place have what is asked for, with the fee."""


class Unique(RuleBase, frozen=True, kw_only=True, tag="unique", gc=False):
    """Not asked for before within `within_s`, unless both have references that differ."""

    within_s: Window = 86_400.0


class Compliance(RuleBase, frozen=True, kw_only=True, tag="compliance", gc=False):
    """The score is at most what the limits allow; `kyt_max` besides."""

    kyt_max: KytScore | None = None


class Approval(RuleBase, frozen=True, kw_only=True, tag="approval", gc=False):
    """Nobody approves what they asked for, enough people do, and within hours."""


class Fresh(RuleBase, frozen=True, kw_only=True, tag="fresh", gc=False):
    """What is known of the places is of now; `snapshot_age_s`: older balances are stale, where that is given."""

    snapshot_age_s: Window | None = None


class Brake(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One type of alert that holds movements while it is open: from which severity on, and what it reaches."""

    alert: Text
    reach: Annotated[tuple[Reach, ...], Meta(min_length=1)]
    from_severity: Severity = "P4"


class Books(RuleBase, frozen=True, kw_only=True, tag="books", gc=False):
    """Nothing unexplained is open on what the movement touches: the brake."""

    brakes: tuple[Brake, ...] = ()


Rule = (
    Operation
    | Destination
    | Role
    | Chain
    | Amount
    | Velocity
    | Coverage
    | Unique
    | Compliance
    | Approval
    | Fresh
    | Books
)
CHECKS = (
    "operation", "destination", "role", "chain", "amount", "velocity", "coverage", "unique", "compliance", "approval",
    "fresh", "books",
)  # fmt: skip
"""Every question that a policy has to ask, unless it says that it goes `without`."""


class Promise(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """How long a stage of an operation may take for a client, the first that fits counts; what is left out fits all.

    `decide` is from requested to approved, `send` from approved to its leaving, `settle` from its leaving to completed,
    `whole` from requested to completed. After `warn_share` of `target_s` it is foreseen that it will be broken.
    """

    stage: Stage
    target_s: Annotated[float, Meta(gt=0, le=366 * 86_400)]
    op_type: OpType | None = None
    client_id: Text | None = None
    asset: Text | None = None
    warn_share: Annotated[float, Meta(gt=0, le=1)] = 0.8


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What makes a movement risk-free, and what clients were promised. Rules are asked, and told of, in their order."""

    version: Text
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1, max_length=200)] = field(name="rule")
    without: tuple[Text, ...] = ()
    promises: Annotated[tuple[Promise, ...], Meta(max_length=500)] = field(name="promise", default=())


@cache
def default_text() -> str:
    """Return the policy in force by default, as TOML."""
    return files("ledger.policy").joinpath("default.toml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """Return the policy in force where nobody has said otherwise."""
    plain: dict[str, Any] = tomllib.loads(default_text())
    return convert(plain["policy"], Policy)
