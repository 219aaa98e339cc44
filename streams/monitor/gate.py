"""At the door: is this event new, believable in its time, and not too old to be applied?"""

from __future__ import annotations

from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.events import AnyEvent, Posting, Snapshot, Transfer
from ledger.parser import digest
from ledger.times import SECOND_US, to_text
from streams.monitor.cause import Cause
from streams.monitor.state import State
from streams.record import Record


def observed_us(state: State, event_id: str, source: str, observed: int, record: Record) -> int:
    """Return when the event arrived; an arrival later than its logging is not believed, and is reported."""
    logged_us = record.logged_at_us
    if logged_us is None or observed <= logged_us + state.clock_skew_us:
        return observed
    cause = Cause(event_id, logged_us)
    _raise_skew(state, cause, source, "observed_at", observed, logged_us)
    return logged_us


def admit(state: State, event: AnyEvent, event_us: int, cause: Cause, record: Record) -> bool:
    """Return whether the event is to be applied; what is not is counted, and kept where it says something new."""
    novelty = state.seen.see(event.event_id, digest(event), event_us, cause.at_us)
    if novelty == "repeated":
        state.counts["redelivered"] += 1
        return False
    if novelty == "conflict":
        _report_conflict(state, event, cause, record)
        return False
    if event_us < cause.at_us - state.horizon_us and isinstance(event, (Transfer, Posting, Snapshot)):
        _report_beyond_horizon(state, event, event_us, cause, record)
        return False
    if event_us > cause.at_us + state.clock_skew_us:
        _raise_skew(state, cause, event.source, "event_time", event_us, cause.at_us)
    return True


def _report_conflict(state: State, event: AnyEvent, cause: Cause, record: Record) -> None:
    state.quarantine("event_conflict", "event_id seen before with other content", record, event.event_id)
    explanation = (
        f"{event.source} sent event {event.event_id} again with other content; the first stands and "
        "the second is in quarantine."
    )
    _raise_of(state, "event_conflict", event.source, cause, "same_id_other_content", explanation)


def _report_beyond_horizon(state: State, event: AnyEvent, event_us: int, cause: Cause, record: Record) -> None:
    days = (cause.at_us - event_us) / (86_400 * SECOND_US)
    reason = f"event time {to_text(event_us)} is {days:.1f} days before its arrival"
    state.quarantine("beyond_horizon", reason, record, event.event_id)
    limit_days = state.settings.horizon_days
    explanation = (
        f"{event.source} sent event {event.event_id} of {to_text(event_us)}, {days:.1f} days late; "
        f"beyond {limit_days} days nothing is applied, so it is set aside."
    )
    _raise_of(state, "beyond_horizon", event.source, cause, "horizon", explanation, float(limit_days))


def _raise_skew(state: State, cause: Cause, source: str, field: str, said_us: int, arrived_us: int) -> None:
    ahead_s, limit_s = (said_us - arrived_us) / SECOND_US, state.settings.clock_skew_s
    explanation = (
        f"{source} says {field} {to_text(said_us)} in an event that arrived at {to_text(arrived_us)}: "
        f"its clock is {ahead_s:g} s ahead, {limit_s:g} s are allowed."
    )
    _raise_of(state, "clock_skew", source, cause, f"{field}_ahead", explanation, limit_s)


def _raise_of(
    state: State,
    alert_type: str,
    source: str,
    cause: Cause,
    rule: str,
    explanation: str,
    threshold: float | None = None,
) -> None:
    """Raise a one-off about a source, unless another shard does; the event that is the cause is the evidence."""
    if not state.tells:
        return
    state.raise_(
        Signal(
            type=alert_type,
            key=f"{alert_type}|{source}",
            severity=severity_for(alert_type),
            scope={"source": source},
            cause_id=cause.cause_id,
            at_us=cause.at_us,
            evidence=(cause.cause_id,),
            rule=rule,
            threshold=threshold,
            one_off=True,
            links=(f"source|{source}",),
            explanation=explanation,
        )
    )
