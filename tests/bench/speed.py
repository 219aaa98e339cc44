"""How fast replay reads, as a ratio to `json.loads` over the same lines: a figure that machines agree on.

Both run in one process, in turns, and are measured in processor time, so that what else a machine does weighs little;
each figure is the median of its rounds. The stages are timed in a pass of their own, on the wall clock.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from streams.lines import parse_line
from streams.monitor import Monitor
from streams.record import Output
from streams.replay import replay
from streams.simulate.config import WorldConfig
from streams.simulate.simulation import Simulation, write
from streams.simulate.units import DAY_S
from tests.bench import berka
from tests.bench.stages import Stopwatch, cost_of_a_call_ns
from tests.bench.stream import read_lines

ROUNDS = 7
QUICK_ROUNDS = 3
RATIO_TO_BEAT = 0.2
SIMULATED_SEED = 7
SIMULATED_TRANSFERS_PER_DAY = 5_000


@dataclass(slots=True)
class Speed:
    """Seconds of processor time of every round over the same lines."""

    lines: int
    replay_seconds: list[float] = field(default_factory=list)
    json_seconds: list[float] = field(default_factory=list)

    @property
    def replay_us(self) -> float:
        """Median microseconds an event of replay."""
        return median(self.replay_seconds) / self.lines * 1e6

    @property
    def json_us(self) -> float:
        """Median microseconds a line of `json.loads`."""
        return median(self.json_seconds) / self.lines * 1e6

    @property
    def ratio(self) -> float:
        """Events per second of replay over those of `json.loads`."""
        return self.json_us / self.replay_us


def measure(lines: list[bytes], rounds: int) -> Speed:
    """Time both loops over `lines` in turns."""
    speed = Speed(len(lines))
    for _ in range(rounds):
        speed.json_seconds.append(_json_seconds(lines))
        speed.replay_seconds.append(_replay_seconds(lines))
    return speed


def _json_seconds(lines: list[bytes]) -> float:
    start = process_time()
    for line in lines:
        json.loads(line)
    return process_time() - start


def _replay_seconds(lines: list[bytes]) -> float:
    monitor = Monitor()
    start = process_time()
    replay(monitor, map(parse_line, lines), _ignore)
    return process_time() - start


def _ignore(output: Output) -> None:
    return None


def stages(lines: list[bytes]) -> tuple[dict[str, float], float]:
    """Return the microseconds an event by stage, and how much of their sum the clock itself takes."""
    watch = Stopwatch()
    with watch.attached():
        monitor = Monitor()
        start = perf_counter()
        replay(monitor, map(watch.wrap("parse", parse_line), lines), _ignore)
        whole_us = (perf_counter() - start) * 1e6
    spent = {stage: nanoseconds / 1e3 / len(lines) for stage, nanoseconds in watch.spent_ns.items()}
    spent["rest"] = whole_us / len(lines) - sum(spent.values())
    return spent, watch.calls * cost_of_a_call_ns() / 1e3 / len(lines)


def main(*, quick: bool) -> int:
    """Print the figures; return 2 if the data is not there, else 0: a busy machine is no failure."""
    try:
        path = berka.data_path()
    except berka.MissingDataError as error:
        print(f"bench: {error}")
        return 2
    rounds = QUICK_ROUNDS if quick else ROUNDS
    _report(f"Speed, {path.name}", read_lines(path), rounds)
    print()
    world = f"Speed, a simulated day of {SIMULATED_TRANSFERS_PER_DAY:,} transfers (seed {SIMULATED_SEED})"
    _report(world, simulated_days(), rounds)
    return 0


def simulated_days(days: int = 1) -> list[bytes]:
    """Return the lines of so many simulated days."""
    config = WorldConfig(seed=SIMULATED_SEED, transfers_per_day=SIMULATED_TRANSFERS_PER_DAY, duration_s=days * DAY_S)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.jsonl"
        write(Simulation(config, []), path)
        return read_lines(path)


def _report(title: str, lines: list[bytes], rounds: int) -> None:
    speed = measure(lines, rounds)
    print(f"{title}: {len(lines):,} lines, median of {rounds} rounds in turns")
    print(f"  replay/json.loads events per second: {speed.ratio:.2f} (to beat: {RATIO_TO_BEAT})")
    print(f"  replay     {speed.replay_us:6.1f} us an event, {1e6 / speed.replay_us:>8,.0f} events/s")
    print(f"  json.loads {speed.json_us:6.1f} us a line,   {1e6 / speed.json_us:>8,.0f} lines/s")
    spent, clock_us = stages(lines)
    shown = ", ".join(f"{stage} {us:.1f}" for stage, us in spent.items())
    print(f"  us an event by stage, in a pass of its own: {shown}")
    print(f"  (of these the clock of the stages itself takes about {clock_us:.1f})")
