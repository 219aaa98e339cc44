"""One world with one scenario through the monitor: what was injected, what was said, and when it could be known."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.records import Alert
from streams.monitor import Monitor
from streams.monitor.outputs import Decision
from streams.record import Record
from streams.simulate import FAULTS, Label, SimEvent, Simulation, WorldConfig
from streams.simulate.catalogue import SOURCES
from streams.simulate.units import time_text

HOURS, TRANSFERS_PER_DAY = 6, 4_800
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass
class Run:
    """A world that was run: the labels of what was injected, and every alert as it opened and as it stands, every decision."""

    name: str
    seed: int
    events: int = 0
    labels: list[Label] = field(default_factory=list)
    opened: list[Alert] = field(default_factory=list)
    last: dict[str, Alert] = field(default_factory=dict)
    worst: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict
    )  # by alert: (severity, updated_at) of each record
    arrivals: dict[str, str] = field(default_factory=dict)  # of the events named in labels, and of all where few
    decisions: dict[str, list[Decision]] = field(default_factory=dict)  # by movement, in order
    marks: list[tuple[str, str]] = field(default_factory=list)  # (everybody's watermark, when it was heard)

    def delivered_at(self, moment: str) -> str | None:
        """Return when all sources had delivered up to `moment`; None where they never did."""
        index = bisect_left(self.marks, (moment, ""))
        return self.marks[index][1] if index < len(self.marks) else None


def world_of(name: str, seed: int, *, times: float = 1.0) -> WorldConfig:
    """Return the world in which a scenario plays: six hours and 1,200 transfers, unless it needs another.

    It is as busy as usual, or so many `times` as busy.
    """
    usual: dict[str, Any] = {"duration_s": HOURS * 3_600.0, "transfers_per_day": TRANSFERS_PER_DAY}
    world = {**usual, **FAULTS[name].world}
    return WorldConfig(seed=seed, **{**world, "transfers_per_day": round(times * world["transfers_per_day"])})


def run(name: str, seed: int) -> Run:
    """Play one scenario, or look-alike, in a world of its own."""
    return play(Simulation(world_of(name, seed), [name]), name, seed)


def play(simulation: Simulation, name: str, seed: int) -> Run:
    """Let a monitor hear a whole world."""
    result, monitor = Run(name, seed), Monitor()
    watermarks = dict.fromkeys(SOURCES, "")
    for event in simulation.events():
        result.events += 1
        result.arrivals.setdefault(event.value["event_id"], event.value["observed_at"])
        _note_watermark(result, watermarks, event)
        for output in monitor.step(Record(event.topic, _encode(event.value).encode())):
            if output.topic == "alerts":
                _note_alert(result, output.value)
            elif output.topic == "decisions":
                result.decisions.setdefault(output.value.transfer_id, []).append(output.value)
        if not result.events % 1_000:
            monitor.forget_changes()
    result.labels = simulation.truth
    return result


def _note_alert(result: Run, alert: Alert) -> None:
    if alert.seq == 0:
        result.opened.append(alert)
    result.last[alert.alert_id] = alert
    result.worst.setdefault(alert.alert_id, []).append((alert.severity.value, moment(alert.updated_at)))


def _note_watermark(result: Run, watermarks: dict[str, str], event: SimEvent) -> None:
    value = event.value
    if value.get("kind") != "heartbeat" or value["of_source"] not in watermarks:
        return
    watermarks[value["of_source"]] = max(watermarks[value["of_source"]], moment(value["watermark"]))
    everybody = min(watermarks.values())
    if not result.marks or everybody > result.marks[-1][0]:
        result.marks.append((everybody, moment(value["observed_at"])))


def moment(text: str) -> str:
    """Return a moment in a form in which texts sort as moments do."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return f"{whole}.{rest:0<6}Z"


def later(text: str, seconds: float) -> str:
    """Return the moment some seconds after another, in the form of `moment`."""
    at = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    return moment(at.isoformat().replace("+00:00", "Z"))


def seconds_between(start: str, end: str) -> float:
    """Return the seconds from one moment to another."""
    first, last = (datetime.fromisoformat(text) for text in (start, end))
    return (last - first).total_seconds()


def injected_at(label: Label) -> str:
    return moment(time_text(label.injected_at_us))
