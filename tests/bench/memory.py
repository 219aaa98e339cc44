"""What the monitor remembers: bytes for each position and each movement, as the allocator of Python counts them."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from streams.monitor import Monitor
from streams.record import Record

POSITIONS = 10_000
MOVEMENTS_EACH = 2
QUICK_POSITIONS = 1_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def main(*, quick: bool) -> int:
    """Print the figures and return 0."""
    positions = QUICK_POSITIONS if quick else POSITIONS
    per_position, per_movement, per_report = measure(positions)
    print(f"Memory, {positions:,} positions at as many places, {MOVEMENTS_EACH} movements each")
    print(f"  {per_position:,.0f} bytes for a position with its place, opening and the identity of its event")
    print(f"  {per_movement:,.0f} bytes for a movement with its effect and the identity of its event")
    print(f"  {per_report:,.0f} bytes for a further report of a position")
    return 0


def measure(positions: int) -> tuple[float, float, float]:
    """Return the bytes for each position, each movement and each further report."""
    monitor = Monitor()
    _feed(monitor, [_record("reference", 0, kind="asset", asset="USD", decimals=2, dust="0.01")])
    tracemalloc.start()
    try:
        sizes = [_size()]
        rounds = [_reports(positions, 0), _movements(positions), _reports(positions, 2)]
        for records in rounds:
            _feed(monitor, records)
            sizes.append(_size())
    finally:
        tracemalloc.stop()
    opened, moved, reported = (after - before for before, after in pairwise(sizes))
    return opened / positions, moved / (positions * MOVEMENTS_EACH), reported / positions


def _size() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _feed(monitor: Monitor, records: Iterator[Record] | list[Record]) -> None:
    for record in records:
        outputs = monitor.step(record)
        # That the source of the balances falls silent is true of this world, and all that is to be said of it.
        odd = [output for output in outputs if getattr(output.value, "type", "") != "source_silent"]
        assert not odd, f"a quiet world says nothing: {odd[0]}"


def _record(topic: str, second: int, **content: Any) -> Record:
    at = (START + timedelta(seconds=second)).isoformat()
    name = f"{topic}-{second}"
    common = {"schema_version": 1, "event_id": name, "source": "bank:one", "event_time": at, "observed_at": at}
    return Record(topic, msgspec.json.encode({**common, **content}))


def _reports(positions: int, turn: int) -> Iterator[Record]:
    """Yield a report of every place; `turn` says after how many movements of each."""
    start = turn * positions * 10
    for number in range(positions):
        as_of = (START + timedelta(seconds=start + number)).isoformat()
        total = f"{1000 + number + turn * MOVED}.00"
        yield _record(
            "balances", start + number, snapshot_id=f"s-{start + number}", location=f"bank:account-{number}",
            as_of=as_of, complete=True, holding_kind="actual", rows=[{"asset": "USD", "total": total}],
        )  # fmt: skip


MOVED = 7


def _movements(positions: int) -> Iterator[Record]:
    for turn in range(MOVEMENTS_EACH):
        for number in range(positions):
            second = (1 + turn) * positions * 2 + number
            yield _record(
                "transfers", second, transfer_id=f"t-{second}", op_type="deposit", status="completed",
                asset="USD", amount=f"{MOVED}.00", **{"from": {"location": "external"}},
                to={"location": f"bank:account-{number}"},
            )  # fmt: skip
