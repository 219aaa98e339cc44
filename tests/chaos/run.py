"""One run: a broker, workers, a feed and a schedule of faults; then rest, an end in good order, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from streams.engine.settings import EngineSettings
from streams.monitor import Settings
from streams.monitor.settings import plain
from tests.chaos import clock
from tests.chaos.checker import check
from tests.chaos.feeder import Feeder
from tests.chaos.firms import firm_rules
from tests.chaos.fleet import Fleet
from tests.chaos.nemesis import SESSION_SECONDS, Field, Nemesis, Say
from tests.chaos.proxy import Proxy
from tests.chaos.rest import rest
from tests.chaos.schedule import BY_PROXY, NAMED_SHARE, OTHERS, schedule
from tests.chaos.spool import Heads
from tests.chaos.topics import create_topics
from tests.chaos.verdict import Verdict
from tests.chaos.worker import MODULE, MONITOR
from tests.kafka.broker import KafkaBroker

SECONDS_A_FAULT = 3.5  # the feed is spread over about so much for each
AHEAD_FAULTS = 3  # and is never further ahead of the faults than so many
BROKER_PROPERTIES = ("log.cleaner.backoff.ms=3000",)


@dataclass
class Result:
    """What a run came to."""

    verdict: Verdict
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    check_seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.verdict.is_exact

    def __str__(self) -> str:
        named = sum(number for kind, number in self.faults.items() if kind.startswith("kill at "))
        kinds = "\n".join(f"  {number:>5}  {kind}" for kind, number in sorted(self.faults.items()))
        found = "\n".join(f"  {number} x {text}" for text, number in Counter(self.findings).items())
        return (
            f"{self.faults.total()} faults in {self.seconds:.0f} s, {named} of them kills at named points; "
            f"checked in {self.check_seconds:.0f} s\n{kinds}\n"
            + (f"what workers said that nobody had killed:\n{found}\n" if found else "")
            + str(self.verdict)
        )


@dataclass(frozen=True)
class Plan:
    """What a run is to be. Of several `shards` each is a firm of its own."""

    seed: int
    faults: int
    events: int
    workers: int = 2
    shards: int = 1
    clock: str = "ticks"
    kinds: frozenset[str] = frozenset(OTHERS)
    named_share: float = NAMED_SHARE

    @property
    def prefix(self) -> str:
        return f"chaos-{self.seed}-{self.shards}."

    @property
    def monitor_settings(self) -> Settings:
        return Settings(shards=firm_rules(self.shards))

    def per_second(self) -> float:
        return self.events / (SECONDS_A_FAULT * self.faults + 2)


def chaos_settings(broker: str, prefix: str, **others: object) -> EngineSettings:
    """Return settings under which much happens in little time."""
    given = {
        "broker": broker, "topic_prefix": prefix, "group_id": f"{prefix}driftline", "input_partitions": 2,
        "session_timeout_seconds": SESSION_SECONDS, "checkpoint_seconds": 0.4, "tick_seconds": 0.3,
        "batch_records_max": 500, **others,
    }  # fmt: skip
    return msgspec.convert(given, EngineSettings)


def monitor_environment(settings: Settings) -> dict[str, str]:
    """Return what tells a worker of `tests.chaos.worker` the monitor's settings."""
    return {MONITOR: msgspec.json.encode(plain(settings)).decode()}


def run(broker: KafkaBroker, folder: Path, plan: Plan, say: Say = lambda _: None) -> Result:
    """Run the chaos of a plan and return what it came to."""
    settings = chaos_settings(broker.address, plan.prefix, shards=plan.shards, clock=plan.clock)
    create_topics(settings, compacts_soon=True)
    began = time.monotonic()
    steps, spool = clock.Clock(folder / "clock"), folder / "state"
    environment = {clock.VARIABLE: str(steps.path), **monitor_environment(plan.monitor_settings)}
    with (
        _proxy(broker) as proxy,
        Feeder(settings, plan.seed, plan.events, 1.2 * plan.per_second()) as feeder,
        Fleet(settings, folder, plan.workers, MODULE, proxy.addresses if proxy else (), environment) as fleet,
        Heads(settings, spool) as heads,
    ):
        nemesis = Nemesis(Field(broker, settings, fleet, heads, proxy, steps), say)
        _play(plan, nemesis, feeder, fleet, has_proxy=proxy is not None)
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
        fed = feeder
    seconds = time.monotonic() - began
    verdict = check(settings, plan.monitor_settings, spool, steps.first_us)
    if fed.confirmed != fed.sent:
        verdict.wrong("feed", f"{fed.sent:,} sent, {fed.confirmed:,} confirmed: {fed.problems[:1]}")
    check_seconds = time.monotonic() - began - seconds
    return Result(verdict, nemesis.done + fleet.ends, fleet.findings, seconds, check_seconds)


def _play(plan: Plan, nemesis: Nemesis, feeder: Feeder, fleet: Fleet, *, has_proxy: bool) -> None:
    """Bring all faults about while the feed goes on; where a fault takes longer the feed waits for it."""
    kinds = plan.kinds if has_proxy else plan.kinds - BY_PROXY
    faults = schedule(plan.seed, plan.faults, kinds, plan.named_share)
    done = 0
    for fault in faults:
        feeder.allowed = plan.events * (done + fault.weight + AHEAD_FAULTS) / plan.faults
        nemesis.do(fault)
        done += fault.weight
    nemesis.end()
    feeder.hurry()


@contextmanager
def _proxy(broker: KafkaBroker) -> Iterator[Proxy | None]:
    if not broker.doors:
        yield None
        return
    with Proxy(broker.doors) as proxy:
        yield proxy
