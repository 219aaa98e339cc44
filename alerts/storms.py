"""Storms: of an incident that opens alert after alert people hear the first twenty, and of the rest in one alert.

What is held back stays an open alert like any other, with its id and its row; only its records are not told. What is
graver than all that was told of the incident, and the first P1 of its type in it, is never held back.
"""

from __future__ import annotations

from typing import Final

import msgspec

from alerts.records import Scope, Severity, rfc3339
from alerts.severity import severity_for
from alerts.signals import Signal

ALERT_STORM: Final = "alert_storm"
ALERTS_TOLD: Final = 20
"""So many alerts of one incident are told one by one within `WINDOW_US`."""
WINDOW_US: Final = 10 * 60 * 1_000_000
CALM_US: Final = 30 * 60 * 1_000_000
"""A storm is over when its incident has opened nothing for this long, in microseconds of event time."""


class Telling(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What people have heard of one incident, and what is held back. Times are microseconds since 1970 UTC.

    `since_us` is set during a storm and names it; `worst` and `held` (how many, by type) are of this storm, `told` (the
    worst severity of a type that was told) and `opened` of the whole incident.
    """

    opened: int = 0
    recent_us: list[int] = []
    told: dict[str, Severity] = {}
    since_us: int | None = None
    last_us: int = 0
    held: dict[str, int] = {}
    worst: Severity = Severity.P4

    @property
    def due_us(self) -> int:
        """When the storm is over, unless another alert opens before."""
        return self.last_us + CALM_US

    @property
    def severity(self) -> Severity:
        """How bad it is that so many alerts open, and what is held back with them."""
        return min(severity_for(ALERT_STORM), self.worst)

    def count(self, at_us: int) -> None:
        """Count an alert that is to be heard for the first time; the 21st within ten minutes begins a storm."""
        self.last_us = max(self.last_us, at_us)
        if self.since_us is not None:
            return
        self.recent_us = [*(moment_us for moment_us in self.recent_us if at_us - moment_us <= WINDOW_US), at_us]
        if len(self.recent_us) > ALERTS_TOLD:
            self.since_us = at_us

    def may_speak(self, alert_type: str, severity: Severity) -> bool:
        """Say whether an alert may be told by itself now."""
        if self.since_us is None or severity < min(self.told.values(), default=Severity.P4):
            return True
        return severity is Severity.P1 and self.told.get(alert_type) is not Severity.P1

    def heard(self, alert_type: str, severity: Severity) -> None:
        """Note that people have heard of an alert of this type at this severity."""
        self.told[alert_type] = min(severity, self.told.get(alert_type, severity))

    def hold_back(self, alert_type: str, severity: Severity, *, anew: bool) -> bool:
        """Note what is held back, `anew` if it was not before; return whether the alert of the storm has more to say."""
        worse = severity < self.severity
        self.worst = min(self.worst, severity)
        if anew:
            self.held[alert_type] = self.held.get(alert_type, 0) + 1
        return anew or worse

    def end(self) -> None:
        """The storm is over; what was told before and in it stays known."""
        self.since_us, self.held, self.worst = None, {}, Severity.P4


def storm_key(incident_id: str) -> str:
    """Return the identity of the condition "this incident storms"."""
    return f"{ALERT_STORM}|{incident_id}"


def storm_signal(incident_id: str, scope: Scope, telling: Telling, held_back: Signal) -> Signal:
    """Return what is to be said of the storm, now that `held_back` is held back; `scope` is the incident's."""
    count = sum(telling.held.values())
    return Signal(
        type=ALERT_STORM,
        key=storm_key(incident_id),
        severity=telling.severity,
        scope=scope,
        cause_id=held_back.cause_id,
        at_us=held_back.at_us,
        evidence=held_back.evidence,
        rule="alerts_of_one_incident",
        threshold=float(ALERTS_TOLD),
        told=is_power_of_two(count),
        explanation=f"{_held(telling)}; the worst of them is {telling.worst}. The incident has opened {telling.opened} "
        f"alerts in all, more than {ALERTS_TOLD} of them within {WINDOW_US // 60_000_000} min; those told one by one "
        f"carry the same incident_id, {incident_id}.",
    )


def storm_end(telling: Telling, still_open: int) -> str:
    """Return what is said when the storm is over; `still_open` counts what is held back still and has not ended."""
    return (
        f"No alert has opened in this incident for {CALM_US // 60_000_000} min. {_held(telling)}; "
        f"still open and untold: {still_open}. The incident has opened {telling.opened} alerts in all."
    )


def is_power_of_two(count: int) -> bool:
    """Say whether a positive `count` is 1, 2, 4, 8, ...: a flood that is told at these counts stays readable."""
    return count & (count - 1) == 0


def _held(telling: Telling) -> str:
    assert telling.since_us is not None, "nothing is held back outside a storm"
    by_type = sorted(telling.held.items(), key=lambda item: (-item[1], item[0]))
    types = ", ".join(f"{count} {alert_type}" for alert_type, count in by_type)
    since = rfc3339(telling.since_us)
    return f"Since {since} alerts of this incident are held back, {sum(telling.held.values())} so far: {types}"
