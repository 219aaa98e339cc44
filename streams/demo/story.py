"""The course of the demo: a fault is injected, caught, brakes what it touches, and is closed by a person."""

from __future__ import annotations

import math
import time
from typing import Any

from alerts.records import Alert
from ledger.times import to_text
from streams.demo.feed import Feed
from streams.demo.plan import DemoPlan
from streams.demo.screen import Screen, figures
from streams.demo.watch import Watch, is_open, place_of
from streams.simulate import Simulation

REFRESH_S = 0.25
WARM_UP_S = 3.0  # the worker joins its group while the world already begins
PATIENCE_S = 30.0  # how long the fault may take to be caught before the demo admits that it was not
HELD_S = 7.0  # how long the caught fault holds what it touches before a person closes it
FLOW_S = 5.0  # how long what was held is seen to flow again before the summary


class Story:
    """Keeps the screen fresh and says what happens; `caught` is the alert about the injected fault."""

    def __init__(self, plan: DemoPlan, screen: Screen, watch: Watch, world: Simulation, feed: Feed) -> None:
        self._plan, self._screen, self._watch, self._world, self._feed = plan, screen, watch, world, feed
        self._end_s = watch.elapsed_s + WARM_UP_S + plan.fault_at_s + PATIENCE_S
        self._close_s = math.inf
        self._injected = False
        self._brakes: dict[str, Alert] = {}
        self._held_by: dict[str, None] = {}
        self.caught: Alert | None = None

    def play(self) -> None:
        """Go on until the fault was caught and closed, or was due long ago."""
        while self._plan.forever or self._watch.elapsed_s < self._end_s:
            fresh = self._watch.fresh_alerts()
            self._screen.refresh(self._watch, self._feed.sent, fresh)
            self._look_for_fault(fresh)
            self._look_at_brakes()
            if self._watch.elapsed_s >= self._close_s:
                self._close()
            time.sleep(REFRESH_S)

    def _look_for_fault(self, fresh: list[Alert]) -> None:
        if self._world.truth and not self._injected:
            self._injected = True
            self._end_s = self._watch.elapsed_s + PATIENCE_S
            self._screen.note(f"INJECTED: {self._world.describe(self._world.truth[0])}")
        if self._injected and self.caught is None:
            self.caught = next((alert for alert in fresh if _is_of(alert, self._world)), None)
            if self.caught is not None:
                self._close_s = self._watch.elapsed_s + HELD_S
                self._end_s = self._close_s + FLOW_S
                alert = self.caught
                self._screen.note(f"CAUGHT: {alert.severity.value} {alert.type}: {alert.explanation}")

    def _look_at_brakes(self) -> None:
        before, self._brakes = self._brakes, self._watch.brakes()
        for alert_id, alert in self._brakes.items():
            if alert_id not in before:
                self._held_by[f"{alert.type} ({place_of(alert)})"] = None
                self._screen.note(f"BRAKE ON: {alert.type} {place_of(alert)}: what touches it is held ({alert_id})")
        for alert_id, alert in before.items():
            if alert_id not in self._brakes:
                self._screen.note(f"BRAKE OFF: {alert.type} {place_of(alert)}: what was held flows again ({alert_id})")

    def _close(self) -> None:
        """Let a person close what holds movements; in a firm it is the end of an investigation."""
        self._close_s = math.inf
        for alert in self._brakes.values():
            self._screen.note(f"A PERSON closes {alert.type} {place_of(alert)}: the difference is understood")
            self._feed.say("control", alert.alert_id, closing(alert, time.time_ns() // 1_000))

    def summary(self) -> None:
        """Say what there was, below the picture."""
        watch, say = self._watch, self._screen.note
        say(figures(watch, self._feed.sent))
        say(self._flow())
        ended = sum(not is_open(alert) for alert in watch.standing.values())
        say(
            f"{len(watch.standing)} alerts opened, {ended} of them closed again, "
            f"{watch.quarantined.total()} records quarantined."
        )
        if not self._world.truth:
            say("NOT SHOWN: no fault was injected in time.")
        elif self.caught is None:
            say(f"NOT CAUGHT by the end: {self._world.describe(self._world.truth[0])}")
        else:
            injected = to_text(self._world.truth[0].injected_at_us)[11:19]
            say(f"The fault of {injected} was caught at {self.caught.opened_at[11:19]} UTC.")

    def _flow(self) -> str:
        now = self._watch.floor.figures()
        held = f" while {', '.join(self._held_by)} was open" if self._held_by else ""
        return (
            f"{now.flowed:,} of {now.judged:,} requests were free of risk and flowed with no person; "
            f"{now.risky:,} waited for people; {now.held:,} were held{held}."
        )


def closing(alert: Alert, at_us: int) -> dict[str, Any]:
    """Return the event by which a person closes an alert."""
    moment = to_text(at_us)
    return {
        "schema_version": 1, "event_id": f"close-{alert.alert_id}", "source": "desk", "event_time": moment,
        "observed_at": moment, "kind": "close", "scope": alert.alert_id, "alert_id": alert.alert_id, "actor": "ann",
        "verdict": "true_positive", "reason": "understood, and put right outside",
    }  # fmt: skip


def _is_of(alert: Alert, world: Simulation) -> bool:
    """Tell whether an alert is about the injected fault: one of its types, at its place."""
    label = world.truth[0]
    scope = alert.scope.to_plain()
    places = {name: value for name, value in label.scope.items() if name in scope}
    return alert.type in label.expected_alert_types and all(scope[name] == value for name, value in places.items())
