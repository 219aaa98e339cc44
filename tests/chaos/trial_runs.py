"""The trials themselves: each sets workers to work on a feed, does its one thing so many times, and lets it be judged."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from streams.engine.settings import EngineSettings
from streams.monitor import Settings
from tests.chaos.checker import check
from tests.chaos.feeder import Feeder, records
from tests.chaos.firms import firm_rules
from tests.chaos.fleet import Fleet, Worker, is_stopped
from tests.chaos.keys import openings
from tests.chaos.rest import rest
from tests.chaos.run import chaos_settings, monitor_environment
from tests.chaos.spool import Heads
from tests.chaos.topics import create_topics
from tests.chaos.trials import STATIC_SECONDS_MAX, TAKEOVER_SECONDS_MAX, Asked, Measure, Trial
from tests.chaos.worker import FREEZE, MODULE

PATIENCE_SECONDS = 90.0
FREEZE_PATIENCE_SECONDS = 30.0
TRIAL_SECONDS_MAX = 20.0  # so much is the feed made for
PLACES = (
    "transaction.half", "transaction.whole", "checkpoint.captured", "checkpoint.confirmed", "monitor.stepped",
    "monitor.published", "intake.appended", "commit.before", "transaction.committed",
)  # fmt: skip
FENCED = re.compile(r"another worker holds .* now: this one ends$")


@dataclass
class Ground:
    """Workers at work, for the length of a trial."""

    settings: EngineSettings
    fleet: Fleet
    heads: Heads

    def wait_for_checkpoints(self, times: int = 1) -> float:
        """Wait until every shard has so many more, the last of them taken from now on; return how many seconds that took.

        One that was written before, by a worker that has been killed since, may be heard of a moment later.
        """
        began, began_us = time.monotonic(), time.time_ns() // 1_000
        due = [count + times for count in self.heads.counts]
        while any(
            count < wanted or head["written_us"] < began_us
            for count, wanted, head in zip(self.heads.counts, due, self.heads.heads, strict=True)
        ):
            if time.monotonic() - began > PATIENCE_SECONDS:
                words = "; ".join(f"{worker.number}: {worker.last_words()}" for worker in self.fleet.workers)
                raise AssertionError(f"no checkpoints are written: {self.heads.counts} ({words}){self.fleet.stacks()}")
            time.sleep(0.02)
        return time.monotonic() - began


@contextmanager
def _ground(asked: Asked, trial: Trial, *, static: bool = False) -> Iterator[Ground]:
    """Set workers to work on a feed; at the end let all come to rest and be judged."""
    settings = chaos_settings(
        asked.broker.address, asked.prefix, shards=asked.shards, session_timeout_seconds=asked.session_seconds
    )
    deciding = Settings(shards=firm_rules(asked.shards))
    create_topics(settings, compacts_soon=True)
    folder = asked.folder / asked.prefix
    now_us = time.time_ns() // 1_000
    events = int(asked.times * TRIAL_SECONDS_MAX * asked.per_second) + 1_000
    feed = chain(openings(asked.keys, asked.shards, now_us), records(11, events, now_us, asked.shards))
    with (
        Feeder(settings, 11, events, asked.per_second, feed, asked.keys * asked.shards) as feeder,
        Fleet(settings, folder, 0, MODULE, environment=monitor_environment(deciding), is_static=static) as fleet,
        Heads(settings, folder / "state") as heads,
    ):
        for _ in range(asked.workers):
            fleet.add()
        ground = Ground(settings, fleet, heads)
        ground.wait_for_checkpoints()
        _wait_for_keys(ground, asked)
        yield ground
        feeder.enough()
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
    trial.verdict.add(check(settings, deciding, folder / "state"))
    if heads.went_back:
        trial.wrong += [f"stale write: {sentence}" for sentence in heads.went_back]


def _wait_for_keys(ground: Ground, asked: Asked) -> None:
    """Wait until every shard remembers its accounts."""
    deadline = time.monotonic() + 120.0
    while min(ground.heads.positions) < asked.keys:
        assert time.monotonic() < deadline, f"the accounts are not there: {ground.heads.positions}"
        time.sleep(0.1)
    ground.wait_for_checkpoints(2)


# ------------------------------------------------------------------------------------------------------ clean restarts


def restarts(asked: Asked) -> Trial:
    """Restart one worker after another by SIGTERM: no input may be counted twice."""
    trial = Trial()
    ends, returns = Measure("SIGTERM to the end of the worker"), Measure("SIGTERM to checkpoints of every shard")
    with _ground(asked, trial) as ground:
        for number in range(asked.times):
            asked.say(f"restart {number + 1}")
            began = time.monotonic()
            ground.fleet.stop(ground.fleet.workers[number % asked.workers])
            ends.seconds.append(time.monotonic() - began)
            ground.wait_for_checkpoints()
            returns.seconds.append(time.monotonic() - began)
        trial.wrong += ground.fleet.findings
    trial.measures += [ends, returns]
    figures = trial.verdict.figures
    trial.counts["counted more than once or not at all"] = sum(trial.verdict.counts.values())
    trial.counts["taken into the log again"] = figures["repeated"]
    said_again = (figures[f"{topic} repeated"] for topic in ("alerts", "decisions", "quarantine"))
    trial.counts["said again"] = sum(said_again)
    return trial


# ------------------------------------------------------------------------------------------------------------- zombies


def zombies(asked: Asked) -> Trial:
    """Freeze a worker beyond its session, let the others take its shards, and wake it: it may write no state."""
    trial = Trial(counts={"took over": 0, "frozen at a named point": 0, "woke and was shut out": 0})
    taken = Measure("frozen to checkpoints of every shard")
    with _ground(asked, trial) as ground:
        while trial.counts["took over"] < asked.times and len(taken.seconds) < 2 * asked.times:
            number = len(taken.seconds)
            asked.say(f"zombie {number + 1}")
            sleeper = _frozen(ground, number, trial)
            taken.seconds.append(ground.wait_for_checkpoints(2))
            trial.counts["took over"] += taken.seconds[-1] > asked.session_seconds / 2
            sleeper.process.send_signal(signal.SIGCONT)
            ground.wait_for_checkpoints(2)
        unexpected = [finding for finding in ground.fleet.findings if not FENCED.search(finding)]
        trial.counts["woke and was shut out"] = len(ground.fleet.findings) - len(unexpected)
        trial.wrong += unexpected
    if trial.counts["took over"] < asked.times:
        trial.wrong.append("too few of those that were frozen held a shard")
    trial.counts["stale writes"] = len([sentence for sentence in trial.wrong if sentence.startswith("stale")])
    trial.measures.append(taken)
    return trial


def _frozen(ground: Ground, number: int, trial: Trial) -> Worker:
    """Freeze a worker, every second time at a named point, and return it."""
    worker = ground.fleet.workers[number % len(ground.fleet.workers)]
    if number // 2 % 2 == 0:
        place = f"{PLACES[number // 4 % len(PLACES)]}:{2 + number % 3}"
        ground.fleet.next_environments[worker.number] = {FREEZE: place}
        before = worker.process.pid
        ground.fleet.stop(worker)
        deadline = time.monotonic() + FREEZE_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if worker.process.pid != before and is_stopped(worker.process.pid):
                trial.counts["frozen at a named point"] += 1
                return worker
            time.sleep(0.02)
        ground.fleet.kill(worker)  # or it would freeze when nobody expects it
        ground.wait_for_checkpoints()
    worker.process.send_signal(signal.SIGSTOP)
    return worker


# ------------------------------------------------------------------------------------------------------------ failover


def failover(asked: Asked) -> Trial:
    """Kill a worker that is started again at once, with an instance id and without, and time the next checkpoints."""
    trial = Trial()
    for static in (True, False):
        limit = STATIC_SECONDS_MAX if static else asked.session_seconds + TAKEOVER_SECONDS_MAX
        kind = "with an instance id" if static else f"without, session {asked.session_seconds:g} s"
        measure = Measure(f"kill -9 to checkpoints, {kind}", limit=limit)
        with _ground(replace(asked, prefix=f"{asked.prefix}{'s' if static else 'd'}."), trial, static=static) as ground:
            for number in range(asked.times):
                ground.fleet.kill(ground.fleet.workers[number % asked.workers])
                measure.seconds.append(ground.wait_for_checkpoints())
                asked.say(f"failover {number + 1} {kind}: {measure.seconds[-1]:.2f} s")
                ground.wait_for_checkpoints(5)
        trial.measures.append(measure)
    trial.counts["accounts of each shard"] = asked.keys
    return trial


@dataclass(frozen=True)
class Kind:
    """A trial and what it is on, unless told otherwise."""

    run: Callable[[Asked], Trial]
    times: int
    keys: int = 0
    session_seconds: float = 2.0


KINDS = {
    "restarts": Kind(restarts, 100),
    "zombies": Kind(zombies, 50),
    "failover": Kind(failover, 10, 100_000, 6.0),
}
