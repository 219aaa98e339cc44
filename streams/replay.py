"""Replay: the monitor over files, with no broker, on the clock of the events themselves."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, TypeVar

from alerts.records import Alert
from streams.monitor import Monitor, encode
from streams.monitor.report import position_rows
from streams.record import Output

RECORDS_PER_DRAIN = 1000
T_contra = TypeVar("T_contra", contravariant=True)
T = TypeVar("T")


@dataclass
class Tally:
    """What a replay came to: records read, outputs by kind, and alerts by type and by how they stand at the end."""

    records: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    standing: dict[str, Alert] = field(default_factory=dict)

    def take(self, output: Output) -> None:
        if output.topic == "quarantine":
            self.quarantined[output.value.code] += 1
        elif output.topic == "alerts":
            alert = output.value
            self.opened[alert.type] += alert.seq == 0
            self.standing[alert.alert_id] = alert

    def still_open(self) -> list[Alert]:
        return [alert for alert in self.standing.values() if alert.state.value in ("open", "acknowledged")]


class Steps(Protocol[T_contra]):
    """What takes records one by one: a monitor, or the monitors of all shards."""

    def step(self, record: T_contra, /) -> list[Output]: ...
    def forget_changes(self) -> None: ...


def replay(monitor: Steps[T], records: Iterable[T], on_output: Callable[[Output], None]) -> Tally:
    """Feed every record to the monitor and hand on what it says, in order."""
    tally = Tally()
    with _few_collections():
        for record in records:
            tally.records += 1
            if not tally.records % RECORDS_PER_DRAIN:
                monitor.forget_changes()  # nobody checkpoints a replay: what changed need not be remembered
            for output in monitor.step(record):
                tally.take(output)
                on_output(output)
    return tally


@contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage rarely while state grows: it holds no cycles, and each full collection would walk all of it."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def write_positions(monitors: Iterable[Monitor], file: BinaryIO) -> None:
    """Write the last state of every position of all shards, by location and asset, one JSON line each."""
    rows = (row for monitor in monitors for row in position_rows(monitor.state))
    file.writelines(encode(row) + b"\n" for row in sorted(rows, key=lambda row: (row.location, row.asset)))
