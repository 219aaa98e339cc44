"""A real Kafka broker as a process of its own: one KRaft node on free ports, which tests may kill, pause and start again.

Its files lie in the folder that it is given; `log_file` is what it has said over all its starts.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.jars import kafka_jars

START_SECONDS = 90.0  # five or six on an idle machine
STOP_SECONDS = 30.0
CLUSTER_ID = "ZHJpZnRsaW5lLXRlc3RzIQ"  # any 16 bytes
JAVA_OPTIONS = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.showDateTime=true")

# One node that is its own controller, keeps one copy of everything, and gives a group its partitions at once. A killed
# one is let in again when its session is over, hence the short one.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=16777216
{others}
"""


class KafkaBroker:
    """A broker in `folder`; started at the latest by `with`, and stopped by its end. `address` is its host:port.

    `properties` are further lines of its configuration. It has so many `doors` besides: pairs of ports, of which it
    listens on the second and tells clients the first, for a proxy in between. Raises `NoKafkaError` where this machine
    has no Kafka.
    """

    def __init__(
        self,
        folder: Path,
        properties: tuple[str, ...] = (),
        java_options: tuple[str, ...] = JAVA_OPTIONS,
        doors: int = 0,
    ):
        self.folder = folder
        self.log_file = folder / "broker.log"
        self._data = folder / "data"
        self._configuration = folder / "broker.properties"
        self._java = ["java", *java_options, "-cp", f"{kafka_jars()}/*"]
        port, controller_port, *others = _free_ports(2 + 2 * doors)
        self.doors = list(zip(others[:doors], others[doors:], strict=True))
        self.address = f"127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        lines = (*(_listeners(port, controller_port, self.doors) if doors else ()), *properties)
        values = {"port": port, "controller_port": controller_port, "data": self._data, "others": "\n".join(lines)}
        self._configuration.write_text(PROPERTIES.format_map(values), "utf-8")

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._data, ignore_errors=True)

    @property
    def pid(self) -> int:
        return self._running().pid

    # ------------------------------------------------------------------------------------------------ up and down

    def start(self, *, wait: bool = True) -> None:
        """Start it, on the same ports and data as before; with `wait`, return when it answers."""
        assert self._process is None, "the broker runs already"
        if not self._data.exists():
            self._format()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self._configuration)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._guard = _guard_of(self._process.pid)
        if wait:
            self.wait_until_it_answers()

    def wait_until_it_answers(self, seconds: float = START_SECONDS) -> None:
        """Return when a client hears from it; fail, naming its log, where it ends first or the time is over."""
        process, deadline = self._running(), time.monotonic() + seconds
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        while not _answers(admin):
            if process.poll() is not None:
                pytest.fail(f"the broker ended with {process.returncode}: {self.log_file}")
            if time.monotonic() > deadline:
                pytest.fail(f"the broker does not answer after {seconds:g} s: {self.log_file}")

    def stop(self) -> None:
        """End it with SIGTERM, or after half a minute with SIGKILL; what it holds stays."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._gone()

    def kill(self) -> None:
        """End it with SIGKILL, as a power cut for one process; what it holds stays."""
        self._running().kill()
        self._gone()

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it with SIGSTOP: connections stay open and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._running().send_signal(signal.SIGCONT)

    # ----------------------------------------------------------------------------------------------------- inside

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the broker does not run"
        return self._process

    def _gone(self) -> None:
        self._running().wait(STOP_SECONDS)
        self._process = None
        if self._guard is not None:
            self._guard.communicate(b"over\n", timeout=STOP_SECONDS)
        self._guard = None

    def _format(self) -> None:
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._configuration)]
        with self.log_file.open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, check=False)
        if done.returncode:
            pytest.fail(f"the broker's folder cannot be formatted: {self.log_file}")


def _listeners(port: int, controller_port: int, doors: list[tuple[int, int]]) -> tuple[str, ...]:
    """Return the lines that say where it listens, which take the place of those above."""
    inside = [("PLAINTEXT", port, port), *((f"DOOR{n}", *pair) for n, pair in enumerate(doors))]
    listeners = ",".join(f"{name}://127.0.0.1:{own}" for name, _, own in inside)
    told = ",".join(f"{name}://127.0.0.1:{outside}" for name, outside, _ in inside)
    protocols = ",".join(f"{name}:PLAINTEXT" for name, _, _ in inside)
    return (
        f"listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}",
        f"advertised.listeners={told}",
        f"listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT",
    )


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return False


def _guard_of(pid: int) -> subprocess.Popen[bytes]:
    """Return a process that kills `pid` when this one goes without a word, so that no broker is left behind."""
    return subprocess.Popen(
        ["/bin/sh", "-c", f"read word || kill -9 {pid}"], stdin=subprocess.PIPE, start_new_session=True
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
