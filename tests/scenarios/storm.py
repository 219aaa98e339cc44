"""Does a storm of late events change anything? The world of S30 as it arrives, and the same facts once each and in order.

    python -m tests.scenarios.storm --seeds 5

A source that is silent for hours and then delivers everything at once, out of order and partly twice, must leave the
same positions and the same open alerts as if all had come when it happened, and say nothing urgent but that the source
was silent. A row says how both runs of a seed compare; what differs is listed below it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from alerts.records import Alert, AlertState
from streams.monitor import Monitor
from streams.monitor.report import position_rows
from streams.simulate import SimEvent, Simulation
from streams.simulate.units import moment_us
from tests.scenarios.clean import hear
from tests.scenarios.runs import world_of

SCENARIO = "late_storm"
_STANDING = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
_URGENT = ("P1", "P2")
_LISTED = 10
Known = tuple[str, str]  # type, scope


@dataclass(frozen=True)
class Ending:
    """How a run ends: its positions, its open alerts with what they say, and all that was urgent on the way."""

    events: int
    positions: frozenset[str]
    standing: dict[Known, str]
    urgent: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The storm against the same facts in order; `urgent` is what the storm raised besides the silence itself."""

    seed: int
    storm: Ending
    in_order: Ending
    facts_lost: tuple[str, ...]

    @property
    def urgent(self) -> tuple[str, ...]:
        return tuple(said for said in self.storm.urgent if " source_silent " not in said)

    def differences(self) -> Iterator[str]:
        """Yield what the storm changed, a line each."""
        for event_id in self.facts_lost:
            yield f"in one of the worlds only: event {event_id}"
        yield from (f"after the storm only: {row}" for row in sorted(self.storm.positions - self.in_order.positions))
        yield from (f"in order only: {row}" for row in sorted(self.in_order.positions - self.storm.positions))
        yield from _only("after the storm", self.storm.standing, self.in_order.standing)
        yield from _only("in order", self.in_order.standing, self.storm.standing)
        yield from (f"false in the storm: {said}" for said in self.urgent)


def _only(where: str, some: dict[Known, str], others: dict[Known, str]) -> Iterator[str]:
    for kind, scope in sorted(some.keys() - others.keys()):
        yield f"open {where} only: {kind} {scope} {some[kind, scope]}"


def compare(seed: int) -> Comparison:
    """Run both worlds of a seed to their ends."""
    config = world_of(SCENARIO, seed)
    stormy, calm = (list(Simulation(config, faults).events()) for faults in ([SCENARIO], []))
    lost = _facts(stormy) ^ _facts(calm)
    return Comparison(seed, _end_of(stormy), _end_of(in_order(calm)), tuple(sorted(lost)))


def in_order(events: Iterable[SimEvent]) -> list[SimEvent]:
    """Return each event once, in the order in which they happened, arriving at that very moment."""
    first: dict[str, SimEvent] = {}
    for event in events:
        first.setdefault(event.value["event_id"], event)
    moved = [
        SimEvent(
            moment_us(event.value["event_time"]), event.topic, event.key,
            {**event.value, "observed_at": event.value["event_time"]},
        )
        for event in first.values()
    ]  # fmt: skip
    return sorted(moved, key=lambda event: event.observed_at_us)


def _facts(events: Iterable[SimEvent]) -> set[str]:
    """Return the ids of what happened; heartbeats are no facts, and the silent source sends none."""
    return {event.value["event_id"] for event in events if event.value.get("kind") != "heartbeat"}


def _end_of(events: list[SimEvent]) -> Ending:
    monitor = Monitor()
    last: dict[str, Alert] = {}
    urgent: dict[str, str] = {}
    for alerts in hear(monitor, events):
        for alert in alerts:
            last[alert.alert_id] = alert
            if alert.severity.value in _URGENT:
                urgent.setdefault(
                    alert.alert_id, f"{alert.severity} {alert.type} {alert.opened_at} {alert.explanation}"
                )
    positions = frozenset(msgspec.json.encode(row).decode() for row in position_rows(monitor.state))
    standing = {
        (alert.type, msgspec.json.encode(alert.scope.to_plain(), order="sorted").decode()): alert.explanation
        for alert in last.values()
        if alert.state in _STANDING
    }
    return Ending(len(events), positions, standing, tuple(urgent.values()))


def main(argv: list[str] | None = None) -> int:
    """Compare the worlds, print what differs, and return 1 where anything does."""
    wanted = _parser().parse_args(argv)
    differ = False
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        result = compare(seed)
        found = list(result.differences())
        verdict = f"{len(found)} differences" if found else "the same"
        print(
            f"seed {seed}: {result.storm.events:,} events in the storm, {result.in_order.events:,} in order; "
            f"{len(result.storm.positions)} positions, {len(result.storm.standing)} open alerts; {verdict}"
        )
        for line in found[:_LISTED]:
            print(f"  {line}")
        differ = differ or bool(found)
    return 1 if differ else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.storm", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many worlds (5)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
