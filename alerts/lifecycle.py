"""The alert book: which alerts are open, and what people hear when one opens, changes or ends.

Signals and the words of operators go in, records come out, one for each change worth telling. No clock: the time of a
change is the time of its cause. Not here yet: `snooze` (and with it the end of a snooze when severity rises).
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec.structs import replace

from alerts.ids import alert_id
from alerts.records import Alert, AlertState
from alerts.rows import OpenAlert, merged, opened, record_of, row_from_plain, row_to_plain, shortened, updated
from alerts.signals import Signal

__all__ = ["AlertBook", "OpenAlert", "Signal", "Verdict", "row_from_plain", "row_to_plain"]

Verdict = Literal["true_positive", "false_positive", "expected", "data_error"]
ONE_OFFS_TOLD: Final = 16
_OVER: Final = (AlertState.EXPLAINED, AlertState.RESOLVED)


class AlertBook:
    """The open alerts, one row for each condition, and the keys whose rows changed since they were last drained.

    An alert that ends leaves `rows`; its key in `changed` with no row is the tombstone. A condition that comes back
    opens a new alert under a new id.
    """

    __slots__ = ("_applied", "_just_ended", "_key_of", "changed", "rows")

    def __init__(self) -> None:
        """Open an empty book."""
        self.rows: dict[str, OpenAlert] = {}
        self.changed: set[str] = set()
        self._key_of: dict[str, str] = {}  # alert_id to key, of the open alerts
        # Ids that ended under the cause now being applied. If it opens the condition again, the new alert must not
        # repeat an id. Causes are applied one after the other and each once, so nothing of this is a row.
        self._applied: tuple[str, int] = ("", 0)
        self._just_ended: set[str] = set()

    def raise_(self, signal: Signal) -> Alert | None:
        """Open the alert of this condition, or add a sighting to it; return the record where people are to hear.

        They hear the opening, a severity that rises, a signal that says `told`, and of a one-off the first sixteen
        counts and then the powers of two, which bounds a flood. A rise takes an acknowledgement back: somebody agreed to something smaller.
        """
        self._apply(signal.cause_id, signal.at_us)
        row = self.rows.get(signal.key)
        if row is None:
            return self._told(opened(signal, self._reopening(signal)))
        new = updated(row, signal)
        if new.severity < row.severity:
            return self._told(_reopened(row, new))
        power_of_two = new.count & (new.count - 1) == 0
        if signal.told or (signal.one_off and (power_of_two or new.count <= ONE_OFFS_TOLD)):
            return self._told(replace(new, seq=row.seq + 1))
        self._put(new)
        return None

    def clear(
        self, key: str, state: AlertState, at_us: int, cause_id: str, explanation: str, evidence: tuple[str, ...] = ()
    ) -> Alert | None:
        """End the alert of a condition that is over; None where none is open, which costs one look-up.

        `explained`: a late event accounts for it. `resolved`: it agrees again. The evidence of the end comes first in
        the last record, as it is the most telling there; the figures stay those of the last sighting.
        """
        row = self.rows.get(key)
        if row is None:
            return None
        assert state in _OVER, f"a condition that is over is explained or resolved, not {state}"
        self._apply(cause_id, at_us)
        told = replace(row, explanation=shortened(explanation), evidence=merged(evidence, row.evidence))
        return self._end(told, state, at_us)

    def acknowledge(self, alert_id: str, actor: str, at_us: int) -> Alert | None:
        """Note that somebody has taken the alert on; None where it is not open, or was acknowledged before."""
        row = self._open_row(alert_id)
        if row is None or row.state is AlertState.ACKNOWLEDGED:
            return None
        note = shortened(f"Acknowledged by {actor}.")
        return self._told(replace(row, state=AlertState.ACKNOWLEDGED, updated_at_us=at_us, seq=row.seq + 1, note=note))

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

    def _open_row(self, alert_id: str) -> OpenAlert | None:
        key = self._key_of.get(alert_id)
        return None if key is None else self.rows[key]

    def _apply(self, cause_id: str, at_us: int) -> None:
        if self._applied != (cause_id, at_us):
            self._applied = (cause_id, at_us)
            self._just_ended.clear()

    def _reopening(self, signal: Signal) -> int:
        count = 0
        while alert_id(signal.type, signal.key, signal.cause_id, signal.at_us, count) in self._just_ended:
            count += 1
        return count

    def _put(self, row: OpenAlert) -> None:
        self.rows[row.key] = row
        self._key_of[row.alert_id] = row.key
        self.changed.add(row.key)

    def _told(self, row: OpenAlert) -> Alert:
        self._put(row)
        return record_of(row)

    def _end(self, row: OpenAlert, state: AlertState, at_us: int) -> Alert:
        del self.rows[row.key]
        del self._key_of[row.alert_id]
        self._just_ended.add(row.alert_id)
        self.changed.add(row.key)
        return record_of(replace(row, state=state, updated_at_us=at_us, seq=row.seq + 1))


def _reopened(row: OpenAlert, new: OpenAlert) -> OpenAlert:
    """Return the row whose severity rose: open again if somebody had acknowledged it, and saying so."""
    new = replace(new, seq=row.seq + 1)
    if row.state is not AlertState.ACKNOWLEDGED:
        return new
    note = shortened(f"{row.note} Open again: {row.severity} became {new.severity}.")
    return replace(new, state=AlertState.OPEN, note=note)
