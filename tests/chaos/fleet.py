"""The workers of a run, as processes: started again when they end, armed with crash points, killed, stopped, frozen.

Each end of a worker is noted with its cause; one that nobody brought about, and what it said, is a finding.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from streams.engine.crashpoints import VARIABLE
from streams.engine.settings import EngineSettings

LOOK_SECONDS = 0.05
STOP_SECONDS = 60.0
STACKS_SECONDS = 1.0
ENGINE = ("-m", "streams.engine.worker")


@dataclass
class Worker:
    """One place in the fleet and the process that fills it now."""

    number: int
    process: subprocess.Popen[bytes]
    said: Path
    armed: str = ""
    began: float = field(default_factory=time.monotonic)
    is_wanted: bool = True  # to be started again when it ends
    is_killed: bool = False

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self) -> str:
        """Return the last line that it wrote to standard error."""
        return last_line(self.said)


def last_line(said: Path) -> str:
    """Return the last line of a file, "" where there is none."""
    lines = said.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


class Fleet:
    """`count` workers, watched by a thread; `module` is what runs them."""

    def __init__(
        self, settings: EngineSettings, folder: Path, count: int, module: tuple[str, ...] = ENGINE,
        doors: Sequence[str] = (), environment: Mapping[str, str] | None = None, *,
        is_static: bool = False,
    ) -> None:  # fmt: skip
        self._settings, self._folder, self._module = settings, folder, module
        self._doors = doors  # the broker's address for the first worker, the second, and so on in turn
        self._environment = dict(environment or {})
        self._count, self._starts = count, 0
        self.arms: deque[str] = deque()  # for the next that are started
        self.next_environments: dict[int, dict[str, str]] = {}  # of the worker of that number, when it starts next
        self._is_static = is_static  # each place has an instance id of its own: a worker that comes back is known
        self.workers: list[Worker] = []
        self.ends: Counter[str] = Counter()
        self.findings: list[str] = []
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._keep, daemon=True)
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self.add()
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._watch.join()
        for worker in self.workers:
            worker.process.send_signal(signal.SIGCONT)
            worker.process.kill()
            worker.process.wait()

    # ------------------------------------------------------------------------------------------------ coming and going

    def add(self, arm: str = "", *, is_wanted: bool = True) -> Worker:
        """Start one more."""
        with self._lock:
            number = len(self.workers)
            worker = Worker(number, *self._start(number, arm), armed=arm, is_wanted=is_wanted)
            self.workers.append(worker)
            return worker

    def remove(self, worker: Worker, number: signal.Signals) -> None:
        """End one for good."""
        worker.is_wanted = False
        if number == signal.SIGKILL:
            self.kill(worker)
        else:
            self.stop(worker)

    def kill(self, worker: Worker) -> None:
        """End one with SIGKILL."""
        worker.is_killed = True
        worker.process.kill()

    def stop(self, worker: Worker) -> None:
        """End one with SIGTERM and wait until it has; note a code that is not 0."""
        with self._lock:
            process, said = worker.process, worker.said
            worker.is_killed = True
            process.terminate()
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.findings.append(f"a worker did not end within {STOP_SECONDS:g} s of SIGTERM")
            process.kill()
        else:
            # Before its handlers are set, Python itself ends with -15; an armed one may die on its way.
            if code not in (0, -signal.SIGTERM, -signal.SIGKILL):
                self.findings.append(f"ended with {code} after SIGTERM: {last_line(said)}")

    def stop_all(self) -> None:
        """End all at once with SIGTERM, for good."""
        for worker in self.workers:
            worker.is_wanted = False
        threads = [threading.Thread(target=self.stop, args=(worker,)) for worker in self.alive()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def disarm(self) -> None:
        """Start every armed worker again without its crash point."""
        self.arms.clear()
        for worker in self.alive():
            if worker.armed:
                self.kill(worker)

    def stacks(self) -> str:
        """Return what everybody who lives is doing, for who wonders why nothing goes on."""
        for worker in self.alive():
            worker.process.send_signal(signal.SIGUSR1)
        time.sleep(STACKS_SECONDS)
        return "".join(f"\n--- {worker.number}\n{worker.said.read_text('utf-8', 'replace')}" for worker in self.alive())

    def alive(self) -> list[Worker]:
        """Return those that run."""
        with self._lock:
            return [worker for worker in self.workers if worker.is_alive]

    def wanted(self) -> list[Worker]:
        """Return those that are to run."""
        return [worker for worker in self.workers if worker.is_wanted]

    def _start(self, number: int, arm: str) -> tuple[subprocess.Popen[bytes], Path]:
        self._starts += 1
        said = self._folder / f"worker-{self._starts}.log"
        settings = self._settings_of(number).as_environment()
        faults = {"PYTHONFAULTHANDLER": "1"}  # a crash in a library says where it was
        environment = {
            **os.environ,
            **faults,
            **settings,
            **self._environment,
            **self.next_environments.pop(number, {}),
            VARIABLE: arm,
        }
        with said.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *self._module], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        return process, said

    def _settings_of(self, number: int) -> EngineSettings:
        named = {"instance_id": f"worker-{number}"} if self._is_static else {}
        broker = self._doors[number % len(self._doors)] if self._doors else self._settings.broker
        return msgspec.structs.replace(self._settings, broker=broker, **named)

    # -------------------------------------------------------------------------------------------------------- watching

    def _keep(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with self._lock:
                for worker in self.workers:
                    if not worker.is_alive:
                        self._ended(worker)

    def _ended(self, worker: Worker) -> None:
        if worker.armed != "gone":
            self._note(worker)
        if worker.is_wanted:
            arm = self.arms.popleft() if self.arms else ""
            worker.process, worker.said = self._start(worker.number, arm)
            worker.armed, worker.is_killed, worker.began = arm, False, time.monotonic()
        else:
            worker.armed = "gone"

    def _note(self, worker: Worker) -> None:
        code = worker.process.returncode
        if code == -signal.SIGKILL and not worker.is_killed:
            self.ends[f"kill at {worker.armed.partition(':')[0] or 'nobody knows what'}"] += 1
        elif not worker.is_killed:
            self.ends["ended itself"] += 1
            self.findings.append(f"ended itself with {code}: {worker.last_words()}")


def is_stopped(pid: int) -> bool:
    """Say whether a process is frozen."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False
