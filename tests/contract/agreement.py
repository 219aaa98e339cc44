"""The monitor and the clerk judge the same worlds, and whatever they do not agree on is printed with both verdicts.

    python -m tests.contract.agreement --seeds 20 --movements 5000

A world is a random firm (`tests.contract.random_firms`) or, with `--worlds simulator`, a simulated broker whose requests are
spoilt by chance. The clerk is told every alert that the monitor has said by the time it decides. The exit code is 1
where they differ.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from alerts.records import encode as encode_alert
from streams.monitor import Monitor
from streams.record import Output, Record
from streams.simulate.clerk import Clerk, Label
from tests.contract.random_firms import random_firm
from tests.contract.spoilt import spoilt

Json = dict[str, Any]
Event = tuple[str, Json]  # topic, value


@dataclass
class Agreement:
    """How far the two agree on first verdicts; a difference names the movement and both verdicts."""

    decisions: int = 0
    differences: list[str] = field(default_factory=list)
    outcomes: Counter[tuple[str, ...]] = field(default_factory=Counter)  # sets of failing rules, as the clerk has them
    quarantined: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)

    def failures(self) -> Counter[str]:
        """Return how often each rule failed."""
        count: Counter[str] = Counter()
        for rules, times in self.outcomes.items():
            count.update(dict.fromkeys(rules, times))
        return count


def compare(events: Iterable[Event]) -> Agreement:
    """Let both hear the same events, in order, and compare what they say first about each movement."""
    monitor, clerk, found = Monitor(), Clerk(), Agreement()
    for topic, value in events:
        outputs = monitor.step(Record(topic=topic, value=json.dumps(value).encode()))
        before, verdicts, after = _in_order(outputs)
        _tell(clerk, before, found)
        labels = clerk.hear(topic, value)
        _tell(clerk, after, found)
        _settle(found, {verdict.transfer_id: verdict for verdict in verdicts}, labels)
    return found


def _in_order(outputs: list[Output]) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the alerts before the first verdict, the first verdicts, and the alerts after; without one, all are after."""
    place = next((number for number, output in enumerate(outputs) if _is_first(output)), 0)
    alerts = [
        (number, output.value) for number, output in enumerate(outputs) if output.topic in ("alerts", "quarantine")
    ]
    before = [value for number, value in alerts if number < place]
    return before, [o.value for o in outputs if _is_first(o)], [value for number, value in alerts if number >= place]


def _is_first(output: Output) -> bool:
    return output.topic == "decisions" and output.value.seq == 0


def _tell(clerk: Clerk, said: list[Any], found: Agreement) -> None:
    for value in said:
        if hasattr(value, "code"):
            found.quarantined[value.code] += 1
            continue
        record = json.loads(encode_alert(value))
        found.alerts[record["type"]] += record["seq"] == 0
        clerk.hear_alert(record)


def _settle(found: Agreement, verdicts: dict[str, Any], labels: list[Label]) -> None:
    by_clerk = {label.transfer_id: label for label in labels}
    for name in dict.fromkeys([*by_clerk, *verdicts]):
        found.decisions += 1
        label, verdict = by_clerk.get(name), verdicts.get(name)
        found.outcomes[label.failed_rules if label else ("none",)] += 1
        ours = label and (label.risk_class, label.action, label.failed_rules)
        theirs = verdict and (verdict.risk_class, verdict.action, tuple(one.rule for one in verdict.failed_rules))
        if ours != theirs:
            why = [f"{one.rule}: {one.why}" for one in verdict.failed_rules] if verdict else []
            found.differences.append(f"{name}: the clerk says {ours}, the monitor {theirs} {why}")


def simulated(seed: int, movements: int) -> Iterator[Event]:
    """Yield the events of a simulated broker with about so many movements to decide, some of them spoilt."""
    return spoilt(seed, movements)


def firms(seed: int, movements: int) -> Iterator[Event]:
    """Yield the events of a random firm with so many requests."""
    return iter(random_firm(seed, movements))


WORLDS = {"firms": firms, "simulator": simulated}


def main(argv: list[str] | None = None) -> int:
    """Compare over seeds, print a line for each, and return 1 where they differ."""
    wanted = _parser().parse_args(argv)
    differing = decisions = 0
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        began = time.perf_counter()
        found = compare(WORLDS[wanted.worlds](seed, wanted.movements))
        decisions, differing = decisions + found.decisions, differing + len(found.differences)
        rules = " ".join(
            f"{rule} {times}" for rule, times in sorted(found.failures().items(), key=lambda one: int(one[0][1:]))
        )
        free = found.outcomes[()]
        print(
            f"seed {seed}: {found.decisions - len(found.differences)}/{found.decisions} agree, {free} free of risk; {rules} "
            f"({time.perf_counter() - began:.0f} s)",
            flush=True,
        )
        for difference in found.differences[: wanted.show]:
            print(f"  {difference}")
        if wanted.verbose:
            print(f"  alerts {dict(found.alerts)}, quarantined {dict(found.quarantined)}")
    print(
        f"{decisions - differing} of {decisions} first verdicts agree ({(decisions - differing) / max(decisions, 1):.4%})"
    )
    return 1 if differing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.agreement", description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="worlds (20)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--movements", type=int, default=5_000, help="requests in a world (5000)")
    parser.add_argument("--worlds", choices=sorted(WORLDS), default="firms")
    parser.add_argument("--show", type=int, default=5, help="differences printed for each world (5)")
    parser.add_argument("--verbose", action="store_true", help="say which alerts were open and what was quarantined")
    return parser


if __name__ == "__main__":
    sys.exit(main())
