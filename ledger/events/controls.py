"""What people and Driftline itself tell the monitor (contract section 6)."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from ledger.events.common import Event, Id, Moment, Name, OpType, RouteRole, Seconds, Text, Unsigned


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


class AlertWord(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What somebody says about an alert."""

    alert_id: Id
    actor: Name
    until: Moment | None = None
    verdict: Verdict | None = None
    reason: Text | None = None


class Acknowledge(
    AlertWord, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="acknowledge"
):
    """Somebody has taken an alert on."""


class Snooze(AlertWord, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="snooze"):
    """Somebody does not want to hear of an alert until a moment."""


class Close(AlertWord, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="close"):
    """Somebody ends an alert, with a verdict."""


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
    """The settings in force, written by Driftline itself; `clock` says what moves time, and `inputs` which partitions
    have to be read for it to move.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    clock: Literal["events", "ticks"] | None = None
    inputs: list[Name] | None = None


class Tick(ControlEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="kind", tag="tick"):
    """Time passes: `observed_at` says how far the inputs have been read.

    Where several read them, `inputs` says how far each partition of the reader's (`transfers/0`) has been.
    """

    inputs: dict[Name, Moment] | None = None


Control = Plan | Maintenance | Heartbeat | Acknowledge | Snooze | Close | Thresholds | Config | Tick
