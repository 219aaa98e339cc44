"""`make clean-days`: a month in which nothing is wrong, with every legitimate pattern, and whatever the monitor says of it.

    python -m tests.scenarios.clean --days 30 --transfers-per-day 5000 --seeds 1 --patterns all

Each day is a line of counts by severity, each P1 and P2 is printed with its explanation and the patterns that its ids
name, and the totals by type follow. An alert counts at its worst, on the day on which it opened. Then follows what was
decided: how many requests were ever held, for which rules and for how long. The exit code is 1 where a world had more than
one P1 in all, more than five P2 on a day, or more than one request in a thousand held.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alerts.records import Alert
from streams.monitor import Monitor
from streams.record import Output, Record
from streams.simulate import PATTERNS, SimEvent, Simulation, WorldConfig
from streams.simulate.patterns.registry import ALL
from tests.scenarios.decided import Decided

P1_MAX, P2_A_DAY_MAX = 1, 5
HELD_SHARE_MAX = 0.001
_DAY_S = 86_400
_OF_PATTERN = re.compile(r"-p(\d\d)-")
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


@dataclass
class Said:
    """An alert at its worst. `numbers` are those of the patterns that its words, scope and evidence name by their ids."""

    type: str
    severity: str
    opened_at: str
    explanation: str
    numbers: list[int]

    def line(self) -> str:
        names = {kind.number: name for name, kind in PATTERNS.items()}
        of = ", ".join(f"{number} {names[number]}" for number in self.numbers) or "no pattern's ids"
        return f"  {self.severity} {self.type} {self.opened_at} [{of}] {self.explanation}"


@dataclass
class Month:
    """What was said of a clean world, by alert, and how many events it had."""

    events: int = 0
    said: dict[str, Said] = field(default_factory=dict)
    decided: Decided = field(default_factory=Decided)

    def by_day(self) -> dict[str, Counter[str]]:
        """Return the counts by severity of each day on which anything was said."""
        days: dict[str, Counter[str]] = {}
        for said in self.said.values():
            days.setdefault(said.opened_at[:10], Counter())[said.severity] += 1
        return dict(sorted(days.items()))

    def from_severity(self, least: str) -> list[Said]:
        """Return what was said with this severity or worse, in order of its opening."""
        return sorted((said for said in self.said.values() if said.severity <= least), key=lambda said: said.opened_at)

    def count(self, severity: str) -> int:
        return sum(said.severity == severity for said in self.said.values())

    @property
    def is_noisy(self) -> bool:
        """Whether more was said, or held, than a desk can bear."""
        is_loud = self.count("P1") > P1_MAX or any(day["P2"] > P2_A_DAY_MAX for day in self.by_day().values())
        return is_loud or self.decided.held_share > HELD_SHARE_MAX

    def note(self, alert: Alert) -> None:
        """Keep an alert at its worst."""
        known = self.said.get(alert.alert_id)
        severity = alert.severity.value
        if known is None or severity < known.severity:
            text = " ".join((alert.explanation, *alert.scope.to_plain().values(), *alert.evidence))
            numbers = sorted({int(number) for number in _OF_PATTERN.findall(text)})
            self.said[alert.alert_id] = Said(alert.type, severity, alert.opened_at, alert.explanation, numbers)


def live_through(config: WorldConfig) -> Month:
    """Let a monitor hear a whole world, keeping nothing of its events."""
    month = Month()
    for event, outputs in listen(Monitor(), Simulation(config).events()):
        month.events += 1
        month.decided.hear(event)
        for output in outputs:
            if output.topic == "alerts":
                month.note(output.value)
            elif output.topic == "decisions":
                month.decided.note(output.value)
    return month


def listen(monitor: Monitor, events: Iterable[SimEvent]) -> Iterator[tuple[SimEvent, list[Output]]]:
    """Give a monitor one event after another; yield each with what it says to it."""
    for number, event in enumerate(events, start=1):
        outputs = monitor.step(Record(event.topic, _encode(event.value).encode()))
        if not number % 1_000:
            monitor.forget_changes()
        yield event, outputs


def hear(monitor: Monitor, events: Iterable[SimEvent]) -> Iterator[list[Alert]]:
    """Give a monitor one event after another; yield the alerts that it says to each."""
    for _, outputs in listen(monitor, events):
        yield [output.value for output in outputs if output.topic == "alerts"]


def main(argv: list[str] | None = None) -> int:
    """Live through the worlds, print what was said, and return 1 where it was too much."""
    wanted = _parser().parse_args(argv)
    noisy = False
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        config = WorldConfig(
            seed=seed, duration_s=wanted.days * _DAY_S, transfers_per_day=wanted.transfers_per_day,
            clients=wanted.clients, patterns=tuple(wanted.patterns),
        )  # fmt: skip
        month = live_through(config)
        _print(seed, month, wanted.least)
        noisy = noisy or month.is_noisy
    return 1 if noisy else 0


def _print(seed: int, month: Month, least: str) -> None:
    print(f"seed {seed}: {month.events:,} events, {len(month.said):,} alerts")
    urgent = month.from_severity(least)
    for day, counts in month.by_day().items():
        print(day, " ".join(f"{severity} {counts[severity]}" for severity in ("P1", "P2", "P3", "P4")))
        for said in urgent:
            if said.opened_at.startswith(day):
                print(said.line())
    types = Counter((said.type, said.severity) for said in month.said.values())
    for (kind, severity), count in sorted(types.items(), key=lambda entry: (entry[0][1], -entry[1], entry[0][0])):
        print(f"{count:>6} {severity} {kind}")
    for line in month.decided.lines():
        print(line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.clean", description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=float, default=30.0, help="length of each world in days (30)")
    parser.add_argument("--transfers-per-day", type=int, default=5_000, metavar="N")
    parser.add_argument("--clients", type=int, default=40, metavar="N")
    parser.add_argument("--seeds", type=int, default=1, help="how many worlds (1)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument(
        "--patterns", nargs="*", default=[ALL], choices=[*sorted(PATTERNS), ALL], metavar="NAME",
        help="legitimate patterns that happen (all of them)",
    )  # fmt: skip
    parser.add_argument(
        "--least", default="P2", choices=["P1", "P2", "P3", "P4"], help="print alerts of this severity or worse (P2)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
