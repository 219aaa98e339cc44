"""The alert record: what leaves the house each time an alert changes.

Fields, names and order are those of section 8 of the event contract. Money is a plain decimal string, time an RFC 3339
string in UTC; a field that does not apply is left out, never null.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,30})?")
_SCORE_DIGITS: Final = 6


class Severity(StrEnum):
    """How bad it is: P1 wakes somebody, P4 is for the record. The names sort worst first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class AlertState(StrEnum):
    """Where an alert stands. `open` and `acknowledged` are alive; the other three end it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    EXPLAINED = "explained"
    RESOLVED = "resolved"
    FALSE_POSITIVE = "false_positive"


class Scope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom or what an alert is about. Every part is a single string; what does not apply is left out."""

    client_id: str | None = None
    account_id: str | None = None
    location: str | None = None
    asset: str | None = None
    route: str | None = None
    source: str | None = None
    transfer_id: str | None = None

    def to_plain(self) -> dict[str, str]:
        """Return the parts that are set, by name, in the contract's order."""
        named = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return {name: value for name, value in named if value is not None}

    def key(self) -> str:
        """Return the message key of the alerts topic: `asset=BTC|location=...`, the same for equal scopes."""
        return "|".join(f"{name}={value}" for name, value in sorted(self.to_plain().items()))


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change of one alert. `seq` counts the records of an `alert_id` from 0, `count` the times its cause was seen.

    `expected`, `observed` and `difference` are decimals in units of the asset; `difference` is observed less expected.
    `usd` is the size of it in US dollars. `evidence` holds at most 20 event ids, the most telling first.
    """

    alert_id: str
    incident_id: str
    type: str
    severity: Severity
    state: AlertState
    scope: Scope
    expected: str | None = None
    observed: str | None = None
    difference: str | None = None
    usd: str | None = None
    opened_at: str
    updated_at: str
    seq: int
    count: int
    evidence: tuple[str, ...]
    explanation: str
    rule: str | None = None
    model: str | None = None
    score: float | None = None
    threshold: float | None = None
    suggested_action: str
    runbook: str


_ENCODER: Final = msgspec.json.Encoder()


def encode(alert: Alert) -> bytes:
    """Return the record as one line of JSON, UTF-8, without the newline.

    What cannot be seen is escaped, not only what JSON demands: a line separator or a terminal code in some reference
    must not split the line for a simple reader, nor act on the terminal of whoever follows the file.
    """
    line = _ENCODER.encode(alert)
    text = line.decode()
    return line if text.isprintable() else "".join(map(_visible, text)).encode()


def _visible(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]


def scope_of(parts: Scope | Mapping[str, str] | tuple[tuple[str, str], ...]) -> Scope:
    """Return the scope that these parts name, whatever their order. Raises TypeError on a name the contract lacks."""
    return parts if isinstance(parts, Scope) else Scope(**dict(parts))


def rfc3339(at_us: int) -> str:
    """Return microseconds since 1970 UTC as `2026-01-01T00:00:00Z`; the fraction has six digits, or is left out.

    >>> rfc3339(1_767_225_600_250_000)
    '2026-01-01T00:00:00.250000Z'
    """
    return (_EPOCH + timedelta(microseconds=at_us)).replace(tzinfo=None).isoformat() + "Z"


def is_plain_decimal(text: str) -> bool:
    """Say whether `text` is a decimal as the contract writes it: no exponent, no sign but a leading minus.

    Sums and values may be longer than the sixty digits of a single amount.
    """
    return _DECIMAL.fullmatch(text) is not None


def rounded(score: float) -> float:
    """Return a finite score at six significant digits, so that its last bits cannot make two runs differ."""
    assert math.isfinite(score), f"a score in an alert is a finite number, this is {score}"
    return float(f"{score:.{_SCORE_DIGITS}g}")
