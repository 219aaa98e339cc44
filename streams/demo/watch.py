"""What the demo knows of the run: alerts as they were said, positions as the monitor holds them, the desk's floor."""

from __future__ import annotations

import threading
import time
from collections import Counter

from alerts.records import Alert
from ledger.policy.document import Books, default_policy
from streams.demo.floor import Floor
from streams.monitor import Monitor
from streams.monitor.report import PositionRow, position_rows
from streams.record import Output

TRIES = 50
# Which types of alert hold movements, and from which severity on.
BRAKES = {
    brake.alert: brake.from_severity
    for rule in default_policy().rules
    if isinstance(rule, Books)
    for brake in rule.brakes
}


class Watch:
    """Filled by the worker's thread, read by the screen's."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self.floor = Floor()
        self._lock = threading.Lock()
        self._fresh: list[Alert] = []
        self.standing: dict[str, Alert] = {}
        self.quarantined: Counter[str] = Counter()
        self.started_s = time.monotonic()

    def hear(self, output: Output) -> None:
        """Take an output, in the worker's thread."""
        with self._lock:
            if output.topic == "alerts":
                self._fresh.append(output.value)
                self.standing[output.value.alert_id] = output.value
            elif output.topic == "quarantine":
                self.quarantined[output.value.code] += 1

    def fresh_alerts(self) -> list[Alert]:
        """Return the alert records said since the last call."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
            return fresh

    def brakes(self) -> dict[str, Alert]:
        """Return the alerts that hold movements now, by their id."""
        with self._lock:
            return {alert_id: alert for alert_id, alert in self.standing.items() if _holds(alert)}

    def records(self) -> int:
        """Return how many records have been applied, ticks left out."""
        counts = self._monitor.state.counts
        return sum(counts[name] for name in ("transfers", "ledger", "balances", "reference", "control", "redelivered"))

    def positions(self) -> list[PositionRow]:
        """Return the positions; read beside the worker, so tried again when one was added meanwhile."""
        for _ in range(TRIES):
            try:
                return list(position_rows(self._monitor.state))
            except RuntimeError:  # a dictionary changed its size while it was read
                time.sleep(0.001)
        return []

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started_s


def is_open(alert: Alert) -> bool:
    """Tell whether an alert stands, seen by people or not."""
    return alert.state.value in ("open", "acknowledged")


def place_of(alert: Alert) -> str:
    """Return what an alert is about, as the desk says it: its place and asset, or its client."""
    scope = alert.scope.to_plain()
    return " ".join(scope[name] for name in ("client_id", "location", "asset", "route") if name in scope)


def _holds(alert: Alert) -> bool:
    from_severity = BRAKES.get(alert.type)
    return from_severity is not None and is_open(alert) and alert.severity.value <= from_severity
