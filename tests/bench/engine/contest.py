"""Contestants run one after the other, each as a process of its own, in rounds; and the table of what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import msgspec

from tests.bench.engine.result import Result, Task

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 900
MANY_TARGET = 0.8  # Driftline's events/s with many accounts over those with few


@dataclass(frozen=True)
class Contestant:
    """One of those that are measured: `share` of the events is what it gets, so that the slow ones end in time."""

    name: str
    module: str
    title: str
    share: float = 1.0
    option: str = ""
    is_rival: bool = False  # runs in the environment of the rivals


@dataclass
class Tried:
    """What one contestant said in all rounds."""

    contestant: Contestant
    results: list[Result] = field(default_factory=list)

    def rates(self, seconds: Callable[[Result], float] = lambda result: result.seconds) -> list[float]:
        """Return the events per second of each round."""
        return [result.events / seconds(result) for result in self.results]

    @property
    def rate(self) -> float:
        return median(self.rates())

    @property
    def processor_us(self) -> float:
        """Return the median microseconds of processor time for an event."""
        return median(result.processor_seconds / result.events * 1e6 for result in self.results)


def run(contestant: Contestant, task: Task, python: Path) -> Result:
    """Let a contestant do a task; fail with what it said where it does not."""
    with tempfile.TemporaryDirectory() as folder:
        argument = msgspec.json.encode(msgspec.structs.replace(task, folder=folder, option=contestant.option)).decode()
        done = subprocess.run(
            [str(python), "-m", f"tests.bench.engine.{contestant.module}", argument],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(f"{contestant.name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Result)


def own_python() -> Path:
    return Path(sys.executable)


def agree(tried: Iterable[Tried]) -> list[str]:
    """Return a line for each disagreement about what came of equally many events: what is fast and wrong is not fast."""
    wrong: list[str] = []
    first: dict[int, tuple[str, int, int]] = {}
    for one in tried:
        for result in one.results:
            name, said, units = first.setdefault(result.events, (one.contestant.name, result.said, result.units))
            if (said, units) != (result.said, result.units):
                wrong.append(
                    f"{one.contestant.name} says {result.said} outputs and {result.units} units, {name} {said} and {units}"
                )
    return wrong


def table(tried: Iterable[Tried]) -> str:
    """Return the figures of each contestant: the median of its rounds, the least and the most, and processor time."""
    lines = [f"  {'':34}{'events/s':>10}{'least':>10}{'most':>10}{'cpu us':>8}{'start s':>9}"]
    for one in tried:
        rates = one.rates()
        start = median(result.startup_seconds for result in one.results)
        lines.append(
            f"  {one.contestant.title:34}{one.rate:>10,.0f}{min(rates):>10,.0f}{max(rates):>10,.0f}"
            f"{one.processor_us:>8.2f}{start:>9.1f}"
        )
    return "\n".join(lines)


def ratio_of(ours: Tried, theirs: Tried, target: float | None) -> str:
    """Return how much faster one is than another, as the median of the rounds' ratios, beside its target."""
    ratios = [mine / other for mine, other in zip(ours.rates(), theirs.rates(), strict=True)]
    ratio = median(ratios)
    said = "" if target is None else f"  target {target:g}: {'met' if ratio >= target else 'NOT met'}"
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    return f"  Driftline / {theirs.contestant.title:34}{ratio:8.2f} {spread:18}{said}"


def many_over_few(few: Iterable[Tried], many: Iterable[Tried]) -> list[str]:
    """Return a line for each contestant: its speed with many accounts over that with few, Driftline's beside its target."""
    lines: list[str] = []
    for one, other in zip(few, many, strict=True):
        ratio = median(more / less for more, less in zip(other.rates(), one.rates(), strict=True))
        said = ""
        if one.contestant.name == "driftline":
            said = f"  target {MANY_TARGET:g}: {'met' if ratio >= MANY_TARGET else 'NOT met'}"
        lines.append(f"  {one.contestant.title:46}{ratio:8.2f} {said}")
    return lines
