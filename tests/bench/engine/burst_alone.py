"""What a monitor alone remembers of a log: no worker around it, nothing that waits. Prints its resident memory in MiB."""

from __future__ import annotations

import os
import sys

from streams.engine.logfile import read_records
from streams.engine.memory import seldom_collected
from streams.engine.settings import EngineSettings
from streams.monitor import Monitor, Settings
from tests.bench.engine.burst import resident_mib

FORGET_RECORDS = 10_000  # as often as a worker at work writes a checkpoint, about


def main(broker: str, prefix: str) -> float:
    """Apply the log from its beginning and return the memory in the end."""
    settings = EngineSettings(broker=broker, topic_prefix=prefix)
    with seldom_collected():
        monitor = Monitor(Settings())
        for offset, record in read_records(settings.broker, settings.log_topic, shard=0, start=0):
            monitor.step(record)
            if offset % FORGET_RECORDS == 0:
                monitor.forget_changes()
        return resident_mib(os.getpid())


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
