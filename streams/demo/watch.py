"""What the demo knows of the run: alerts as they were said, and positions as the monitor holds them."""

from __future__ import annotations

import threading
import time
from collections import Counter

from alerts.records import Alert
from streams.monitor import Monitor
from streams.monitor.report import PositionRow, position_rows
from streams.record import Output

TRIES = 50


class Watch:
    """Filled by the worker's thread, read by the screen's."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
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
