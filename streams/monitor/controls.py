"""Control events and deadlines: what people and Driftline itself tell the monitor, and what time alone brings about."""

from __future__ import annotations

from typing import Any

from alerts.records import AlertState
from alerts.severity import severity_for
from alerts.signals import Signal
from ledger.events import Acknowledge, Close, Config, ControlEvent, Thresholds, Tick
from ledger.times import SECOND_US, to_us
from streams.monitor import flows
from streams.monitor.cause import Cause
from streams.monitor.settings import Settings, SettingsError, changed
from streams.monitor.state import State
from streams.record import OWN_ORIGIN, Record


def apply(state: State, event: ControlEvent, cause: Cause, record: Record) -> None:
    """Obey a control event; kinds that decide nothing yet are counted."""
    state.counts["control"] += 1
    state.reconciliation.on_control(event)
    if isinstance(event, Config):
        set_clock(state, event)
        _change(state, event.settings, record, event.event_id)
    elif isinstance(event, Thresholds):
        _schedule(state, event, cause, record)
    elif isinstance(event, Acknowledge):
        state.say(state.book.acknowledge(event.alert_id, event.actor, cause.at_us))
    elif isinstance(event, Close):
        ended = state.book.close(event.alert_id, event.actor, event.verdict, event.reason, cause.at_us)
        state.say(ended)
        if ended is not None:
            state.brakes.lift(ended.alert_id, cause.at_us)  # somebody has looked into it and answers for it


def is_foreign(state: State, record: Record) -> bool:
    """Tell whether a record that only Driftline may write came in by an input topic: live, nobody else moves time."""
    return state.clock == "ticks" and record.logged_at_us is not None and record.origin != OWN_ORIGIN


def set_clock(state: State, event: Config) -> None:
    """Take over what moves the clock; it belongs to the log, so no other configuration changes it."""
    if event.clock is not None:
        state.set_clock(event.clock)
    if event.inputs is not None:
        state.read_us = {name: state.read_us.get(name) for name in sorted(event.inputs)}


def reached_us(state: State, event: Tick) -> int:
    """Return how far all inputs have been read, with what a tick says of those of its reader; 0 where nobody knows."""
    at_us = to_us(event.observed_at)
    if event.inputs is None:
        return at_us
    known = state.read_us
    for name, moment in event.inputs.items():
        if name in known:
            known[name] = max(known[name] or 0, to_us(moment))
    return min((moment or 0 for moment in known.values()), default=at_us)


def _change(state: State, changes: dict[str, Any], record: Record, event_id: str) -> None:
    try:
        state.configure(fitting(state, changes))
    except SettingsError as error:
        state.quarantine("bad_settings", str(error), record, event_id)


def fitting(state: State, changes: dict[str, Any]) -> Settings:
    """Return the settings with changes; raise SettingsError where they do not fit, or come too late.

    What was applied by one map of the shards cannot be taken apart by another: a new map is a new log.
    """
    settings = changed(state.settings, changes)
    if settings.shards != state.settings.shards and not state.may_be_mapped:
        raise SettingsError("shards: another map of the shards than that of the log so far: rebuild with a new log")
    return settings


def take_map(state: State, event: Config, record: Record) -> None:
    """Take over the map of the log where no other was given: like what moves the clock, it belongs to the log."""
    if "shards" in event.settings and not state.settings.shards:
        _change(state, {"shards": event.settings["shards"]}, record, event.event_id)


def _schedule(state: State, event: Thresholds, cause: Cause, record: Record) -> None:
    """Put new thresholds in force now, or when their time comes."""
    effective_us = to_us(event.effective_from)
    if effective_us <= max(cause.at_us, state.clock_us):
        _change(state, event.changes, record, event.event_id)
        return
    try:
        fitting(state, event.changes)
    except SettingsError as error:
        state.quarantine("bad_settings", str(error), record, event.event_id)
        return
    key = f"thresholds|{event.event_id}"
    state.pending_thresholds[key] = event.changes
    state.deadlines.set(key, effective_us - 1)  # in force for what is observed at that very moment


def fire(state: State, key: str, due_us: int) -> None:
    """A deadline has passed: conclude what waited for it, and tell all that was found."""
    kind, _, rest = key.partition("|")
    cause = Cause(state.settling[key][2] if kind == "settle" else f"{key}@{due_us}", due_us)
    state.reconciliation.at(cause.cause_id, due_us)
    if kind == "quiet":
        state.clear(rest, AlertState.RESOLVED, cause, "Not seen again for as long as such a condition is remembered.")
    elif kind == "storm":
        state.say(state.book.end_storm(rest, due_us, cause.cause_id))
    elif kind == "settle":
        location, asset, event_id = state.settling.pop(key)
        flows.tell(state, state.holdings.settle((location, asset), event_id), cause)
    elif kind == "thresholds":
        _put_in_force(state, state.pending_thresholds.pop(key))
    else:
        state.reconciliation.on_due(key, due_us)
    flows.tell_found(state, cause)
    flows.await_settling(state, cause)


def _put_in_force(state: State, changes: dict[str, Any]) -> None:
    """Let thresholds hold whose time has come. They fitted when they were told; the map may have been fixed since."""
    try:
        state.configure(fitting(state, changes))
    except SettingsError:
        state.configure(changed(state.settings, {name: value for name, value in changes.items() if name != "shards"}))


def watch_lag(state: State, cause: Cause, logged_us: int) -> None:
    """Say when the inputs are read late: `cause.at_us` is how far they have been read by `logged_us`."""
    lag_s = (logged_us - cause.at_us) / SECOND_US
    limit_s = state.settings.log_lag_s
    if lag_s <= limit_s / 2:
        state.clear("monitor_lag", AlertState.RESOLVED, cause, f"The inputs are read to within {lag_s:.1f} s again.")
    elif lag_s > limit_s:
        state.raise_(
            Signal(
                type="monitor_lag",
                key="monitor_lag",
                severity=severity_for("monitor_lag"),
                scope={"source": "driftline"},
                cause_id=cause.cause_id,
                at_us=cause.at_us,
                evidence=(cause.cause_id,),
                rule="input_lag",
                threshold=limit_s,
                explanation=f"The inputs have been read only up to {lag_s:.0f} s ago; {limit_s:g} s are allowed. "
                "What happened since is not judged yet.",
            )
        )
