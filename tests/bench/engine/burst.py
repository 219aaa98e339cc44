"""A burst on the real worker: a usual rate, minutes of a far higher one, the usual one again until nothing waits.

The world is simulated beforehand, for a moment that is still to come, and a process of its own sends each event when its
time has come: what the monitor hears is of now, as it is on the day. What is lost is counted: each event sent must be in
the log, and each transfer that was asked for, or needs no asking, must be decided on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, KafkaError, TopicPartition

from ledger.policy.rules import REQUESTED_KINDS
from streams.engine.entries import entry_record
from streams.engine.progress import ProgressReader
from streams.engine.settings import EngineSettings
from streams.engine.topics import Topics
from streams.engine.worker import start_worker
from streams.record import OWN_ORIGIN
from streams.simulate import Simulation, WorldConfig
from streams.simulate.rhythm import arrivals
from tests.bench.engine.contest import ROOT
from tests.bench.engine.fill import Filler
from tests.bench.engine.latency import await_worker

PREFIX = "burst-"
DAY_S, SECOND_US = 86_400, 1_000_000
SEED = 23
LAG_GONE_RECORDS = 2_000  # two seconds of the usual rate: what is on its way at any moment
AFTER_SECONDS = 600.0  # so long the lag may take to go
EVENTS_PER_TRANSFER = 6.8  # of such a world, about
TIME_SCALE = 0.02  # a withdrawal that takes an hour takes a minute: what is under way follows the rate
SIMULATED_US = 110  # of an event, on a slow machine
CLIENTS = 100
# So much more than a monitor alone a worker may hold: clients, queues, a checkpoint.
MEMORY_FACTOR, MEMORY_MIB = 1.1, 200.0


class Plan(msgspec.Struct, frozen=True):
    """The rates, in events a second, and how long each lasts, in seconds."""

    usual_rate: int = 1_000
    burst_rate: int = 10_000
    before_seconds: float = 60.0
    burst_seconds: float = 600.0
    after_seconds: float = AFTER_SECONDS

    @property
    def parts(self) -> list[tuple[int, float]]:
        return [
            (self.usual_rate, self.before_seconds),
            (self.burst_rate, self.burst_seconds),
            (self.usual_rate, self.after_seconds),
        ]

    @property
    def events(self) -> int:
        return int(sum(rate * seconds for rate, seconds in self.parts))


class Sent(msgspec.Struct, array_like=True):
    """One event as it is kept for the sender, a line of JSON, with the moment (microseconds since 1970) to send it."""

    at_us: int
    topic: str
    key: str
    value: str


@dataclass
class Seen:
    """What was seen, each half second: the time in seconds since the first event, records waiting, resident MiB."""

    rows: list[tuple[float, int, float]] = field(default_factory=list)
    lag_gone_s: float | None = None  # after the end of the burst
    sent: int = 0
    sent_in_burst: int = 0
    transfers: int = 0
    logged: int = 0
    decided: int = 0
    alone_mib: float = 0.0  # what a monitor alone holds that has the same log behind it

    @property
    def most_mib(self) -> float:
        return max(mib for *_, mib in self.rows)

    @property
    def is_bounded(self) -> bool:
        """Whether the worker never held much more than what is to be remembered, however much waited."""
        return self.most_mib <= MEMORY_FACTOR * self.alone_mib + MEMORY_MIB


def world(plan: Plan, start_us: int) -> Simulation:
    """Return a world as busy as the plan says, from a moment on."""
    begun_s = plan.before_seconds + plan.burst_seconds
    config = WorldConfig(
        seed=SEED, start_us=start_us, duration_s=begun_s + plan.after_seconds, rhythm=0.0, time_scale=TIME_SCALE, clients=CLIENTS,
        transfers_per_day=round(plan.usual_rate * DAY_S / EVENTS_PER_TRANSFER), snapshot_every_s=60.0, heartbeat_every_s=10.0,
    )  # fmt: skip
    simulation = Simulation(config)
    surge = arrivals(
        simulation.desk,
        times=plan.burst_rate / plan.usual_rate - 1,
        until_us=start_us + round(begun_s * SECOND_US),
    )
    simulation.desk.agenda.start(surge, wait_us=round(plan.before_seconds * SECOND_US))
    return simulation


def prepare(plan: Plan, path: Path) -> None:
    """Simulate the events of a plan, which begins when that is done."""
    start_us = time.time_ns() // 1_000 + round(plan.events * SIMULATED_US) + 10 * SECOND_US
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for event in world(plan, start_us).events():
            sent = Sent(event.observed_at_us, event.topic, event.key, encode(event.value).decode())
            file.write(encode(sent) + b"\n")
    assert time.time_ns() // 1_000 < start_us, "the world took longer to simulate than was allowed for"


def measure(broker: str, plan: Plan, folder: Path) -> Seen:
    """Run the plan against a worker of its own."""
    settings = EngineSettings(broker=broker, topic_prefix=PREFIX, group_id=f"{PREFIX}group")
    Topics(settings).create()
    prepare(plan, folder / "events")
    with (folder / "worker.log").open("wb") as log:
        worker = start_worker(settings, stdout=log, stderr=log)
        try:
            await_worker(settings)
            seen = _watch(settings, plan, folder, worker.pid)
            assert worker.poll() is None, (folder / "worker.log").read_text("utf-8")
        finally:
            worker.terminate()
            worker.wait(120)
    _count(settings, folder, seen)
    command = [sys.executable, "-m", "tests.bench.engine.burst_alone", settings.broker, PREFIX]
    seen.alone_mib = float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    Filler(settings).drop(PREFIX)
    return seen


def _watch(settings: EngineSettings, plan: Plan, folder: Path, pid: int) -> Seen:
    """Let the events be sent, and look at the lag and the memory until the lag is gone."""
    command = [sys.executable, "-m", "tests.bench.engine.burst_sender", settings.broker, PREFIX, str(folder)]
    sender = subprocess.Popen([*command, msgspec.json.encode(plan).decode()], cwd=ROOT)
    seen, reader = Seen(), ProgressReader(settings)
    while not (folder / "begun").exists():
        time.sleep(0.1)
    begun_s = time.monotonic()
    burst_ends_s = plan.before_seconds + plan.burst_seconds
    try:
        while (now_s := time.monotonic() - begun_s) < burst_ends_s + plan.after_seconds:
            waiting = _unread(settings) + reader.read().waiting
            seen.rows.append((now_s, waiting, resident_mib(pid)))
            if now_s > burst_ends_s + 1 and waiting <= LAG_GONE_RECORDS:
                seen.lag_gone_s = now_s - burst_ends_s
                break
            time.sleep(0.5)
    finally:
        (folder / "enough").touch()
        sender.wait(60)
        reader.close()
    assert sender.returncode == 0, "the sender failed"
    seen.sent, seen.sent_in_burst = map(int, (folder / "sent").read_text().split())
    _settle(settings)
    return seen


def _unread(settings: EngineSettings) -> int:
    """Return how many records of the inputs intake has not committed."""
    consumer = Consumer({"bootstrap.servers": settings.broker, "group.id": settings.group_id})
    places = consumer.committed([TopicPartition(name, 0) for name in settings.input_topics], timeout=10)
    ends = [consumer.get_watermark_offsets(place, timeout=10)[1] for place in places]
    consumer.close()
    return sum(end - max(place.offset, 0) for end, place in zip(ends, places, strict=True))


def _settle(settings: EngineSettings, seconds: float = 60.0) -> None:
    """Wait until all that was sent is applied, a few ticks excepted."""
    reader, deadline = ProgressReader(settings), time.monotonic() + seconds
    while _unread(settings) or reader.read().waiting > 5:
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    reader.close()


def _count(settings: EngineSettings, folder: Path, seen: Seen) -> None:
    """Count what was sent, what of it is in the log, and which transfers were decided on."""
    transfers: set[str] = set()
    with (folder / "events").open("rb") as file:
        for line in islice(file, seen.sent):
            event = msgspec.json.decode(line, type=Sent)
            if event.topic == "transfers":
                told = msgspec.json.decode(event.value, type=_Told)
                # What is asked for is decided on when it is asked for, and that may be what comes minutes late.
                if told.status == "requested" or told.op_type not in REQUESTED_KINDS:
                    transfers.add(told.transfer_id)
    origins = {origin for origin in _origins(settings) if origin != OWN_ORIGIN}
    decided = {msgspec.json.decode(value, type=_Named).transfer_id for _, value in _all(settings, "decisions")}
    seen.transfers, seen.logged, seen.decided = len(transfers), len(origins), len(decided & transfers)


class _Named(msgspec.Struct):
    transfer_id: str


class _Told(_Named):
    op_type: str
    status: str


def _origins(settings: EngineSettings) -> list[str]:
    return [entry_record(key, value).origin for key, value in _all(settings, "log")]


def _all(settings: EngineSettings, name: str) -> list[tuple[bytes | None, bytes]]:
    """Return key and value of all records of a topic."""
    options = {"bootstrap.servers": settings.broker, "group.id": "count", "enable.partition.eof": True}
    consumer, found = Consumer(options), list[tuple[bytes | None, bytes]]()
    consumer.assign([TopicPartition(settings.topic(name), 0, 0)])
    while True:
        for message in consumer.consume(10_000, 0.2):
            problem = message.error()
            if problem is None:
                found.append((message.key(), message.value() or b""))
            elif problem.code() == KafkaError._PARTITION_EOF:
                consumer.close()
                return found


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def report(plan: Plan, seen: Seen) -> str:
    """Return the figures beside what is asked for."""
    most = max(waiting for _, waiting, _ in seen.rows)
    lost = seen.sent - seen.logged + seen.transfers - seen.decided
    gone = f"gone {seen.lag_gone_s:.0f} s after it" if seen.lag_gone_s is not None else "NOT gone"
    is_met = lost == 0 and seen.lag_gone_s is not None and seen.is_bounded
    steps = [seen.rows[len(seen.rows) * part // 8] for part in range(8)] + [seen.rows[-1]]
    return "\n".join(
        [
            f"Burst of {plan.burst_rate:,} events/s for {plan.burst_seconds:g} s over a usual {plan.usual_rate:,}, whole monitor",
            f"  sent {seen.sent:,}, in the burst {seen.sent_in_burst / plan.burst_seconds:,.0f} a second; in the log {seen.logged:,}; transfers sent {seen.transfers:,}, decided {seen.decided:,}: lost {lost:,}",
            f"  most that waited {most:,}; lag {gone}; at most {seen.most_mib:,.0f} MiB, a monitor alone over the same log {seen.alone_mib:,.0f}",
            f"  target ten minutes, nothing lost and memory bounded: {'met' if is_met else 'NOT met'}",
            "  seconds, waiting, resident MiB: "
            + "; ".join(f"{at_s:.0f} {waiting:,} {mib:.0f}" for at_s, waiting, mib in steps),
        ]
    )


def main(broker: str, plan: Plan) -> str:
    """Return the figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        return report(plan, measure(broker, plan, Path(folder)))
