"""An open alert as the book keeps it: a row of plain values that goes to a checkpoint and comes back the same."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alerts.ids import alert_id
from alerts.records import Alert, AlertState, Scope, Severity, rfc3339, rounded, scope_of
from alerts.signals import Signal
from alerts.types import ALERT_TYPES

EVIDENCE_MAX: Final = 20
OPENING_KEPT: Final = 5
EXPLANATION_CHARS_MAX: Final = 2_000  # a row and a record stay small whatever the data say
NOTHING_TOLD: Final = -1


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One open alert: what its last record said or its next one will say. Times are microseconds since 1970 UTC.

    `note` is what people did to it. It stands apart from `explanation`, which the next signal replaces. `seq` is that of
    the last record, `NOTHING_TOLD` before the first. `held_us` names the storm that holds the first one back: its start.
    """

    key: str
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
    opened_at_us: int
    updated_at_us: int
    seq: int
    count: int
    evidence: tuple[str, ...]
    explanation: str
    rule: str | None = None
    model: str | None = None
    score: float | None = None
    threshold: float | None = None
    note: str | None = None
    held_us: int | None = None


def opened(signal: Signal, incident_id: str, reopening: int, shard: int = 0) -> OpenAlert:
    """Return the row of an alert that this signal opens: nothing told, count 1. The numbers are as in `ids.alert_id`."""
    return OpenAlert(
        key=signal.key,
        alert_id=alert_id(signal.type, signal.key, signal.cause_id, signal.at_us, reopening, shard),
        incident_id=incident_id,
        type=signal.type,
        severity=signal.severity,
        state=AlertState.OPEN,
        opened_at_us=signal.at_us,
        seq=NOTHING_TOLD,
        count=1,
        evidence=merged(signal.evidence, ()),
        **_latest(signal),
    )


def updated(row: OpenAlert, signal: Signal) -> OpenAlert:
    """Return the row after one more sighting: the latest figures, the worst severity, the count one higher.

    The severity never falls while the alert is open: people act on the worst that was seen, and a value that swings
    around a limit must not page them at each swing. That it is over is said once, by the end of the alert.
    """
    assert row.type == signal.type, f"{signal.key!r} is open as {row.type}, not as {signal.type}"
    return msgspec.structs.replace(
        row,
        severity=min(row.severity, signal.severity),
        count=row.count + 1,
        # Of a condition that lasts, what opened it tells most; of facts that repeat, the latest.
        evidence=merged(() if signal.one_off else row.evidence[:OPENING_KEPT], signal.evidence, row.evidence),
        **_latest(signal),
    )


def merged(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of all `parts` in order, none twice, 20 at most."""
    return tuple(dict.fromkeys(event_id for part in parts for event_id in part))[:EVIDENCE_MAX]


def shortened(text: str) -> str:
    """Return `text`, cut with an ellipsis where it is longer than an explanation may be."""
    return text if len(text) <= EXPLANATION_CHARS_MAX else text[: EXPLANATION_CHARS_MAX - 1] + "…"


def record_of(row: OpenAlert) -> Alert:
    """Return the record that tells this row to the world."""
    kind = ALERT_TYPES[row.type]
    return Alert(
        alert_id=row.alert_id,
        incident_id=row.incident_id,
        type=row.type,
        severity=row.severity,
        state=row.state,
        scope=row.scope,
        expected=row.expected,
        observed=row.observed,
        difference=row.difference,
        usd=row.usd,
        opened_at=rfc3339(row.opened_at_us),
        updated_at=rfc3339(row.updated_at_us),
        seq=row.seq,
        count=row.count,
        evidence=row.evidence,
        explanation=row.explanation if row.note is None else f"{row.explanation} {row.note}",
        rule=row.rule,
        model=row.model,
        score=row.score,
        threshold=row.threshold,
        suggested_action=kind.suggested_action,
        runbook=kind.runbook,
    )


def row_to_plain(row: OpenAlert) -> dict[str, Any]:
    """Return the row as plain data that JSON can hold: strings, numbers, dicts and lists."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(row))
    return plain


def row_from_plain(plain: dict[str, Any]) -> OpenAlert:
    """Return the row that `row_to_plain` wrote. Raises msgspec.ValidationError where the data are not a row."""
    return msgspec.convert(plain, OpenAlert)


def _latest(signal: Signal) -> dict[str, Any]:
    """Return the fields in which the latest sighting replaces the one before, whole: nothing old is mixed in."""
    return {
        "scope": scope_of(signal.scope),
        "updated_at_us": signal.at_us,
        "expected": signal.expected,
        "observed": signal.observed,
        "difference": signal.difference,
        "usd": signal.usd,
        "explanation": shortened(signal.explanation),
        "rule": signal.rule,
        "model": signal.model,
        "score": None if signal.score is None else rounded(signal.score),
        "threshold": None if signal.threshold is None else rounded(signal.threshold),
    }
