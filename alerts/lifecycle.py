"""The alert book: which alerts are open, and what people hear when one opens, changes or ends.

Signals and the words of operators go in, records come out, one for each change worth telling. No clock: the time of a
change is the time of its cause, and whoever has a clock calls `end_storm` at the moments of `drain_due`. Not here yet: `snooze` (and with it the end of a snooze when severity rises).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec.structs import replace

from alerts.ids import alert_id
from alerts.incidents import Incidents
from alerts.records import Alert, AlertState
from alerts.rows import (
    NOTHING_TOLD,
    OpenAlert,
    merged,
    opened,
    record_of,
    row_from_plain,
    row_to_plain,
    shortened,
    updated,
)
from alerts.signals import Signal
from alerts.storms import ALERT_STORM, is_power_of_two, storm_end, storm_key, storm_signal

__all__ = ["AlertBook", "OpenAlert", "Signal", "Verdict", "row_from_plain", "row_to_plain"]

Verdict = Literal["true_positive", "false_positive", "expected", "data_error"]
ONE_OFFS_TOLD: Final = 16
_OVER: Final = (AlertState.EXPLAINED, AlertState.RESOLVED)


class AlertBook:
    """The open alerts, one row for each condition, and the keys whose rows changed since they were last drained.

    An alert that ends leaves `rows`; its key in `changed` with no row is the tombstone. A condition that comes back
    opens a new alert under a new id.
    """

    __slots__ = ("_applied", "_due_us", "_just_ended", "_key_of", "changed", "incidents", "rows", "shard")

    def __init__(self, shard: int = 0) -> None:
        """Open an empty book: that of a shard, which is part of the ids that it gives."""
        self.shard = shard
        self.rows: dict[str, OpenAlert] = {}
        self.changed: set[str] = set()
        self.incidents = Incidents()
        self._key_of: dict[str, str] = {}  # alert_id to key, of the open alerts
        # Ids that ended under the cause now being applied. If it opens the condition again, the new alert must not
        # repeat an id. Causes are applied one after the other and each once, so nothing of this is a row.
        self._applied: tuple[str, int] = ("", 0)
        self._just_ended: set[str] = set()
        self._due_us: dict[str, int] = {}  # when a storm is over, by incident; handed on at once, so no row either

    def raise_(self, signal: Signal) -> Alert | None:
        """Open the alert of this condition, or add a sighting to it; return the record where people are to hear.

        They hear the opening, a severity that rises, a signal that says `told`, and of a one-off the first sixteen
        counts and then the powers of two, which bounds a flood. A rise takes an acknowledgement back: somebody agreed to something smaller.
        In a storm of its incident an alert is held back, and the record, if any, is that of the storm.
        """
        self._apply(signal.cause_id, signal.at_us)
        row = self.rows.get(signal.key)
        if row is None:
            incident_id = self.incidents.join(signal)
            self.incidents.telling(incident_id).opened += 1
            return self._first_told(opened(signal, incident_id, self._reopening(signal), self.shard), signal)
        self.incidents.see(signal, row.incident_id)
        return self._seen_again(row, signal)

    def clear(
        self, key: str, state: AlertState, at_us: int, cause_id: str, explanation: str, evidence: tuple[str, ...] = ()
    ) -> Alert | None:
        """End the alert of a condition that is over; None where none is open, which costs one look-up, or none was told.

        `explained`: a late event accounts for it. `resolved`: it agrees again. The evidence of the end comes first in
        the last record, as it is the most telling there; the figures stay those of the last sighting.
        """
        row = self.rows.get(key)
        if row is None:
            return None
        assert state in _OVER, f"a condition that is over is explained or resolved, not {state}"
        self._apply(cause_id, at_us)
        told = replace(row, explanation=shortened(explanation), evidence=merged(evidence, row.evidence))
        record = self._end(told, state, at_us)
        return None if row.seq == NOTHING_TOLD else record

    def end_storm(self, incident_id: str, at_us: int, cause_id: str) -> Alert | None:
        """End the storm of an incident that has opened nothing for a while; what it held back stays open and silent.

        The next change of such an alert that is worth telling is its first record.
        """
        incident = self.incidents.known.get(incident_id)
        since_us = None if incident is None else incident.telling.since_us
        if since_us is None:
            return None
        telling = self.incidents.telling(incident_id)
        assert at_us >= telling.due_us, f"the storm of {incident_id} is over at {telling.due_us}, not at {at_us}"
        held_back = (row.incident_id == incident_id and row.held_us == since_us for row in self.rows.values())
        said = storm_end(telling, still_open=sum(held_back))
        telling.end()
        return self.clear(storm_key(incident_id), AlertState.RESOLVED, at_us, cause_id, said)

    def drain_due(self) -> dict[str, int]:
        """Return when each storm that an alert has just prolonged will be over, by incident, and forget it."""
        due_us, self._due_us = self._due_us, {}
        return due_us

    def acknowledge(self, alert_id: str, actor: str, at_us: int) -> Alert | None:
        """Note that somebody has taken the alert on; None where it is not open, or was acknowledged before."""
        row = self._open_row(alert_id)
        if row is None or row.state is AlertState.ACKNOWLEDGED:
            return None
        note = shortened(f"Acknowledged by {actor}.")
        return self._told(replace(row, state=AlertState.ACKNOWLEDGED, updated_at_us=at_us, note=note))

    def close(self, alert_id: str, actor: str, verdict: Verdict | None, reason: str | None, at_us: int) -> Alert | None:
        """End the alert by somebody's word; None where it is not open.

        `false_positive` ends it as that, any other verdict as `resolved`. A condition that is signalled again opens a
        new alert; a drift is, once it has changed materially.
        """
        row = self._open_row(alert_id)
        if row is None:
            return None
        said = "" if verdict is None else f" as {verdict.replace('_', ' ')}"
        why = "." if not reason else f": {reason}"
        state = AlertState.FALSE_POSITIVE if verdict == "false_positive" else AlertState.RESOLVED
        return self._end(replace(row, note=shortened(f"Closed by {actor}{said}{why}")), state, at_us)

    def drain_changed(self) -> tuple[str, ...]:
        """Return the keys touched since the last call, sorted, and forget them."""
        keys = tuple(sorted(self.changed))
        self.changed.clear()
        return keys

    def load_row(self, key: str, plain: dict[str, Any]) -> None:
        """Put back a row that `row_to_plain` wrote, as unchanged."""
        row = row_from_plain(plain)
        assert row.key == key, f"the row of {row.key!r} was kept under {key!r}"
        self.rows[key] = row
        self._key_of[row.alert_id] = key
        self.incidents.take_in(row.incident_id)

    def key_of(self, alert_id: str) -> str | None:
        """Return the key of an open alert; None where none of this id is open."""
        return self._key_of.get(alert_id)

    def _open_row(self, alert_id: str) -> OpenAlert | None:
        key = self._key_of.get(alert_id)
        return None if key is None else self.rows[key]

    def _apply(self, cause_id: str, at_us: int) -> None:
        if self._applied != (cause_id, at_us):
            self._applied = (cause_id, at_us)
            self._just_ended.clear()

    def _reopening(self, signal: Signal) -> int:
        count = 0
        while alert_id(signal.type, signal.key, signal.cause_id, signal.at_us, count, self.shard) in self._just_ended:
            count += 1
        return count

    def _seen_again(self, row: OpenAlert, signal: Signal) -> Alert | None:
        new = updated(row, signal)
        rose = new.severity < row.severity
        if rose:
            new = _reopened(row, new)
        milestone = signal.one_off and (is_power_of_two(new.count) or new.count <= ONE_OFFS_TOLD)
        if not (rose or signal.told or milestone):
            self._put(new)
            return None
        return self._first_told(new, signal) if row.seq == NOTHING_TOLD else self._told(new)

    def _first_told(self, row: OpenAlert, signal: Signal) -> Alert | None:
        """Tell an alert of which nothing was told so far, or hold it back and tell the storm of its incident."""
        telling = self.incidents.telling(row.incident_id)
        anew = row.held_us is None or row.held_us != telling.since_us
        if anew:
            telling.count(signal.at_us)
        if telling.since_us is None:
            return self._told(row)
        if anew:
            self._due_us[row.incident_id] = telling.due_us
        if telling.may_speak(row.type, row.severity):
            return self._told(row)
        self._put(replace(row, held_us=telling.since_us))
        if not telling.hold_back(row.type, row.severity, anew=anew):
            return None
        return self._tell_storm(row.incident_id, signal)

    def _tell_storm(self, incident_id: str, held_back: Signal) -> Alert | None:
        incident = self.incidents.known[incident_id]
        signal = storm_signal(incident_id, incident.scope, incident.telling, held_back)
        row = self.rows.get(signal.key)
        if row is not None:
            return self._seen_again(row, signal)
        self.incidents.take_in(incident_id)
        return self._told(opened(signal, incident_id, self._reopening(signal), self.shard))

    def _put(self, row: OpenAlert) -> None:
        self.rows[row.key] = row
        self._key_of[row.alert_id] = row.key
        self.changed.add(row.key)

    def _told(self, row: OpenAlert) -> Alert:
        told = replace(row, seq=row.seq + 1, held_us=None)
        self._put(told)
        if row.type != ALERT_STORM:
            self.incidents.telling(row.incident_id).heard(row.type, row.severity)
        return record_of(told)

    def _end(self, row: OpenAlert, state: AlertState, at_us: int) -> Alert:
        del self.rows[row.key]
        del self._key_of[row.alert_id]
        self._just_ended.add(row.alert_id)
        self.changed.add(row.key)
        self.incidents.leave(row.incident_id)
        return record_of(replace(row, state=state, updated_at_us=at_us, seq=row.seq + 1))


def _reopened(row: OpenAlert, new: OpenAlert) -> OpenAlert:
    """Return the row whose severity rose: open again if somebody had acknowledged it, and saying so."""
    if row.state is not AlertState.ACKNOWLEDGED:
        return new
    note = shortened(f"{row.note} Open again: {row.severity} became {new.severity}.")
    return replace(new, state=AlertState.OPEN, note=note)
