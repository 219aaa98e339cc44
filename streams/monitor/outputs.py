"""What the monitor says besides alerts, and how every output becomes bytes."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

import msgspec

from alerts.records import Alert
from alerts.records import encode as encode_alert

RAW_KEPT_BYTES = 48 * 1024  # 64 kB once written as base64


class Quarantined(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A record that was set aside for good: why, where it came from, and its bytes (the first 48 kB, and a hash)."""

    code: str
    reason: str
    topic: str
    origin: str
    size_bytes: int
    raw_b64: bytes
    blake2b: str
    event_id: str | None = None


class FailedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the policy that does not hold, and why, with its numbers."""

    rule: str
    why: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, rename={"risk_class": "class"}):
    """The verdict on a movement (contract section 7); of several the one with the highest `seq` holds."""

    transfer_id: str
    risk_class: Literal["risk_free", "risky"]
    action: Literal["auto_approve", "review", "hold"]
    failed_rules: tuple[FailedRule, ...]
    policy_version: str
    decided_at: str
    seq: int


_encode = msgspec.json.Encoder().encode


def quarantined(
    code: str, reason: str, topic: str, origin: str, raw: bytes, event_id: str | None = None
) -> Quarantined:
    """Return the record of something set aside, bounded in size."""
    return Quarantined(
        code=code,
        reason=reason[:500],
        topic=topic[:80],
        origin=origin,
        size_bytes=len(raw),
        raw_b64=raw[:RAW_KEPT_BYTES],
        blake2b=blake2b(raw, digest_size=16).hexdigest(),
        event_id=event_id,
    )


def encode(value: object) -> bytes:
    """Return the JSON bytes of an output's value: one line, fields in the order of the contract."""
    return encode_alert(value) if isinstance(value, Alert) else _encode(value)
