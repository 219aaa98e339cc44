"""One run: a broker, workers, a feed and a schedule of faults; then rest, an end in good order, and the verdict."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics, end_offsets
from tests.chaos.checker import HEAD, Verdict, check
from tests.chaos.feeder import Feeder
from tests.chaos.fleet import Fleet, Worker
from tests.chaos.schedule import Fault, schedule
from tests.kafka.broker import KafkaBroker

SESSION_SECONDS = 2.0
SECONDS_A_FAULT = 3.5  # the feed is spread over about so much for each
REST_SECONDS = 120.0
NAMED_PATIENCE_SECONDS = 15.0
CHECKPOINT_PATIENCE_SECONDS = 8.0
Say = Callable[[str], object]


@dataclass
class Result:
    """What a run came to."""

    verdict: Verdict
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.verdict.is_exact

    def __str__(self) -> str:
        named = sum(number for kind, number in self.faults.items() if kind.startswith("kill at "))
        kinds = "\n".join(f"  {number:>5}  {kind}" for kind, number in sorted(self.faults.items()))
        found = "\n".join(f"  {number} x {text}" for text, number in Counter(self.findings).items())
        return (
            f"{self.faults.total()} faults in {self.seconds:.0f} s, {named} of them kills at named points\n{kinds}\n"
            + (f"what workers said that nobody had killed:\n{found}\n" if found else "")
            + str(self.verdict)
        )


def chaos_settings(broker: str, prefix: str, **others: object) -> EngineSettings:
    """Return settings under which much happens in little time."""
    given = {
        "broker": broker, "topic_prefix": prefix, "group_id": f"{prefix}driftline", "input_partitions": 2,
        "session_timeout_seconds": SESSION_SECONDS, "checkpoint_seconds": 0.4, "tick_seconds": 0.3,
        "batch_records_max": 500, **others,
    }  # fmt: skip
    return msgspec.convert(given, EngineSettings)


def run(
    broker: KafkaBroker, folder: Path, *, prefix: str, seed: int, faults: int, events: int, workers: int,
    say: Say = lambda _: None, with_broker_faults: bool = True,
) -> Result:  # fmt: skip
    """Run the chaos of a seed and return what it came to."""
    settings = chaos_settings(broker.address, prefix)
    Topics(settings).create()
    began = time.monotonic()
    per_second = events / (SECONDS_A_FAULT * faults + 2)
    with (
        Feeder(settings, seed, events, per_second) as feeder,
        Fleet(settings, folder, workers) as fleet,
        Heads(settings) as heads,
    ):
        nemesis = Nemesis(broker, fleet, heads, say)
        for fault in schedule(seed, faults):
            if with_broker_faults or not fault.kind.startswith("broker"):
                nemesis.do(fault)
        nemesis.end()
        feeder.hurry()
        rest(settings, feeder, fleet, heads)
        fleet.stop_all()
        fed = feeder
    verdict = check(settings)
    if fed.confirmed != fed.sent:
        verdict.wrong("feed", f"{fed.sent:,} sent, {fed.confirmed:,} confirmed: {fed.problems[:1]}")
    return Result(verdict, nemesis.done + fleet.ends, fleet.findings, time.monotonic() - began)


class Nemesis:
    """Brings the faults about."""

    def __init__(self, broker: KafkaBroker, fleet: Fleet, heads: Heads, say: Say = lambda _: None) -> None:
        self._broker, self._fleet, self._heads, self._say = broker, fleet, heads, say
        self.done: Counter[str] = Counter()

    def do(self, fault: Fault) -> None:
        """Bring one fault about; after half of them a checkpoint is let through before the next."""
        self._say(f"{fault.kind} {' '.join(fault.arms)}")
        getattr(self, "_" + fault.kind.replace(" ", "_"))(fault)
        if fault.kind != "named":
            self.done[fault.kind] += 1
        time.sleep(0.2 + fault.pause)
        if fault.pause < 0.5:
            self._wait_for_a_checkpoint()

    def end(self) -> None:
        """Disarm what has not happened."""
        self._fleet.disarm()

    def _wait_for_a_checkpoint(self) -> None:
        before, deadline = self._heads.position(), time.monotonic() + CHECKPOINT_PATIENCE_SECONDS
        while self._heads.position() <= before and time.monotonic() < deadline:
            time.sleep(0.05)

    def _chosen(self, fault: Fault) -> Worker | None:
        alive = self._fleet.alive()
        return alive[int(fault.which * len(alive))] if alive else None

    def _named(self, fault: Fault) -> None:
        """Arm every worker: one after another dies at its point, the other becomes the holder, and dies at its own."""
        self._fleet.arms.extend(fault.arms)
        while self._fleet.arms:
            if self._kill_one(lambda worker: not worker.armed):
                time.sleep(0.3)
            elif not self._wait_for_named(NAMED_PATIENCE_SECONDS):
                self._kill_one(lambda worker: bool(worker.armed))

    def _kill_one(self, holds: Callable[[Worker], bool]) -> bool:
        """Kill the one that has run for longest of those of which `holds` is true."""
        worker = min(filter(holds, self._fleet.alive()), key=lambda one: one.began, default=None)
        if worker is not None:
            self._fleet.kill(worker)
            self.done["kill"] += 1
        return worker is not None

    def _pending(self) -> int:
        return len(self._fleet.arms) + sum(bool(worker.armed) for worker in self._fleet.alive())

    def _wait_for_named(self, seconds: float) -> bool:
        """Say whether a named kill happens within the time."""
        before, deadline = self._pending(), time.monotonic() + seconds
        while self._pending() >= before and time.monotonic() < deadline:
            time.sleep(0.05)
        return self._pending() < before

    def _kill(self, fault: Fault) -> None:
        worker = self._chosen(fault)
        if worker:
            self._fleet.kill(worker)

    def _term(self, fault: Fault) -> None:
        worker = self._chosen(fault)
        if worker:
            self._fleet.stop(worker)

    def _rolling_restart(self, fault: Fault) -> None:
        for worker in self._fleet.alive():
            self._fleet.stop(worker)

    def _zombie(self, fault: Fault) -> None:
        worker = self._chosen(fault)
        if worker:
            worker.process.send_signal(signal.SIGSTOP)
            time.sleep(SESSION_SECONDS + 1 + 2 * fault.length)
            worker.process.send_signal(signal.SIGCONT)

    def _third_worker(self, fault: Fault) -> None:
        guest = self._fleet.add(is_wanted=False)
        time.sleep(2.5 + 2 * fault.length)
        self._fleet.remove(guest, signal.SIGTERM if fault.which < 0.5 else signal.SIGKILL)

    def _storm(self, fault: Fault) -> None:
        for number in range(3):
            guest = self._fleet.add(is_wanted=False)
            time.sleep(2.0 + fault.length)
            self._fleet.remove(guest, signal.SIGKILL if number % 2 else signal.SIGTERM)

    def _broker_kill(self, fault: Fault) -> None:
        self._broker.kill()
        time.sleep(3 * fault.length)
        self._broker.start()

    def _broker_pause(self, fault: Fault) -> None:
        self._broker.pause()
        time.sleep(1 + 5 * fault.length)
        self._broker.resume()


# --------------------------------------------------------------------------------------------------------------- resting


def rest(
    settings: EngineSettings, feeder: Feeder | None, fleet: Fleet, heads: Heads, seconds: float = REST_SECONDS
) -> None:
    """Wait until all that was fed is in the log, and a checkpoint covers the log as it is then."""
    deadline = time.monotonic() + seconds
    while feeder is not None and not feeder.is_done:
        _in_time(deadline, "the feed does not end", fleet)
    admin = AdminClient({"bootstrap.servers": settings.broker, "log_level": 0})
    while not _all_taken_in(settings, admin):
        _in_time(deadline, "not all that was fed is in the log", fleet)
    [end] = end_offsets(admin, [(settings.log_topic, 0)]).values()
    while heads.position() < end:
        _in_time(deadline, f"no checkpoint reaches {end}, the last is of {heads.position()}", fleet)


def _in_time(deadline: float, sentence: str, fleet: Fleet) -> None:
    time.sleep(0.1)
    if time.monotonic() > deadline:
        words = "; ".join(f"{worker.number}: {worker.last_words()}" for worker in fleet.workers)
        raise AssertionError(f"{sentence} ({words}; {fleet.findings[-5:]})")


def _all_taken_in(settings: EngineSettings, admin: AdminClient) -> bool:
    places = [(topic, number) for topic in settings.input_topics for number in range(settings.input_partitions)]
    consumer = Consumer({"bootstrap.servers": settings.broker, "group.id": settings.group_id, "log_level": 0})
    try:
        ends = end_offsets(admin, places)
        committed = consumer.committed([TopicPartition(*place) for place in places], timeout=5)
    except KafkaException:
        return False
    finally:
        consumer.close()
    return all(max(one.offset, 0) >= ends[one.topic, one.partition] for one in committed)


class Heads:
    """Follows the heads of the checkpoints as they are committed."""

    def __init__(self, settings: EngineSettings) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": settings.broker, "group.id": "chaos-heads", "enable.auto.commit": False,
                "auto.offset.reset": "earliest", "isolation.level": "read_committed", "log_level": 0,
                "fetch.wait.max.ms": 50,
            }
        )  # fmt: skip
        self._consumer.assign([TopicPartition(settings.state_topic, 0, 0)])
        self._position = -1
        self.count = 0

    def __enter__(self) -> Heads:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def position(self) -> int:
        """Return the position of the last checkpoint that was committed, -1 where there is none."""
        while messages := self._consumer.consume(5_000, 0.05):
            for message in messages:
                if message.error() is None and message.key() == HEAD:
                    self._position = msgspec.json.decode(message.value() or b"{}")["position"]
                    self.count += 1
        return self._position
