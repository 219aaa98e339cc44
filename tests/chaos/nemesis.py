"""Brings the faults about: to the workers, to the broker, to what lies between them, and to their clocks."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from streams.engine.settings import EngineSettings
from tests.chaos import wire
from tests.chaos.clock import Clock
from tests.chaos.fleet import Fleet, Worker
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import Fault
from tests.chaos.spool import Heads
from tests.kafka.broker import KafkaBroker

SESSION_SECONDS = 2.0
NAMED_PATIENCE_SECONDS = 15.0
CHECKPOINT_PATIENCE_SECONDS = 8.0
PAUSE_SECONDS = 3.0
ASKED_TIMES, ANSWER_SECONDS = 6, 20.0
REFUSED_BYTES = 1_200  # what the log takes while it refuses
DAY_US = 86_400_000_000
STEPS_US = (-3_600_000_000, -20_000_000, 30_000_000, 7_200_000_000, 3 * DAY_US, -10 * DAY_US, 400_000)
# What the answers say that did their work: (call, code), as a broker does in trouble.
PRODUCE_ERRORS = ((wire.PRODUCE, 20), (wire.PRODUCE, 7), (wire.PRODUCE, 6))
COMMIT_ERRORS = tuple((wire.OFFSET_COMMIT, code) for code in (14, 15, 16, 27, 22, 25))
TRANSACTION_ERRORS = (
    (wire.END_TXN, 51), (wire.ADD_PARTITIONS, 51), (wire.END_TXN, 15), (wire.ADD_PARTITIONS, 16), (wire.END_TXN, 14),
)  # fmt: skip
Say = Callable[[str], object]


def persisted(ask: Callable[[], dict[Any, Future[Any]]]) -> Any:
    """Return the one answer to a question; asked again where the client forgets it, as it does now and then."""
    for _ in range(ASKED_TIMES):
        with suppress(KafkaException, TimeoutError):
            [answer] = ask().values()
            return answer.result(ANSWER_SECONDS)
    raise TimeoutError(f"the broker gave no answer, {ASKED_TIMES} times")


@dataclass(frozen=True)
class Field:
    """What there is to be broken; without a proxy or a clock their faults must not be asked for.

    Without `heads` a while is waited where a checkpoint would be.
    """

    broker: KafkaBroker
    settings: EngineSettings
    fleet: Fleet
    heads: Heads | None = None
    proxy: Proxy | None = None
    clock: Clock | None = None


class Nemesis:
    """Brings the faults about."""

    def __init__(self, field: Field, say: Say = lambda _: None) -> None:
        self._broker, self._fleet, self._heads = field.broker, field.fleet, field.heads
        self._settings, self._proxy, self._clock = field.settings, field.proxy, field.clock
        self._say = say
        self.done: Counter[str] = Counter()

    def do(self, fault: Fault) -> None:
        """Bring one fault about; after half of them a checkpoint of each shard is let through before the next."""
        self._say(f"{fault.kind} {' '.join(fault.arms)}")
        getattr(self, "_" + fault.kind.replace(" ", "_"))(fault)
        if fault.kind != "named":
            self.done[fault.kind] += 1
        time.sleep(0.2 + fault.pause)
        if fault.pause < 0.5:
            self._wait_for_checkpoints()

    def end(self) -> None:
        """Disarm what has not happened."""
        self._fleet.disarm()

    def _wait_for_checkpoints(self) -> None:
        heads = self._heads
        if heads is None:
            time.sleep(PAUSE_SECONDS)
            return
        before, deadline = list(heads.counts), time.monotonic() + CHECKPOINT_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if all(now > then for now, then in zip(heads.counts, before, strict=True)):
                return
            time.sleep(0.05)

    def _chosen(self, fault: Fault) -> Worker | None:
        alive = self._fleet.alive()
        return alive[int(fault.which * len(alive))] if alive else None

    # ------------------------------------------------------------------------------------------------- the workers

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

    # -------------------------------------------------------------------------------------------------- the broker

    def _broker_kill(self, fault: Fault) -> None:
        self._broker.kill()
        time.sleep(3 * fault.length)
        self._broker.start()

    def _broker_pause(self, fault: Fault) -> None:
        self._broker.pause()
        time.sleep(1 + 5 * fault.length)
        self._broker.resume()

    def _refused_records(self, fault: Fault) -> None:
        """Let the log take small records only, so that the broker itself refuses others for good."""
        admin = AdminClient({"bootstrap.servers": self._settings.broker, "log_level": 0})
        usual = persisted(lambda: admin.describe_configs([self._log()]))["max.message.bytes"].value
        self._set(admin, str(REFUSED_BYTES))
        time.sleep(0.5 + 2 * fault.length)
        self._set(admin, str(usual))

    def _log(self, *entries: ConfigEntry) -> ConfigResource:
        kind = ConfigResource.Type.TOPIC
        return ConfigResource(kind, self._settings.log_topic, incremental_configs=list(entries) or None)

    def _set(self, admin: AdminClient, value: str) -> None:
        entry = ConfigEntry("max.message.bytes", value, incremental_operation=AlterConfigOpType.SET)
        persisted(lambda: admin.incremental_alter_configs([self._log(entry)]))

    # ------------------------------------------------------------------------------------------ what lies between

    def _through(self) -> Proxy:
        assert self._proxy is not None, "there is no proxy"
        return self._proxy

    def _slow(self, fault: Fault) -> None:
        self._through().delay(0.02 + 0.3 * fault.which)
        time.sleep(2 + 3 * fault.length)
        self._through().heal()

    def _cut(self, fault: Fault) -> None:
        self._through().cut()

    def _cut_off(self, fault: Fault) -> None:
        """Hold up one worker for longer than its session; what it sent meanwhile arrives late."""
        worker = self._chosen(fault)
        if worker:
            door = worker.number % len(self._through().addresses)
            self._through().hold(door)
            time.sleep(SESSION_SECONDS + 1 + 3 * fault.length)
            self._through().heal(door)

    def _lost_answers(self, fault: Fault) -> None:
        """Let the broker do what it is asked and nobody hear of it."""
        self._through().mute()
        time.sleep(0.2 + 1.5 * fault.length)
        self._through().cut()
        self._through().heal()

    def _produce_errors(self, fault: Fault) -> None:
        self._spoil(PRODUCE_ERRORS, fault)

    def _commit_errors(self, fault: Fault) -> None:
        self._spoil(COMMIT_ERRORS, fault)

    def _transaction_errors(self, fault: Fault) -> None:
        self._spoil(TRANSACTION_ERRORS, fault)

    def _spoil(self, errors: tuple[tuple[int, int], ...], fault: Fault) -> None:
        call, code = errors[int(fault.which * len(errors))]
        self._through().spoil(call, code, 0.3 + 0.6 * fault.length)
        time.sleep(1 + 2 * fault.length)
        self._through().heal()

    # -------------------------------------------------------------------------------------------------- the clocks

    def _clock_step(self, fault: Fault) -> None:
        """Put the workers' wall clock somewhere else; half of the time it comes back."""
        assert self._clock is not None, "there is no clock"
        self._clock.step_to(STEPS_US[int(fault.which * len(STEPS_US))])
        time.sleep(1 + 2 * fault.length)
        if fault.pause < 0.5:
            self._clock.step_to(0)
