"""Does a busier firm hide its incidents? Every scenario in its usual world, and in one with half as much again going on.

    python -m tests.scenarios.load --seed 1

Of each world: whether the scenario was found in time, as late as that, whether its look-alike was quiet, how many of the
urgent alerts (P1, P2) were about what was injected, and on how many movements the clerk and the monitor agree. The exit
code is 1 where the busier world does worse in any of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool

from rich.console import Console
from rich.table import Table

from streams.simulate import FAULTS, Simulation
from tests.contract.agreement import compare
from tests.scenarios.runs import Run, injected_at, moment, play, world_of
from tests.scenarios.verdicts import Verdict, judge, touches

URGENT = ("P1", "P2")
TIMES = 1.5
FOLLOWING = ("brake_applied", "alert_storm")  # what is told of how the monitor itself deals with an incident


@dataclass(frozen=True)
class Outcome:
    """One world: the verdict on it, its urgent alerts and those about what was injected, and how far clerk and monitor agree."""

    verdict: Verdict
    events: int
    urgent: int
    right: int
    decisions: int
    agreed: int


@dataclass(frozen=True)
class Total:
    """All worlds of one volume together."""

    found: int
    urgent: int
    right: int
    decisions: int
    agreed: int
    events: int

    @property
    def precision(self) -> float:
        return self.right / self.urgent if self.urgent else 1.0

    @property
    def agreement(self) -> float:
        return self.agreed / self.decisions if self.decisions else 1.0

    def is_worse_than(self, other: Total) -> bool:
        """Whether less was found, more of what was said was false, or fewer decisions were agreed upon."""
        return self.found < other.found or self.precision < other.precision or self.agreement < other.agreement


def live_through(name: str, seed: int, times: float) -> Outcome:
    """Play a scenario, or a look-alike, in a world of so many times the usual volume."""
    config = world_of(name, seed, times=times)
    run = play(Simulation(config, [name]), name, seed)
    found = compare((event.topic, event.value) for event in Simulation(config, [name]).events())
    said = _urgent(run)
    agreed = found.decisions - len(found.differences)
    return Outcome(judge(run), run.events, len(said), sum(said.values()), found.decisions, agreed)


def _urgent(run: Run) -> dict[str, bool]:
    """Return the urgent alerts since the injection by id, and whether each is about what was injected."""
    found: dict[str, bool] = {}
    since = min(map(injected_at, run.labels), default="")
    for alert in run.last.values():
        if moment(alert.opened_at) >= since and min(severity for severity, _ in run.worst[alert.alert_id]) in URGENT:
            found[alert.alert_id] = any(
                alert.type in (*label.expected_alert_types, *label.possible_alert_types, *FOLLOWING)
                and touches(run, label, alert)
                for label in run.labels
            )
    return found


def total(outcomes: Iterable[Outcome]) -> Total:
    """Add up the worlds of one volume."""
    worlds = list(outcomes)
    return Total(
        sum(world.verdict.passed for world in worlds), sum(world.urgent for world in worlds),
        sum(world.right for world in worlds), sum(world.decisions for world in worlds),
        sum(world.agreed for world in worlds), sum(world.events for world in worlds),
    )  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Play the worlds, print a row for each and the totals, and return 1 where more volume made things worse."""
    wanted = _parser().parse_args(argv)
    names = [name for name in FAULTS if FAULTS[name].number and _is_wanted(name, wanted.only)]
    jobs = [(name, wanted.seed, times) for name in names for times in (1.0, wanted.times)]
    with Pool(wanted.processes) as pool:
        outcomes = dict(zip(jobs, pool.starmap(live_through, jobs, chunksize=1), strict=True))
    of = partial(_of, outcomes, wanted.seed)
    _print(names, wanted.times, of)
    before, after = (total(of(name, times) for name in names) for times in (1.0, wanted.times))
    for times, sums in ((1.0, before), (wanted.times, after)):
        print(
            f"{times:g} times the volume: {sums.events:,} events, {sums.found}/{len(names)} as they should be, "
            f"precision {sums.precision:.3f} ({sums.right}/{sums.urgent}), decisions {sums.agreed:,}/{sums.decisions:,}"
        )
    return 1 if after.is_worse_than(before) else 0


def _of(outcomes: dict[tuple[str, int, float], Outcome], seed: int, name: str, times: float) -> Outcome:
    return outcomes[name, seed, times]


def _print(names: list[str], times: float, of: partial[Outcome]) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "scenario", "as it should be", "delay s", "urgent, right", "decisions agreed"):
        table.add_column(heading, justify="left" if heading in ("", "scenario") else "right")
    for name in sorted(names, key=lambda name: (FAULTS[name].number, name)):
        pair = of(name, 1.0), of(name, times)
        table.add_row(
            FAULTS[name].number,
            name,
            " | ".join("yes" if world.verdict.passed else "NO" for world in pair),
            " | ".join(f"{world.verdict.delay_s:.1f}" if world.verdict.alert_type else "-" for world in pair),
            " | ".join(f"{world.right}/{world.urgent}" for world in pair),
            " | ".join(f"{world.agreed}/{world.decisions}" for world in pair),
        )
    Console(width=140).print(table)


def _is_wanted(name: str, only: list[str]) -> bool:
    return not only or name in only or FAULTS[name].number in only or FAULTS[name].lookalike_of in only


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="the seed of every world (1)")
    parser.add_argument("--times", type=float, default=TIMES, help="how many times the usual volume (1.5)")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="a scenario, or its number")
    parser.add_argument("--processes", type=int, default=2)
    return parser


if __name__ == "__main__":
    sys.exit(main())
