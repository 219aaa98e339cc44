"""One thing that happens to a small run, at the place where it hurts; and a table of the planted defects it shows.

``python -m tests.chaos.directed`` plays every defect and its scenario without it, and exits 1 where a defect goes by
unseen three times, or a scenario is wrong without one.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.checker import check
from tests.chaos.defects import DEFECTS, Scenario
from tests.chaos.feeder import Feeder
from tests.chaos.fleet import Fleet, Worker, is_stopped
from tests.chaos.rest import rest
from tests.chaos.run import chaos_settings
from tests.chaos.spool import Heads
from tests.chaos.topics import create_topics
from tests.chaos.verdict import Verdict
from tests.chaos.worker import DEFECT, FREEZE, LINGER, MODULE, READING
from tests.kafka.broker import KafkaBroker

EVENTS = 1_000
SESSION_SECONDS = 2.0
REST_SECONDS = 45.0
FROZEN_AT = "checkpoint.confirmed:3"  # nothing is asked between that and the write
FIRST_SECONDS = 60.0
PLAYS_MAX = 3  # of a defect that goes by unseen: what a crash meets is a matter of moments on a busy machine
BY_CHANCE = ("opened_twice",)  # needs a rebalance at the right moment: shown once in four plays, so played by name only


def play(address: str, folder: Path, prefix: str, scenario: Scenario, defect: str = "") -> Verdict:
    """Play a scenario, with a defect or without, and return the verdict; one that never comes to rest is wrong too."""
    settings = chaos_settings(
        address, prefix, **{"session_timeout_seconds": SESSION_SECONDS, "input_partitions": 1, **scenario.settings}
    )
    create_topics(settings)
    environment = {
        DEFECT: defect, LINGER: str(scenario.linger_ms), READING: str(scenario.read_seconds),
    }  # fmt: skip
    feeder = Feeder(settings, 5, EVENTS, scenario.per_second)
    unrest = ""
    with Fleet(settings, folder, 0, MODULE, environment=environment) as fleet, Heads(settings) as heads, feeder:
        try:
            fleet.arms.extend([scenario.arm] * (scenario.crashes - 1))
            fleet.next_environments[0] = {FREEZE: FROZEN_AT} if scenario.event == "zombie" else {}
            first = fleet.add(scenario.arm)
            _happen(scenario, fleet, first, heads)
            fleet.disarm()
            feeder.hurry()
            rest(settings, feeder, fleet, heads, REST_SECONDS)
        except AssertionError as problem:
            unrest = str(problem)
        fleet.stop_all()
    verdict = check(settings)
    if unrest:
        verdict.wrong("no rest", unrest)
    if scenario.arm and f"kill at {scenario.arm.partition(':')[0]}" not in fleet.ends:
        verdict.wrong("no crash", f"{scenario.arm} was never reached: {fleet.ends}, {fleet.findings}")
    return verdict


def _happen(scenario: Scenario, fleet: Fleet, first: Worker, heads: Heads) -> None:
    if scenario.event == "crash":
        until(lambda: fleet.ends.total() >= scenario.crashes, f"{scenario.arm} is not reached")
        return
    if scenario.event == "zombie":
        zombie(fleet, first, heads)
        return
    advance(heads, 2)
    if scenario.event == "guest":
        for _ in range(3):
            guest = fleet.add(is_wanted=False)
            time.sleep(5.0)
            fleet.remove(guest, signal.SIGKILL)
            advance(heads, 2)
    else:
        for _ in range(2):
            fleet.stop(first)
            advance(heads, 2)


def zombie(fleet: Fleet, first: Worker, heads: Heads) -> None:
    """Let the holder freeze itself with a checkpoint to be written, let another take over, and wake it."""
    until(lambda: is_stopped(first.process.pid), "it does not freeze")
    fleet.add()
    advance(heads, 3)
    first.process.send_signal(signal.SIGCONT)
    time.sleep(2.0)
    advance(heads, 2)


def advance(heads: Heads, times: int) -> None:
    """Wait until so many more checkpoints are there."""
    heads.position()
    due = heads.count + times
    until(lambda: heads.position() >= 0 and heads.count >= due, "no checkpoints are written")


def until(holds: Callable[[], bool], sentence: str) -> None:
    """Wait until something holds; fail with the sentence after a minute."""
    deadline = time.monotonic() + FIRST_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(sentence)
        time.sleep(0.05)


def main() -> int:
    """Play the defects that are asked for, all of them unless named, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.directed", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="DEFECT", help=", ".join(DEFECTS))
    parser.add_argument("--at-once", type=int, default=2, help="how many are played side by side")
    parser.add_argument("--folder", type=Path, help="where what the workers say is kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with KafkaBroker(folder / "broker") as broker:
            return _table(
                broker.address,
                folder,
                asked.names or [name for name in DEFECTS if name not in BY_CHANCE],
                asked.at_once,
            )


def _table(address: str, folder: Path, names: Sequence[str], at_once: int) -> int:
    scenarios: list[Scenario] = []
    for name in names:
        if DEFECTS[name].scenario not in scenarios:
            scenarios.append(DEFECTS[name].scenario)
    plays = [("", scenario) for scenario in scenarios] + [(name, DEFECTS[name].scenario) for name in names]

    def one(numbered: tuple[int, tuple[str, Scenario]]) -> tuple[Verdict, int]:
        number, (name, scenario) = numbered
        times = 0
        while True:
            times += 1
            verdict = play(address, folder / f"play-{number}-{times}", f"p{number}-{times}.", scenario, name)
            if not name or _seen(verdict) or times == PLAYS_MAX:
                return verdict, times

    bad = 0
    with ThreadPoolExecutor(at_once) as pool:
        for (name, scenario), (verdict, times) in zip(plays, pool.map(one, enumerate(plays)), strict=True):
            place = f"{scenario.event} {scenario.arm}".strip()
            if name:
                seen, again = _seen(verdict), f" (at play {times})" if times > 1 else ""
                print(f"{'caught' if seen else 'MISSED'}  {DEFECTS[name].text} [{place}]{again}: {seen}", flush=True)
                bad += not seen
            else:
                print(f"{'exact ' if verdict.is_exact else 'WRONG '}  no defect [{place}]", flush=True)
                bad += not verdict.is_exact
                if not verdict.is_exact:
                    print(verdict)
    print(f"{len(names)} defects, {len(scenarios)} scenarios, {bad} not as they must be")
    return 1 if bad else 0


def _seen(verdict: Verdict) -> str:
    """Return what shows a defect; nothing where what was to happen did not, or only rest was not found."""
    counts = {} if "no crash" in verdict.counts else verdict.counts
    return ", ".join(f"{kind} {number}" for kind, number in counts.items() if kind != "no rest")


if __name__ == "__main__":
    sys.exit(main())
